//! What a later pull is said to have changed.

use std::collections::BTreeMap;

use arrow::array::Array;
use arrow::datatypes::Decimal128Type;
use proptest::prelude::*;

use super::*;
use crate::fixture::{Row, at, normalised, usage};
use crate::schema::schema;

fn diff(old: &[Row], new: &[Row]) -> Option<RecordBatch> {
    let revision = Revision {
        source: &SourceName::new("main").unwrap(),
        dataset: &DatasetName::new("delivery_usage").unwrap(),
        cause: "revisit",
        seen_at: at(30),
    };
    let tables = |rows: &[Row]| normalised(rows).unwrap().tables;
    restatements(&tables(old), &tables(new), &revision).unwrap()
}

/// Every value by table, id, rendition, hour and measure, in millionths.
type Values = BTreeMap<(String, String, Option<String>, i64, String), i128>;

fn values(rows: &[Row]) -> Values {
    let mut values = Values::new();
    for row in rows {
        let table =
            if row.rendition.is_some() { Table::ResourceUsageByRendition } else { Table::ResourceUsage };
        let measures = [
            (Column::DeliveredSeconds, row.micros.map(i128::from)),
            (Column::DeliveredBytes, row.bytes.map(|bytes| i128::from(bytes) * 1_000_000)),
            (Column::UniqueViewers, row.viewers.map(|viewers| i128::from(viewers) * 1_000_000)),
        ];
        for (measure, value) in measures {
            let start = at(row.hour).timestamp_millis();
            let key = (
                table.name().to_owned(),
                row.id.clone(),
                row.rendition.clone(),
                start,
                measure.name().to_owned(),
            );
            value.map(|value| values.insert(key, value));
        }
    }
    values
}

/// `values` after the restatements, each of which must find its old value there.
fn apply(mut values: Values, batch: &RecordBatch) -> Values {
    let text = |column: Column, row: usize| {
        let texts = batch[column.name()].as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row).to_owned())
    };
    let number = |column: Column, row: usize| {
        let numbers = batch[column.name()].as_primitive::<Decimal128Type>();
        numbers.is_valid(row).then(|| numbers.value(row))
    };
    let starts = batch["bucket_start"].as_primitive::<TimestampMillisecondType>();
    for row in 0..batch.num_rows() {
        let key = (
            text(Column::TableName, row).unwrap(),
            text(Column::ResourceId, row).unwrap(),
            text(Column::Rendition, row),
            starts.value(row),
            text(Column::Measure, row).unwrap(),
        );
        let (old, new) = (number(Column::Old, row), number(Column::New, row));
        assert_ne!(old, new);
        assert_eq!(values.remove(&key), old);
        new.map(|new| values.insert(key, new));
    }
    values
}

#[test]
fn an_unchanged_pull_restates_nothing() {
    let rows = [usage("a", 1).viewers(2), usage("a", 1).rendition("720p")];
    assert!(diff(&rows, &rows).is_none());
    assert!(diff(&[], &[]).is_none());
}

#[test]
fn a_changed_value_is_one_row_with_its_key_cause_and_both_values() {
    let old = [usage("a", 1).bytes(2), usage("b", 5)];
    let new = [usage("a", 1).bytes(3), usage("b", 5)];
    let batch = diff(&old, &new).unwrap();
    assert_eq!(batch.schema(), schema(Table::Restatements, None));
    assert_eq!(batch.num_rows(), 1);
    let text = |name: &str| batch[name].as_string::<i32>().iter().next().unwrap().map(str::to_owned);
    for (name, expected) in [
        ("source", Some("main")),
        ("dataset", Some("delivery_usage")),
        ("table_name", Some("resource_usage")),
        ("resource_type", Some("asset")),
        ("resource_id", Some("a")),
        ("country_code", None),
        ("scope", None),
        ("measure", Some("delivered_bytes")),
        ("cause", Some("revisit")),
    ] {
        assert_eq!(text(name).as_deref(), expected, "{name}");
    }
    let instant = |name: &str| batch[name].as_primitive::<TimestampMillisecondType>().value(0);
    assert_eq!(instant("bucket_start"), at(0).timestamp_millis());
    assert_eq!(instant("bucket_end"), at(1).timestamp_millis());
    assert_eq!(instant("seen_at"), at(30).timestamp_millis());
    let value = |name: &str| batch[name].as_primitive::<Decimal128Type>().value(0);
    assert_eq!((value("old"), value("new")), (2_000_000, 3_000_000));
}

#[test]
fn a_key_that_appears_or_vanishes_is_null_on_one_side() {
    let batch = diff(&[usage("gone", 1)], &[usage("new", 2)]).unwrap();
    let ids: Vec<_> = batch["resource_id"].as_string::<i32>().iter().flatten().collect();
    assert_eq!(ids, ["gone", "new"]);
    let values = |name: &str| batch[name].as_primitive::<Decimal128Type>().iter().collect::<Vec<_>>();
    assert_eq!(values("old"), [Some(1), None]);
    assert_eq!(values("new"), [None, Some(2)]);
}

#[test]
fn rows_that_are_stored_out_of_order_are_still_matched() {
    let rows = [usage("a", 1), usage("b", 2), usage("c", 3)];
    let published = |rows: &[Row]| normalised(rows).unwrap().tables;
    let mut turned = published(&rows);
    let halves = [published(&rows[1..]), published(&rows[..1])].map(|mut tables| tables.remove(0).batch);
    turned[0].batch = arrow::compute::concat_batches(&halves[0].schema(), &halves).unwrap();
    let (source, dataset) = (SourceName::new("s").unwrap(), DatasetName::new("d").unwrap());
    let revision = Revision { source: &source, dataset: &dataset, cause: "revisit", seen_at: at(30) };
    assert!(restatements(&turned, &published(&rows), &revision).unwrap().is_none());
}

#[test]
fn a_batch_without_its_key_is_refused() {
    let tables = normalised(&[usage("a", 1)]).unwrap().tables;
    let mut broken = tables.clone();
    broken[0].batch = broken[0].batch.project(&[0, 1]).unwrap();
    let (source, dataset) = (SourceName::new("s").unwrap(), DatasetName::new("d").unwrap());
    let revision = Revision { source: &source, dataset: &dataset, cause: "revisit", seen_at: at(30) };
    let error = restatements(&broken, &tables, &revision).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.to_string().contains("resource_usage.resource_type"), "{error}");
}

fn facts() -> impl Strategy<Value = Vec<Row>> {
    let measure = || prop::option::of(0..3_i64);
    let rendition = prop::option::of(prop::sample::select(vec!["1080p", "720p"]));
    let row = ("[ab]{1,2}", 0..2_u32, rendition, measure(), measure(), measure());
    let row = row.prop_map(|(id, hour, rendition, micros, bytes, viewers)| {
        let rendition = rendition.map(str::to_owned);
        ((id.clone(), hour, rendition.clone()), Row { id, hour, rendition, micros, bytes, viewers })
    });
    let one_a_key = |rows: Vec<_>| rows.into_iter().collect::<BTreeMap<_, _>>().into_values().collect();
    prop::collection::vec(row, 0..20).prop_map(one_a_key)
}

proptest! {
    #[test]
    fn restatements_lead_from_the_old_values_to_the_new_and_back(old in facts(), new in facts()) {
        match diff(&old, &new) {
            Some(batch) => prop_assert_eq!(apply(values(&old), &batch), values(&new)),
            None => prop_assert_eq!(values(&old), values(&new)),
        }
        prop_assert_eq!(
            diff(&old, &new).map_or(0, |batch| batch.num_rows()),
            diff(&new, &old).map_or(0, |batch| batch.num_rows())
        );
    }
}
