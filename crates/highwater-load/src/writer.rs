//! Writing Parquet: the properties of every object, and an object written as a whole.

use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use highwater_core::{Error, ErrorKind, Result, Table};
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::chunk_pages::compression;
use crate::object_record::ObjectRecord;
use crate::object_writer::ObjectWriter;

/// Rows of one row group: small enough that one resource's rows are read without the rest of a large day.
pub(crate) const ROW_GROUP_ROWS: usize = 32_768;

/// Where the first row group of a fresh object begins: after the magic number.
pub(crate) const FIRST_OFFSET: u64 = 4;

/// The positions in `schema` of the columns that rows of `table` are sorted by.
pub(crate) fn sorting_positions(table: Table, schema: &Schema) -> Vec<usize> {
    table.def().key.iter().filter_map(|column| schema.index_of(column.name()).ok()).collect()
}

/// The properties of every object: delta for times and counts, dictionaries for text, statistics for each page.
pub(crate) fn properties(table: Table, schema: &Schema) -> WriterProperties {
    builder(table, schema).build()
}

/// The same, without dictionaries for text.
pub(crate) fn plain_properties(table: Table, schema: &Schema) -> WriterProperties {
    builder(table, schema).set_dictionary_enabled(false).build()
}

fn builder(table: Table, schema: &Schema) -> WriterPropertiesBuilder {
    let sorting = sorting_positions(table, schema).into_iter().map(|position| SortingColumn {
        column_idx: i32::try_from(position).expect("a table has few columns"),
        descending: false,
        nulls_first: true,
    });
    let mut properties = WriterProperties::builder()
        .set_compression(compression())
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_sorting_columns(Some(sorting.collect()));
    for field in schema.fields().iter().filter(|field| counts_or_measures_time(field.data_type())) {
        let column = ColumnPath::from(field.name().as_str());
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    properties
}

/// Whether values are kept as 64-bit integers.
fn counts_or_measures_time(kind: &DataType) -> bool {
    match kind {
        DataType::Int64 | DataType::Timestamp(..) => true,
        DataType::Decimal128(precision, _) => (10..=18).contains(precision),
        _ => false,
    }
}

/// An object of `batches`, which are sorted, beginning at the record's first offset. A column whose rows all hold the same
/// may come as a run.
pub(crate) fn write_whole(
    schema: &SchemaRef,
    batches: impl IntoIterator<Item = Result<RecordBatch>>,
    record: &ObjectRecord,
) -> Result<Vec<u8>> {
    let mut writer = ObjectWriter::new(record.table, schema, None)?;
    writer.begin_at(record.first_offset)?;
    batches.into_iter().try_for_each(|batch| writer.write(&batch?))?;
    writer.finish(record).map(|(_, bytes)| bytes)
}

pub(crate) fn encoding(error: ParquetError) -> Error {
    Error::new(ErrorKind::Internal, "cannot encode an object").with_source(error)
}
