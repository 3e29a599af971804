//! Checkpoints from the data, restatements, and the raw archive's retention.

use std::sync::Arc;

use arrow::array::{Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use highwater_core::{Checkpoint, PageRequest, RawPage, SealedUnit, Table, Window};
use highwater_load::{PulledPages, Restatement, Warehouse, WindowCommit};

use crate::support::{PROVIDER, TABLES, commit, files, folder, hour, hours, pull, record, unit};

async fn rebuild(warehouse: &Warehouse) -> Checkpoint {
    let unit = unit();
    warehouse.rebuild_checkpoint(PROVIDER, &unit.source, &unit.dataset, &TABLES, &|_, _| {}).await.unwrap()
}

#[tokio::test]
async fn a_rebuilt_checkpoint_is_exact_for_sealed_units_and_never_ahead_for_open_ones() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    assert_eq!(rebuild(&warehouse).await, Checkpoint::default());
    warehouse
        .commit(&commit(vec![pull(hours(0, 1), 1, 1, 1), pull(hours(1, 2), 0, 1, 2)], false))
        .await
        .unwrap();
    let mut half = commit(vec![pull(hours(2, 3), 1, 1, 3)], false);
    half.tables.truncate(1);
    half.windows[0].batches.truncate(1);
    warehouse.commit(&half).await.unwrap();
    let open = rebuild(&warehouse).await;
    assert_eq!(open.loaded(), hours(0, 2).into());
    assert_eq!(open.open.len(), 2);

    let mut last = record(hours(0, 1), 2, 3, 1);
    last.verdict = Some("mismatch".to_owned());
    let renewed = WindowCommit { record: last.clone(), batches: Vec::new() };
    let all = commit(vec![renewed, pull(hours(2, 3), 1, 2, 4)], true);
    warehouse.commit(&all).await.unwrap();
    let sealed = rebuild(&warehouse).await;
    assert!(sealed.open.is_empty());
    let expected = SealedUnit::of(&[last, record(hours(1, 2), 0, 1, 2), record(hours(2, 3), 2, 2, 4)]);
    assert_eq!(sealed.sealed[&unit().date], expected);
    assert_eq!((expected.rows, expected.verdict.as_deref()), (4, Some("mismatch")));
    assert_eq!(expected.empty, hours(1, 2).into());
    assert_eq!(warehouse.checkpoint(&unit().source, &unit().dataset).await.unwrap(), sealed);
}

#[tokio::test]
async fn a_broken_checkpoint_does_not_stand_in_the_way_of_its_rebuilding() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    warehouse.commit(&commit(vec![pull(hours(0, 1), 1, 1, 1)], false)).await.unwrap();
    std::fs::create_dir_all(root.path().join("state/mux-prod")).unwrap();
    std::fs::write(root.path().join("state/mux-prod/delivery_usage.json"), "{").unwrap();
    warehouse.checkpoint(&unit().source, &unit().dataset).await.unwrap_err();
    assert_eq!(rebuild(&warehouse).await.open.len(), 1);
}

#[tokio::test]
async fn the_objects_of_all_sources_are_listed() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    assert!(warehouse.list_objects(None).await.unwrap().is_empty());
    warehouse.commit(&commit(vec![pull(hours(0, 1), 1, 1, 1)], false)).await.unwrap();
    let mut other = commit(vec![pull(hours(0, 1), 1, 1, 1)], false);
    other.unit = "other/delivery_usage/2026-09-01".parse().unwrap();
    warehouse.commit(&other).await.unwrap();
    assert_eq!(warehouse.list_objects(None).await.unwrap().len(), 4);
    let dates = warehouse.list_units(PROVIDER, &unit().source, &unit().dataset, &TABLES).await.unwrap();
    assert_eq!(dates, [unit().date].into());
}

fn restated() -> SchemaRef {
    let instant = || DataType::Timestamp(TimeUnit::Millisecond, None);
    Arc::new(Schema::new(vec![
        Field::new("source", DataType::Utf8, false),
        Field::new("bucket_start", instant(), false),
        Field::new("measure", DataType::Utf8, false),
        Field::new("seen_at", instant(), false),
        Field::new("new", DataType::Int64, true),
    ]))
}

fn restatement(window: Window, pulls: u32, values: &[i64], seed: u64) -> Restatement {
    let record = record(window, values.len() as u64, pulls, seed);
    let (start, seen_at) = (window.start().timestamp_millis(), record.pulled_at.timestamp_millis());
    let columns: Vec<Arc<dyn Array>> = vec![
        Arc::new(StringArray::from(vec!["mux-prod"; values.len()])),
        Arc::new(TimestampMillisecondArray::from(vec![start; values.len()])),
        Arc::new(StringArray::from(vec!["requests"; values.len()])),
        Arc::new(TimestampMillisecondArray::from(vec![seen_at; values.len()])),
        Arc::new(Int64Array::from(values.to_vec())),
    ];
    Restatement { record, rows: RecordBatch::try_new(restated(), columns).unwrap() }
}

async fn new_values(warehouse: &Warehouse) -> Vec<i64> {
    let rows =
        warehouse.read_windows(PROVIDER, &unit(), Table::Restatements, &hours(0, 24).into()).await.unwrap();
    let Some(values) = rows.column_by_name("new") else { return Vec::new() };
    let mut values = values.as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec();
    values.sort_unstable();
    values
}

#[tokio::test]
async fn a_pull_that_is_tried_again_does_not_double_its_restatements() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    let put = async |restatements: &[Restatement]| {
        warehouse.put_restatements(PROVIDER, &unit(), &restated(), restatements).await.unwrap();
    };
    put(&[restatement(hours(0, 1), 2, &[1, 2], 1), restatement(hours(1, 2), 2, &[10], 1)]).await;
    let mut again = restatement(hours(0, 1), 2, &[1, 2], 1);
    let before = files(root.path()).len();
    put(std::slice::from_ref(&again)).await;
    assert_eq!(new_values(&warehouse).await, [1, 2, 10]);
    again.record.pulled_at += chrono::TimeDelta::minutes(90);
    let seen_at = again.record.pulled_at.timestamp_millis();
    let mut columns = again.rows.columns().to_vec();
    columns[3] = Arc::new(TimestampMillisecondArray::from(vec![seen_at; 2]));
    again.rows = RecordBatch::try_new(restated(), columns).unwrap();
    again.record.pull_digest = "another".to_owned();
    put(&[again]).await;
    assert_eq!(new_values(&warehouse).await, [1, 2, 10]);
    put(&[restatement(hours(0, 1), 3, &[3], 2)]).await;
    assert_eq!(new_values(&warehouse).await, [1, 2, 3, 10]);
    put(&[restatement(hours(0, 1), 3, &[], 3)]).await;
    assert_eq!(new_values(&warehouse).await, [1, 2, 10]);
    assert_eq!(files(root.path()).len(), before);
}

#[tokio::test]
async fn only_old_bodies_of_final_windows_leave_the_archive() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    for n in 0..4 {
        let page = RawPage {
            request: PageRequest::new("list", hours(n, n + 1)),
            body: "{}".into(),
            fetched_at: hour(50),
        };
        warehouse.archive(&unit(), hours(n, n + 1), PulledPages::from_iter([page])).await.unwrap();
    }
    let finals = [hours(0, 1), hours(2, 4)].into_iter().collect();
    let (source, dataset) = (unit().source, unit().dataset);
    assert_eq!(warehouse.sweep_raw(&source, &dataset, hour(3), &finals).await.unwrap(), 2);
    let left: Vec<String> = files(root.path()).into_iter().filter(|file| file.starts_with("raw/")).collect();
    assert!(left.len() == 2 && left[0].contains("T010000Z") && left[1].contains("T030000Z"), "{left:?}");
}
