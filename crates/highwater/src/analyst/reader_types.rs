//! The types of the columns, as Parquet keeps them and as each reader calls them.

use highwater_core::ColumnType;

/// How Parquet keeps it: physical and logical type.
pub(super) const fn parquet(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Text => "BYTE_ARRAY, STRING",
        ColumnType::Int => "INT64",
        ColumnType::Seconds => "INT64, DECIMAL(18,6)",
        ColumnType::Value => "FIXED_LEN_BYTE_ARRAY, DECIMAL(38,6)",
        ColumnType::Instant => "INT64, TIMESTAMP(MILLIS), not adjusted to UTC",
        ColumnType::Flag => "BOOLEAN",
    }
}

/// What DuckDB calls it.
pub(super) const fn duckdb(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Text => "VARCHAR",
        ColumnType::Int => "BIGINT",
        ColumnType::Seconds => "DECIMAL(18,6)",
        ColumnType::Value => "DECIMAL(38,6)",
        ColumnType::Instant => "TIMESTAMP",
        ColumnType::Flag => "BOOLEAN",
    }
}

/// What Athena calls it where tables are made.
pub(super) const fn athena(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Text => "string",
        ColumnType::Int => "bigint",
        ColumnType::Seconds => "decimal(18,6)",
        ColumnType::Value => "decimal(38,6)",
        ColumnType::Instant => "timestamp",
        ColumnType::Flag => "boolean",
    }
}
