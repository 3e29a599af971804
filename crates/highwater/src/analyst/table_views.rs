//! The view of each table: facts with their datasets folded, one row a resource, records as they are.

use std::collections::BTreeMap;

use highwater_core::{Additivity, Column, ColumnType, Registry, Table, TableKind};

use super::specs;
use super::sql::{Dialect, list, literal, name};
use super::views::View;

/// The view named like `table`, over `<table>_reported`.
pub(super) fn of_table(table: Table, dialect: Dialect, registry: &Registry) -> View {
    let def = table.def();
    let query = match def.kind {
        TableKind::Fact => folded(table, dialect, registry),
        TableKind::Description => latest_words(table),
        TableKind::Record => {
            format!("SELECT\n{}\nFROM {table}_reported", list(columns_with_partition(table), 2))
        }
    };
    let about = match def.kind {
        TableKind::Fact => format!("{} Datasets are folded into one row.", def.description),
        TableKind::Description => {
            "One resource: its words as of the latest bucket that mentions it, and when it was first and last \
             seen.".to_owned()
        }
        TableKind::Record => def.description.to_owned(),
    };
    View { name: table.to_string(), about, query }
}

fn columns_with_partition(table: Table) -> impl Iterator<Item = String> {
    let own = table.def().columns.iter().copied().map(name);
    own.chain(["provider".to_owned(), "usage_date".to_owned()])
}

/// One row a key and bucket: of the datasets of a source, one at most reports each measure. What comes from a provider
/// with one dataset for the table is folded already, and is spared the grouping.
fn folded(table: Table, dialect: Dialect, registry: &Registry) -> String {
    let grouped = format!(
        "SELECT\n{}\nFROM {table}_reported",
        list(folded_columns(table, |column| folded_value(column, dialect)), 2)
    );
    let group = group(table).join(", ");
    let single: Vec<String> = single_providers(table, registry).into_iter().map(literal).collect();
    if single.is_empty() {
        return format!("{grouped}\nGROUP BY {group}");
    }
    let single = single.join(", ");
    format!(
        "SELECT\n{}\nFROM {table}_reported\nWHERE provider IN ({single})\nUNION ALL\n{grouped}\n\
         WHERE provider NOT IN ({single})\nGROUP BY {group}",
        list(folded_columns(table, name), 2)
    )
}

/// The columns that are left once datasets are folded.
fn folded_columns(table: Table, value: impl Fn(Column) -> String) -> impl Iterator<Item = String> {
    let gone = [Column::Dataset, Column::RunIdColumn];
    let columns = table.def().columns.iter().copied().filter(move |column| !gone.contains(column));
    columns.map(value).chain(["provider".to_owned(), "usage_date".to_owned()])
}

fn folded_value(column: Column, dialect: Dialect) -> String {
    match column.def().additivity {
        Additivity::Sum if column.kind() == ColumnType::Seconds => {
            format!("CAST(sum({column}) AS DECIMAL(18,6)) AS {column}")
        }
        Additivity::Sum => format!("{} AS {column}", dialect.sum(column.name(), column.kind())),
        Additivity::Distinct => format!("max({column}) AS {column}"),
        Additivity::None if column == Column::ExtractedAt => format!("max({column}) AS {column}"),
        Additivity::None => name(column),
    }
}

fn group(table: Table) -> Vec<String> {
    let mut group = vec!["source".to_owned()];
    group.extend(table.def().key.iter().copied().map(name));
    group.extend(["bucket_end", "provider", "usage_date"].map(str::to_owned));
    group
}

/// The providers that feed `table` with one dataset.
fn single_providers(table: Table, registry: &Registry) -> Vec<&str> {
    let mut datasets_by_provider: BTreeMap<&str, u32> = BTreeMap::new();
    for (provider, spec) in specs::datasets(registry) {
        if spec.tables().any(|fed| fed == table) {
            *datasets_by_provider.entry(provider.name()).or_default() += 1;
        }
    }
    datasets_by_provider.into_iter().filter(|(_, count)| *count == 1).map(|(provider, _)| provider).collect()
}

/// One row a resource.
fn latest_words(table: Table) -> String {
    let identity = ["provider", "source", "resource_type", "resource_id"];
    let qualified = |of: &str| identity.map(|column| format!("{of}.{column}"));
    let words = table.def().columns.iter().copied().filter(|column| {
        let of_the_row =
            [Column::Source, Column::Dataset, Column::BucketEnd, Column::ExtractedAt, Column::RunIdColumn];
        !of_the_row.contains(column) && !table.def().key.contains(column)
    });
    let mut selected: Vec<String> = qualified("seen").into();
    selected.extend(words.map(|column| format!("max(said.{0}) AS {0}", name(column))));
    selected.extend(["seen.first_seen".to_owned(), "seen.last_seen".to_owned()]);
    let same = identity.map(|column| format!("said.{column} = seen.{column}"));
    format!(
        "SELECT\n{selected}\nFROM (\n  SELECT {identity},\n    min(bucket_start) AS first_seen, max(bucket_start) \
         AS last_seen\n  \
         FROM {table}_reported\n  GROUP BY {identity}\n) AS seen\nJOIN {table}_reported AS said\n  \
         ON {same}\n  AND said.bucket_start = seen.last_seen\nGROUP BY {group}, seen.first_seen, seen.last_seen",
        selected = list(selected, 2),
        identity = identity.join(", "),
        same = same.join(" AND "),
        group = qualified("seen").join(", "),
    )
}
