//! Coverage as it stands in the warehouse, beside `status`.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMillisecondType};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use highwater_core::{Clock, DatasetSpec, Grain, Table, Window, WindowSet};

use super::coverage;
use crate::fixture::{Dataset, at, window};
use crate::rehearsal::{Rehearsal, spec};
use crate::status::{DatasetStatus, status};

/// A row as a reader sees it.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    window: Window,
    state: String,
    verdict: Option<String>,
    rows: Option<i64>,
    pulls: Option<i64>,
    pulled_at: Option<DateTime<Utc>>,
    as_of: DateTime<Utc>,
}

fn seen(batch: &RecordBatch) -> Vec<Seen> {
    let instants = |name: &str| batch[name].as_primitive::<TimestampMillisecondType>();
    let instant = |name: &str, row| {
        let instants = instants(name);
        instants.is_valid(row).then(|| DateTime::from_timestamp_millis(instants.value(row)).unwrap())
    };
    let count = |name: &str, row| {
        let counts = batch[name].as_primitive::<Int64Type>();
        counts.is_valid(row).then(|| counts.value(row))
    };
    let text = |name: &str, row| {
        let texts = batch[name].as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row).to_owned())
    };
    let row = |row| Seen {
        window: Window::of(instant("window_start", row).unwrap(), instant("window_end", row).unwrap()),
        state: text("state", row).unwrap(),
        verdict: text("verdict", row),
        rows: count("rows", row),
        pulls: count("pulls", row),
        pulled_at: instant("pulled_at", row),
        as_of: instant("as_of", row).unwrap(),
    };
    (0..batch.num_rows()).map(row).collect()
}

async fn read(rehearsal: &Rehearsal, date: NaiveDate) -> Vec<Seen> {
    let checkpoint = rehearsal.checkpoint().await;
    let unit = rehearsal.ledger(&checkpoint).unit(date);
    let day = Window::day(date).into();
    let batch = rehearsal.warehouse.read_windows("any", &unit, Table::Coverage, &day).await.unwrap();
    if batch.num_columns() == 0 { Vec::new() } else { seen(&batch) }
}

async fn read_all(rehearsal: &Rehearsal) -> BTreeMap<NaiveDate, Vec<Seen>> {
    let mut all = BTreeMap::new();
    for date in rehearsal.checkpoint().await.covered.into_keys() {
        all.insert(date, read(rehearsal, date).await);
    }
    all
}

fn sets(rows: &BTreeMap<NaiveDate, Vec<Seen>>, states: &[&str]) -> WindowSet {
    let rows = rows.values().flatten().filter(|row| states.contains(&row.state.as_str()));
    rows.map(|row| row.window).collect()
}

/// What stands in the warehouse is what `status` says.
async fn assert_equals_status(rehearsal: &Rehearsal) {
    let rows = read_all(rehearsal).await;
    let checkpoint = rehearsal.checkpoint().await;
    let report = status(&[rehearsal.state(&checkpoint)], rehearsal.clock.now(), None);
    let DatasetStatus { loaded, settled, missing, failed, expired, rows: count, .. } =
        &report.sources[0].datasets[0];
    assert_eq!(sets(&rows, &["loaded", "empty", "final"]), *loaded);
    assert_eq!(sets(&rows, &["final"]), *settled);
    assert_eq!(sets(&rows, &["missing"]), *missing);
    assert_eq!(sets(&rows, &["failed"]), failed.iter().map(|failed| failed.window).collect());
    assert_eq!(sets(&rows, &["expired"]), *expired);
    let counted: i64 = rows.values().flatten().filter_map(|row| row.rows).sum();
    assert_eq!(u64::try_from(counted).unwrap(), *count);
}

#[tokio::test]
async fn coverage_equals_status_after_every_run() {
    let revisits = vec![TimeDelta::hours(24)];
    let short = DatasetSpec { retention: Some(TimeDelta::days(4)), revisits, ..spec() };
    let rehearsal = Rehearsal::new(short, "2026-09-01").await;
    let gap = at("2026-09-06T05:00:00Z");
    rehearsal.provider.change(|behaviour| behaviour.unanswered = Some(gap));
    // Two days are lost before the first run; one hour is never answered for.
    for now in [
        "2026-09-07T06:00:00Z",
        "2026-09-07T07:00:00Z",
        "2026-09-08T00:00:00Z",
        "2026-09-09T09:00:00Z",
        "2026-09-10T12:00:00Z",
    ] {
        rehearsal.pass(now).await;
        assert_equals_status(&rehearsal).await;
    }
    let rows = read_all(&rehearsal).await;
    assert!(sets(&rows, &["expired"]).covers(Window::of(gap, gap + TimeDelta::hours(1))));
}

#[tokio::test]
async fn only_what_changed_is_derived_again() {
    let rehearsal = Rehearsal::new(spec(), "2026-09-01").await;
    rehearsal.pass("2026-09-03T05:00:00Z").await;
    let before = read_all(&rehearsal).await;
    rehearsal.pass("2026-09-03T06:00:00Z").await;
    let after = read_all(&rehearsal).await;
    let changed: Vec<_> = after.keys().filter(|date| before.get(date) != after.get(date)).collect();
    assert_eq!(changed, [&"2026-09-03".parse::<NaiveDate>().unwrap()]);
    let first = &after[&"2026-09-01".parse().unwrap()];
    assert!(first.iter().all(|row| row.as_of == at("2026-09-03T05:00:00Z")));
}

#[tokio::test]
async fn a_sealed_unit_keeps_the_details_of_its_windows() {
    let rehearsal = Rehearsal::new(spec(), "2026-09-01").await;
    rehearsal.pass("2026-09-01T12:00:00Z").await;
    rehearsal.pass("2026-09-02T00:00:00Z").await;
    let rows = read(&rehearsal, "2026-09-01".parse().unwrap()).await;
    assert_eq!(rows.len(), 24);
    for (hour, row) in rows.iter().enumerate() {
        let pulled_at = if hour < 12 { "2026-09-01T12:00:00Z" } else { "2026-09-02T00:00:00Z" };
        assert_eq!((row.state.as_str(), row.rows, row.pulls), ("final", Some(6), Some(1)));
        assert_eq!((row.pulled_at, row.verdict.as_deref()), (Some(at(pulled_at)), Some("match")));
    }
}

#[tokio::test]
async fn what_a_stopped_run_left_out_is_made_up_for() {
    let rehearsal = Rehearsal::new(spec(), "2026-09-01").await;
    let options = rehearsal.options();
    rehearsal.provider.stop_at(at("2026-09-03T12:00:00Z"), options.cancel.clone());
    assert!(rehearsal.pass_with("2026-09-05T00:00:00Z", &options).await.interrupted);
    assert!(rehearsal.checkpoint().await.covered.is_empty());
    rehearsal.pass("2026-09-05T00:00:00Z").await;
    assert_eq!(rehearsal.checkpoint().await.covered.len(), 4);
    assert_equals_status(&rehearsal).await;
}

#[test]
fn runs_of_minutes_in_one_state_are_one_row() {
    let minutely = DatasetSpec {
        step: Grain::Minute,
        grain: Grain::Minute,
        revisits: Vec::new(),
        ..crate::fixture::spec()
    };
    let mut dataset = Dataset::new(minutely, Some("2026-09-01"));
    let quarters = [("00:00:00", "00:15:00"), ("00:15:00", "00:30:00"), ("00:45:00", "01:00:00")];
    for (from, to) in quarters {
        let span = window(&format!("2026-09-01T{from}Z"), &format!("2026-09-01T{to}Z"));
        dataset.load(span, span.end());
    }
    let dates = coverage(dataset.state(), at("2026-09-01T04:00:00Z"));
    let rows: Vec<_> =
        dates.into_values().flatten().map(|row| (row.window, row.state.as_str(), row.pulls)).collect();
    let span = |from: &str, to: &str| window(&format!("2026-09-01T{from}Z"), &format!("2026-09-01T{to}Z"));
    assert_eq!(
        rows,
        [
            (span("00:00:00", "00:30:00"), "final", Some(2)),
            (span("00:30:00", "00:45:00"), "missing", None),
            (span("00:45:00", "01:00:00"), "final", Some(1)),
        ]
    );
}
