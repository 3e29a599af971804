//! Commits in a local folder: what stands there afterwards, and what is refused.

use std::sync::Arc;

use crate::support::{PROVIDER, TABLES, commit, content, files, folder, hours, pull, record, unit};
use arrow::array::Array;
use arrow::datatypes::{DataType, Field, Schema};
use highwater_core::{Checkpoint, ErrorKind, Table};
use highwater_load::layout::ObjectKey;
use highwater_load::{Committed, WindowCommit};

#[tokio::test]
async fn windows_land_side_by_side_and_a_later_pull_replaces_its_own_alone() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    warehouse.commit(&commit(vec![pull(hours(0, 1), 3, 1, 10)], false)).await.unwrap();
    warehouse
        .commit(&commit(vec![pull(hours(1, 2), 2, 1, 11), pull(hours(2, 4), 1, 1, 12)], false))
        .await
        .unwrap();
    warehouse.commit(&commit(vec![pull(hours(0, 1), 4, 2, 20)], false)).await.unwrap();
    let expected = [(0, (4, 20)), (1, (2, 11)), (2, (1, 12)), (3, (1, 12))].into();
    assert_eq!(content(&warehouse, Table::ResourceUsage).await, expected);
    assert_eq!(content(&warehouse, Table::Resources).await, expected);
    let records = warehouse.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap();
    let pulls: Vec<(i64, u32)> =
        records.iter().map(|known| (known.window.duration().num_hours(), known.pulls)).collect();
    assert_eq!(pulls, [(1, 2), (1, 1), (2, 1)]);
    let data: Vec<String> = files(root.path()).into_iter().filter(|file| file.starts_with("data/")).collect();
    assert_eq!(data.len(), 2, "{data:?}");
}

#[tokio::test]
async fn a_commit_that_changes_nothing_writes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    let first = commit(vec![pull(hours(0, 1), 3, 1, 10)], false);
    assert_eq!(warehouse.commit(&first).await.unwrap().objects_written, 2);
    assert_eq!(warehouse.commit(&first).await.unwrap(), Committed::default());
    let revisit = commit(
        vec![WindowCommit {
            record: record(hours(0, 1), 6, 2, 10),
            batches: first.windows[0].batches.clone(),
        }],
        false,
    );
    assert_eq!(warehouse.commit(&revisit).await.unwrap(), Committed::default());
}

#[tokio::test]
async fn a_window_without_rows_is_recorded_in_an_object_without_rows() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    warehouse.commit(&commit(vec![pull(hours(0, 1), 0, 1, 10)], false)).await.unwrap();
    assert!(content(&warehouse, Table::ResourceUsage).await.is_empty());
    let records = warehouse.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap();
    assert!(records[0].empty);
}

#[tokio::test]
async fn a_window_counts_only_when_every_object_names_the_same_pull() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    let both = commit(vec![pull(hours(0, 1), 1, 1, 10)], false);
    let mut half = both.clone();
    half.tables.truncate(1);
    half.windows[0].batches.truncate(1);
    warehouse.commit(&half).await.unwrap();
    assert!(warehouse.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap().is_empty());
    assert_eq!(warehouse.commit(&both).await.unwrap().objects_written, 1);
    assert_eq!(warehouse.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_half_published_pull_is_overtaken_by_the_next_one_even_when_the_clock_went_back() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    let mut half = commit(vec![pull(hours(0, 1), 1, 7, 10)], false);
    half.tables.truncate(1);
    half.windows[0].batches.truncate(1);
    warehouse.commit(&half).await.unwrap();
    let mut next = commit(vec![pull(hours(0, 1), 2, 1, 20)], false);
    next.windows[0].record.pulled_at -= chrono::TimeDelta::days(3);
    assert!(warehouse.commit(&next).await.unwrap().superseded.is_empty());
    assert_eq!(content(&warehouse, Table::ResourceUsage).await, [(0, (2, 20))].into());
    assert_eq!(warehouse.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_seal_writes_once_and_renews_the_records_of_windows_that_did_not_change() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    warehouse.commit(&commit(vec![pull(hours(0, 12), 1, 1, 10)], false)).await.unwrap();
    let renewed = WindowCommit { record: record(hours(0, 12), 2, 3, 10), batches: Vec::new() };
    let last = commit(vec![renewed, pull(hours(12, 24), 1, 1, 11)], true);
    assert_eq!(warehouse.commit(&last).await.unwrap().objects_written, 2);
    assert_eq!(warehouse.commit(&last).await.unwrap().objects_written, 0);
    let records = warehouse.unit_records(PROVIDER, &unit(), &TABLES).await.unwrap();
    assert_eq!(records.iter().map(|known| known.pulls).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(content(&warehouse, Table::Resources).await.len(), 24);
}

#[tokio::test]
async fn rows_outside_their_window_are_a_defect_and_nothing_is_written() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    let mut wrong = pull(hours(0, 1), 1, 1, 10);
    wrong.record.window = hours(1, 2);
    let error = warehouse.commit(&commit(vec![wrong], false)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert_eq!(files(root.path()), ["tmp/lock"]);
}

#[tokio::test]
async fn an_object_with_fewer_columns_is_read_with_nulls_and_completed_at_its_next_commit() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    warehouse.commit(&commit(vec![pull(hours(0, 1), 2, 1, 10)], false)).await.unwrap();
    let mut wider = commit(vec![pull(hours(1, 2), 1, 1, 11)], false);
    let mut fields = wider.tables[1].schema.fields().to_vec();
    fields.push(Arc::new(Field::new("tier", DataType::Utf8, true)));
    wider.tables[1].schema = Arc::new(Schema::new(fields));
    let old = wider.windows[0].batches[1].clone();
    let mut columns = old.columns().to_vec();
    columns.push(Arc::new(arrow::array::StringArray::from(vec!["1080p"])));
    wider.windows[0].batches[1] =
        arrow::array::RecordBatch::try_new(Arc::clone(&wider.tables[1].schema), columns).unwrap();
    warehouse.commit(&wider).await.unwrap();
    let rows =
        warehouse.read_windows(PROVIDER, &unit(), Table::Resources, &hours(0, 24).into()).await.unwrap();
    let tiers = rows.column_by_name("tier").unwrap();
    assert_eq!((tiers.len(), tiers.null_count()), (3, 2));
    let narrow = commit(vec![pull(hours(2, 3), 1, 1, 12)], false);
    let error = warehouse.commit(&narrow).await.unwrap_err();
    assert_eq!((error.kind(), error.hint()), (ErrorKind::NewerFormat, "upgrade highwater"));
}

#[tokio::test]
async fn a_file_that_is_no_object_of_ours_is_named_and_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    let path = ObjectKey::new(Table::ResourceUsage, PROVIDER, &unit()).path();
    let place = root.path().join(path.as_ref());
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(&place, "not parquet").unwrap();
    let error = warehouse.commit(&commit(vec![pull(hours(0, 1), 1, 1, 10)], false)).await.unwrap_err();
    assert!(error.to_string().contains(path.as_ref()), "{error}");
    assert_eq!(std::fs::read_to_string(place).unwrap(), "not parquet");
}

#[tokio::test]
async fn a_checkpoint_is_written_only_when_it_changes() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    let (source, dataset) = (unit().source, unit().dataset);
    assert_eq!(warehouse.checkpoint(&source, &dataset).await.unwrap(), Checkpoint::default());
    warehouse.update_checkpoint(&source, &dataset, |_| {}).await.unwrap();
    assert_eq!(files(root.path()), ["tmp/lock"]);
    let change = |checkpoint: &mut Checkpoint| checkpoint.record(record(hours(0, 1), 3, 1, 1));
    let written = warehouse.update_checkpoint(&source, &dataset, change).await.unwrap();
    assert_eq!(warehouse.checkpoint(&source, &dataset).await.unwrap(), written);
    let place = root.path().join("state/mux-prod/delivery_usage.json");
    let before = std::fs::metadata(&place).unwrap().modified().unwrap();
    warehouse.update_checkpoint(&source, &dataset, change).await.unwrap();
    assert_eq!(std::fs::metadata(&place).unwrap().modified().unwrap(), before);
}

#[tokio::test]
async fn tasks_that_update_one_checkpoint_lose_nothing() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    let tasks = (0..8).map(|n| {
        let warehouse = warehouse.clone();
        tokio::spawn(async move {
            let (source, dataset) = (unit().source, unit().dataset);
            let change =
                move |checkpoint: &mut Checkpoint| checkpoint.record(record(hours(n, n + 1), 1, 1, 1));
            warehouse.update_checkpoint(&source, &dataset, change).await.unwrap();
        })
    });
    futures::future::try_join_all(tasks).await.unwrap();
    let checkpoint = warehouse.checkpoint(&unit().source, &unit().dataset).await.unwrap();
    assert_eq!(checkpoint.open.len(), 8);
}

#[tokio::test]
async fn records_about_the_data_are_replaced_as_a_whole_and_only_when_they_differ() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    let batch = |rows, seed| crate::support::batch(Table::Resources, hours(0, 2), rows, seed);
    let put =
        async |batch| warehouse.put_record_table(PROVIDER, &unit(), batch, Table::Resources).await.unwrap();
    put(batch(3, 1)).await;
    let place = root.path().join(ObjectKey::new(Table::Resources, PROVIDER, &unit()).path().as_ref());
    let before = std::fs::read(&place).unwrap();
    put(batch(3, 1)).await;
    assert_eq!(std::fs::read(&place).unwrap(), before);
    put(batch(2, 2)).await;
    assert_eq!(content(&warehouse, Table::Resources).await, [(0, (2, 2)), (1, (2, 2))].into());
}

#[tokio::test]
async fn rejects_are_replaced_with_their_window_and_removed_when_there_are_none() {
    let root = tempfile::tempdir().unwrap();
    let warehouse = folder(root.path()).await;
    let line = highwater_load::RejectLine {
        reason: "negative".to_owned(),
        operation: "list".to_owned(),
        path: "data[0]".to_owned(),
        window: hours(0, 1),
        row: "{}".to_owned(),
    };
    warehouse.write_rejects(&unit(), hours(0, 1), &[line.clone(), line.clone()]).await.unwrap();
    warehouse.write_rejects(&unit(), hours(0, 1), &[line]).await.unwrap();
    let place = "rejects/mux-prod/delivery_usage/usage_date=2026-09-01/20260901T000000Z.jsonl";
    assert_eq!(std::fs::read_to_string(root.path().join(place)).unwrap().lines().count(), 1);
    warehouse.write_rejects(&unit(), hours(0, 1), &[]).await.unwrap();
    warehouse.write_rejects(&unit(), hours(0, 1), &[]).await.unwrap();
    assert_eq!(files(root.path()), ["tmp/lock"]);
}

#[tokio::test]
async fn a_probe_of_a_folder_finds_all_well_and_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let probe = folder(root.path()).await.probe().await.unwrap();
    assert_eq!((probe.conditional_writes, probe.locks), (Some(true), Some(true)));
    assert_eq!(files(root.path()), ["tmp/lock"]);
}
