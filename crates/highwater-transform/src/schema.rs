//! Arrow schemas, made from the table definitions in core and nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use highwater_core::{Column, ColumnType, DatasetSpec, Table, TableDef, TableFeed};

/// The Arrow type of a column type. Decimals are `(18, 6)` for seconds and `(38, 6)` for values; instants are
/// milliseconds without a zone.
#[must_use]
pub const fn data_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Int => DataType::Int64,
        ColumnType::Seconds => DataType::Decimal128(18, 6),
        ColumnType::Value => DataType::Decimal128(38, 6),
        ColumnType::Instant => DataType::Timestamp(TimeUnit::Millisecond, None),
        ColumnType::Flag => DataType::Boolean,
    }
}

/// The schema of `table`. Field metadata holds `description`, `unit`, `additivity` and, where `spec` feeds the column
/// from fields of its provider, `provider_fields`, joined by a comma and a space; what does not apply is absent.
#[must_use]
pub fn schema(table: Table, spec: Option<&DatasetSpec>) -> SchemaRef {
    let def = table.def();
    let feed = spec.and_then(|spec| spec.feeds.iter().find(|feed| feed.table == table));
    let fields: Vec<Field> = def.columns.iter().map(|column| field(def, *column, feed)).collect();
    Arc::new(Schema::new(fields))
}

fn field(def: &TableDef, column: Column, feed: Option<&TableFeed>) -> Field {
    let definition = column.def();
    let mut metadata = HashMap::from([("description".to_owned(), definition.description.to_owned())]);
    let mut note = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            metadata.insert(key.to_owned(), value.to_owned());
        }
    };
    note("unit", definition.unit);
    note("additivity", definition.additivity.as_str());
    let sources: Vec<&str> = feed
        .into_iter()
        .flat_map(|feed| feed.provider_fields)
        .filter_map(|(fed, name)| (*fed == column).then_some(*name))
        .collect();
    let sources = sources.join(", ");
    note("provider_fields", (!sources.is_empty()).then_some(sources.as_str()));
    Field::new(definition.name, data_type(definition.kind), def.is_nullable(column)).with_metadata(metadata)
}

/// Whether both schemas have the same columns: names, types, nullability and order. Metadata is not compared.
#[must_use]
pub fn same_columns(left: &Schema, right: &Schema) -> bool {
    let columns = |schema: &Schema| -> Vec<(String, DataType, bool)> {
        let fields = schema.fields().iter();
        fields.map(|field| (field.name().clone(), field.data_type().clone(), field.is_nullable())).collect()
    };
    columns(left) == columns(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn every_table_has_its_columns_in_the_order_of_its_definition() {
        for table in Table::ALL {
            let (schema, def) = (schema(*table, None), table.def());
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let expected: Vec<&str> = def.columns.iter().map(|column| column.name()).collect();
            assert_eq!(names, expected);
            for (field, column) in schema.fields().iter().zip(def.columns) {
                assert_eq!(field.is_nullable(), def.is_nullable(*column));
                assert_eq!(field.data_type(), &data_type(column.kind()));
            }
        }
    }

    #[test]
    fn a_field_says_what_it_means_and_where_it_comes_from() {
        let schema = schema(Table::ResourceUsage, Some(&fixture::spec()));
        let metadata = |name: &str| schema.field_with_name(name).unwrap().metadata().clone();
        let seconds = metadata("delivered_seconds");
        assert_eq!(seconds["unit"], "s");
        assert_eq!(seconds["additivity"], "sum");
        assert_eq!(seconds["provider_fields"], "delivered_seconds, delivered_seconds_by_tier");
        assert_eq!(seconds["description"], Column::DeliveredSeconds.def().description);
        let viewers = metadata("unique_viewers");
        assert_eq!(viewers["additivity"], "distinct");
        assert!(!viewers.contains_key("provider_fields"));
        assert_eq!(metadata("source").len(), 1);
    }

    #[test]
    fn metadata_does_not_make_two_schemas_differ_but_order_does() {
        let plain = schema(Table::ResourceUsage, None);
        assert!(same_columns(&plain, &schema(Table::ResourceUsage, Some(&fixture::spec()))));
        let mut turned: Vec<_> = plain.fields().iter().map(Arc::clone).collect();
        turned.swap(0, 1);
        assert!(!same_columns(&plain, &Schema::new(turned)));
        assert!(!same_columns(&plain, &schema(Table::ViewingTrend, None)));
    }
}
