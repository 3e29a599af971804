//! Restatements: what a later pull changed is said once, with what was published before.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Decimal128Type, TimestampMillisecondType};
use chrono::DateTime;
use highwater_core::{Column as C, Table, Unit, Window};
use highwater_load::Restatement;
use highwater_transform::{Cell, schema};

use super::{Rig, hour, spec};
use crate::fixture::at;
use crate::plan::Reprocess;

const LOADED: &str = "2026-09-01T01:00:00Z";
const REVISITED: &str = "2026-09-02T01:00:00Z";

fn window() -> Window {
    hour("2026-09-01T00:00:00Z")
}

fn unit(rig: &Rig) -> Unit {
    let (source, dataset) = (rig.worlds[0].0.clone(), rig.spec(0).name.clone());
    Unit { source, dataset, date: window().date() }
}

/// Restated seconds by resource and instant seen, with the cause.
type Restated = BTreeMap<(String, String), (Option<i128>, Option<i128>, String)>;

async fn restated(rig: &Rig) -> Restated {
    let day = Window::day(window().date()).into();
    let rows = rig.warehouse.read_windows("any", &unit(rig), Table::Restatements, &day).await.unwrap();
    let mut restated = Restated::new();
    for row in 0..rows.num_rows() {
        let text = |name: &str| rows[name].as_string::<i32>().value(row).to_owned();
        let value = |name: &str| {
            let values = rows[name].as_primitive::<Decimal128Type>();
            values.is_valid(row).then(|| values.value(row) / 1_000_000)
        };
        let seen = rows["seen_at"].as_primitive::<TimestampMillisecondType>().value(row);
        let seen = highwater_core::format_instant(DateTime::from_timestamp_millis(seen).unwrap());
        let key = (text("resource_id"), seen);
        assert!(restated.insert(key, (value("old"), value("new"), text("cause"))).is_none());
    }
    restated
}

fn one(id: &str, seen: &str, old: Option<i128>, new: Option<i128>, cause: &str) -> Restated {
    Restated::from([((id.to_owned(), seen.to_owned()), (old, new, cause.to_owned()))])
}

#[tokio::test]
async fn a_revision_is_restated_with_what_was_published_before() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass(LOADED).await;
    assert_eq!(restated(&rig).await, Restated::new(), "a first pull restates nothing");
    rig.world().revise(window().start(), &[("r0", 111), ("r1", 222), ("r9", 5)]);
    let before = rig.rows(window()).await;
    let known = |id: &str| before.get(&(window().start(), id.to_owned())).map(|seconds| i128::from(*seconds));
    rig.pass(REVISITED).await;
    let mut expected = one("r0", REVISITED, known("r0"), Some(111), "revisit");
    expected.extend(one("r1", REVISITED, known("r1"), Some(222), "revisit"));
    expected.extend(one("r2", REVISITED, known("r2"), None, "revisit"));
    expected.extend(one("r9", REVISITED, None, Some(5), "revisit"));
    assert_eq!(restated(&rig).await, expected);
}

#[tokio::test]
async fn an_accepted_hold_and_a_forced_pull_are_named_as_causes() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass(LOADED).await;
    let old = rig.rows(window()).await;
    rig.world().revise(window().start(), &[("r0", 1)]);
    rig.pass(REVISITED).await;
    assert_eq!(restated(&rig).await, Restated::new(), "what is held is not restated");
    crate::decide(&rig.warehouse, &unit(&rig), crate::Decision::Accepted).await.unwrap();
    rig.pass("2026-09-02T01:10:00Z").await;
    let held = restated(&rig).await;
    assert_eq!(held.len(), old.len());
    assert!(held.values().all(|(_, _, cause)| cause == "held"));

    rig.world().revise(window().start(), &[("r0", 2)]);
    rig.set_time("2026-09-02T01:20:00Z");
    let request = crate::PlanRequest { range: Some(window()), reprocess: Reprocess::All, ..rig.request() };
    let plan = rig.plan(&request).await;
    rig.run_plan(&plan, &rig.options()).await;
    let mut expected = held;
    expected.extend(one("r0", "2026-09-02T01:20:00Z", Some(1), Some(2), "forced"));
    assert_eq!(restated(&rig).await, expected);
}

#[tokio::test]
async fn a_try_that_was_never_published_is_taken_back() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass(LOADED).await;
    let known = rig.checkpoint(0).await.open_record(window()).unwrap().clone();
    // As a writer leaves it that dies before its data: the provider's answer was another one for a moment.
    let mut record = known.clone();
    (record.pulls, record.pulled_at) = (2, at("2026-09-01T23:00:00Z"));
    let (source, dataset) = (&rig.worlds[0].0, &rig.spec(0).name);
    let mut rows = highwater_transform::RowsBuilder::new(Table::Restatements, source, dataset);
    rows.row(&[
        (C::TableName, Cell::Text("resource_usage")),
        (C::ResourceId, Cell::Text("r0")),
        (C::BucketStart, Cell::Instant(window().start())),
        (C::BucketEnd, Cell::Instant(window().end())),
        (C::Measure, Cell::Text("delivered_seconds")),
        (C::SeenAt, Cell::Instant(record.pulled_at)),
        (C::New, Cell::Micros(7_000_000)),
        (C::Cause, Cell::Text("revisit")),
    ]);
    let restatement = Restatement { record, rows: rows.finish().unwrap() };
    let schema = schema(Table::Restatements, None);
    rig.warehouse.put_restatements("any", &unit(&rig), &schema, &[restatement]).await.unwrap();
    assert_eq!(restated(&rig).await.len(), 1);
    assert_eq!(rig.pass(REVISITED).await.windows.unchanged, 1);
    assert_eq!(restated(&rig).await, Restated::new());
}

#[tokio::test]
async fn a_try_that_died_between_two_tables_is_carried_over() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass(LOADED).await;
    rig.pass("2026-09-02T00:30:00Z").await;
    let before = rig.rows(window()).await;
    let old = |id: &str| before.get(&(window().start(), id.to_owned())).map(|seconds| i128::from(*seconds));
    let resources = path(&rig, Table::Resources);
    let kept = std::fs::read(&resources).unwrap();
    let checkpoint = rig.checkpoint(0).await;
    rig.world().revise(window().start(), &[("r0", 500), ("r1", 600), ("r2", 700)]);
    rig.pass(REVISITED).await;
    let first = restated(&rig).await;
    // As if the writer had died after the first table: the second one and the checkpoint are as before.
    std::fs::write(&resources, kept).unwrap();
    let source = rig.worlds[0].0.clone();
    let back = move |now: &mut highwater_core::Checkpoint| now.clone_from(&checkpoint);
    rig.warehouse.update_checkpoint(&source, &rig.spec(0).name, back).await.unwrap();
    rig.world().revise(
        window().start(),
        &[("r0", 500), ("r1", 1300), ("r2", i64::try_from(old("r2").unwrap()).unwrap())],
    );
    let later = "2026-09-02T01:20:00Z";
    let summary = rig.pass(later).await;
    assert_eq!((summary.windows.loaded, summary.windows.held), (1, 0), "{:?}", rig.checkpoint(0).await.held);
    let mut expected = one("r0", later, old("r0"), Some(500), "revisit");
    expected.extend(one("r1", later, old("r1"), Some(1300), "revisit"));
    assert_eq!(restated(&rig).await, expected, "instead of {first:?}");
    assert_eq!(rig.rows(window()).await[&(window().start(), "r1".to_owned())], 1300);
}

fn path(rig: &Rig, table: Table) -> std::path::PathBuf {
    let key = highwater_load::layout::ObjectKey::new(table, "any", &unit(rig));
    rig.folder.path().join("warehouse").join(key.path().as_ref())
}
