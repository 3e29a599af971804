//! What is due is loaded once, as the provider has it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use highwater_core::{
    Checkpoint, Clock, DatasetSpec, Grain, PageRequest, Unit, Window, WindowRecord, WindowSet, format_instant,
};
use highwater_load::{TableSchema, UnitCommit, WindowCommit};
use highwater_transform::{TableBatch, content_digest_like, schema};

use super::world::Fault;
use super::{Rig, day, days, hour, spec, unrevised};
use crate::fixture::at;
use crate::kept_step::with_step;
use crate::plan::{PlanRequest, Reprocess};
use crate::run::{Progress, ProgressEvent, RunOptions};

#[tokio::test]
async fn hour_by_hour_over_three_days_equals_one_backfill_and_asks_for_nothing_twice() {
    let range = days("2026-09-01", "2026-09-04");
    let (hourly, at_once) = (Rig::new(&[unrevised()]).await, Rig::new(&[unrevised()]).await);
    for window in range.buckets(Grain::Hour) {
        hourly.pass(&format_instant(window.end())).await;
    }
    let summary = at_once.pass("2026-09-04T00:00:00Z").await;
    assert_eq!((summary.windows.loaded, summary.windows.empty), (69, 3));
    assert_eq!(hourly.rows(range).await, hourly.expected(range));
    assert_eq!(at_once.rows(range).await, hourly.expected(range));
    for rig in [hourly, at_once] {
        let asked = rig.world().asked();
        let distinct: BTreeSet<&PageRequest> = asked.iter().collect();
        assert_eq!(asked.len(), distinct.len());
        assert_eq!(asked.len(), 69 * 2 + 3);
        assert_eq!(rig.checkpoint(0).await.sealed.len(), 3);
    }
}

#[tokio::test]
async fn hour_by_hour_with_revisits_ends_in_the_same_rows() {
    let range = days("2026-09-01", "2026-09-03");
    let rig = Rig::new(&[spec()]).await;
    for window in range.buckets(Grain::Hour) {
        rig.pass(&format_instant(window.end())).await;
    }
    rig.pass("2026-09-09T00:00:00Z").await;
    assert_eq!(rig.rows(range).await, rig.expected(range));
    assert!(rig.checkpoint(0).await.sealed.contains_key(&range.date()));
}

#[tokio::test]
async fn a_gap_of_five_days_is_caught_up() {
    let rig = Rig::new(&[unrevised()]).await;
    rig.pass("2026-09-01T06:00:00Z").await;
    let summary = rig.pass("2026-09-06T06:00:00Z").await;
    assert_eq!(summary.windows.loaded + summary.windows.empty, 120);
    let range = days("2026-09-01", "2026-09-06");
    assert_eq!(rig.rows(range).await, rig.expected(range));
}

#[tokio::test]
async fn planning_after_loading_all_gives_nothing() {
    let rig = Rig::new(&[spec()]).await;
    let summary = rig.pass("2026-09-03T12:00:00Z").await;
    assert!(summary.is_complete());
    assert_eq!(rig.plan(&rig.request()).await.units, []);
    let status = rig.status().await;
    let dataset = &status.sources[0].datasets[0];
    assert!(dataset.missing.is_empty());
    assert_eq!(dataset.behind_seconds, Some(0));
    assert_eq!(dataset.last_success, Some(at("2026-09-03T12:00:00Z")));
}

#[tokio::test]
async fn a_late_revision_lands_at_its_revisit_and_then_the_window_is_final() {
    let rig = Rig::new(&[spec()]).await;
    let revised = hour("2026-09-01T10:00:00Z");
    rig.pass("2026-09-01T12:00:00Z").await;
    rig.world().revise(revised.start(), &[("r0", 500), ("r1", 600), ("r2", 700), ("late", 1)]);
    let settled = |status: &crate::StatusReport| status.sources[0].datasets[0].settled.covers(revised);
    rig.pass("2026-09-02T10:59:00Z").await;
    assert_ne!(rig.rows(revised).await, rig.expected(day("2026-09-01")));
    rig.pass("2026-09-02T11:00:00Z").await;
    let rows = rig.rows(revised).await;
    assert_eq!(rows.get(&(revised.start(), "late".to_owned())), Some(&1));
    assert!(!settled(&rig.status().await));
    rig.pass("2026-09-04T11:00:00Z").await;
    assert!(settled(&rig.status().await));
    let record = rig.checkpoint(0).await.open_record(revised).cloned().unwrap();
    assert_eq!(record.pulls, 3);
}

#[tokio::test]
async fn an_unchanged_revisit_writes_no_object_and_archives_nothing() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass("2026-09-01T06:00:00Z").await;
    let files = || (rig.files("data/resource_usage"), rig.files("data/resources"), rig.files("raw"));
    let before = files();
    rig.set_time("2026-09-02T06:00:00Z");
    let today = PlanRequest { range: Some(hour("2026-09-01T05:00:00Z")), ..rig.request() };
    let summary = rig.run_plan(&rig.plan(&today).await, &rig.options()).await;
    assert_eq!((summary.windows.unchanged, summary.objects_written), (1, 0));
    assert_eq!(files(), before);
    let record = rig.checkpoint(0).await.open_record(hour("2026-09-01T05:00:00Z")).cloned().unwrap();
    assert_eq!((record.pulls, record.pulled_at), (2, at("2026-09-02T06:00:00Z")));
}

/// Records `window` as it was recorded before digests had their newer form.
async fn record_as_before(rig: &Rig, window: Window) -> WindowRecord {
    let unit: Unit = "source-0/usage/2026-09-01".parse().unwrap();
    let mut tables = Vec::new();
    for table in rig.spec(0).tables() {
        let batch = rig.warehouse.read_windows("any", &unit, table, &window.into()).await.unwrap();
        tables.push(TableBatch { table, batch });
    }
    let known = rig.checkpoint(0).await.open_record(window).cloned().unwrap();
    let content_digest = content_digest_like("", &tables);
    assert_ne!(content_digest, known.content_digest);
    let record = WindowRecord { content_digest, pulls: 2, ..known };
    let schemas = tables
        .iter()
        .map(|rows| TableSchema { table: rows.table, schema: schema(rows.table, Some(rig.spec(0))) });
    let commit = UnitCommit {
        provider: "any".to_owned(),
        unit: unit.clone(),
        tables: schemas.collect(),
        windows: vec![WindowCommit {
            record: record.clone(),
            batches: tables.iter().map(|rows| rows.batch.clone()).collect(),
        }],
        seal: false,
    };
    rig.warehouse.commit(&commit).await.unwrap();
    let put = |checkpoint: &mut Checkpoint| checkpoint.record(record.clone());
    rig.warehouse.update_checkpoint(&unit.source, &unit.dataset, put).await.unwrap();
    record
}

#[tokio::test]
async fn a_digest_of_the_older_form_is_still_that_of_its_rows() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass("2026-09-01T06:00:00Z").await;
    let window = hour("2026-09-01T05:00:00Z");
    let before = record_as_before(&rig, window).await;
    rig.set_time("2026-09-02T06:00:00Z");
    let today = PlanRequest { range: Some(window), ..rig.request() };
    let summary = rig.run_plan(&rig.plan(&today).await, &rig.options()).await;
    assert_eq!((summary.windows.unchanged, summary.objects_written), (1, 0));
    let record = rig.checkpoint(0).await.open_record(window).cloned().unwrap();
    assert_eq!((record.content_digest, record.pulls), (before.content_digest, 3));
}

#[tokio::test]
async fn a_unit_that_ends_in_unchanged_revisits_is_sealed_with_their_final_pulls() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass("2026-09-02T00:00:00Z").await;
    let only = PlanRequest { range: Some(day("2026-09-01")), ..rig.request() };
    for now in ["2026-09-03T00:00:00Z", "2026-09-05T00:00:00Z"] {
        rig.set_time(now);
        let plan = rig.plan(&PlanRequest { now: rig.clock.now(), ..only }).await;
        rig.run_plan(&plan, &rig.options()).await;
    }
    let sealed = rig.checkpoint(0).await.sealed;
    assert_eq!(sealed[&day("2026-09-01").date()].windows, day("2026-09-01").into());
    assert_eq!(sealed[&day("2026-09-01").date()].empty, hour("2026-09-01T03:00:00Z").into());
    let unit = "source-0/usage/2026-09-01".parse().unwrap();
    let tables: Vec<_> = rig.spec(0).tables().collect();
    let records = rig.warehouse.unit_records("any", &unit, &tables).await.unwrap();
    assert_eq!(records.len(), 24);
    assert!(records.iter().all(|record| record.pulled_at == at("2026-09-05T00:00:00Z") && record.pulls == 3));
}

#[tokio::test]
async fn what_the_objects_hold_is_not_asked_for_again_when_the_checkpoint_was_lost() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass("2026-09-02T06:00:00Z").await;
    let asked = rig.world().asked().len();
    std::fs::remove_dir_all(rig.folder.path().join("warehouse/state")).unwrap();
    let summary = rig.pass("2026-09-02T06:00:00Z").await;
    assert_eq!((summary.windows.unchanged, summary.requests), (30, 0));
    assert_eq!(rig.world().asked().len(), asked);
    assert_eq!(rig.plan(&rig.request()).await.units, []);
}

#[tokio::test]
async fn a_forced_date_turns_to_another_grain_as_a_whole() {
    let mut rig = Rig::new(&[unrevised()]).await;
    rig.pass("2026-09-03T00:00:00Z").await;
    rig.configure(with_step(&unrevised(), Grain::Day));
    assert_eq!(rig.plan(&rig.request()).await.units, []);
    let date = day("2026-09-01");
    let forced = PlanRequest { reprocess: Reprocess::All, range: Some(date), ..rig.request() };
    let summary = rig.run_plan(&rig.plan(&forced).await, &rig.options()).await;
    assert_eq!(summary.windows.loaded, 1);
    let rows = rig.rows(date).await;
    assert_eq!(rows.values().sum::<i64>(), rig.expected(date).values().sum::<i64>());
    assert!(rows.keys().all(|(start, _)| *start == date.start()));
    rig.configure(unrevised());
    let back = rig.run_plan(&rig.plan(&forced).await, &rig.options()).await;
    assert_eq!(back.windows.loaded + back.windows.empty, 24);
    assert_eq!(rig.rows(date).await, rig.expected(date));
}

#[tokio::test]
async fn without_an_archive_the_same_is_loaded_under_the_same_digests() {
    let (kept, passing) = (Rig::new(&[spec()]).await, Rig::archiving(&[spec()], false).await);
    for rig in [&kept, &passing] {
        rig.pass("2026-09-01T05:00:00Z").await;
        assert_eq!(rig.rows(day("2026-09-01")).await.len(), 12);
    }
    assert_eq!(kept.checkpoint(0).await.open, passing.checkpoint(0).await.open);
    assert_eq!((kept.files("raw").len(), passing.files("raw").len()), (5, 0));
}

#[tokio::test]
async fn other_settings_replace_what_was_loaded_under_the_old_ones() {
    let mut rig = Rig::new(&[unrevised()]).await;
    rig.pass("2026-09-02T06:00:00Z").await;
    rig.configure(DatasetSpec { scope: "apps=a".to_owned(), ..unrevised() });
    let summary = rig.pass("2026-09-02T06:00:00Z").await;
    assert_eq!(summary.windows.loaded + summary.windows.empty, 30);
    assert_eq!(rig.plan(&rig.request()).await.units, []);
    let checkpoint = rig.checkpoint(0).await;
    assert_eq!(checkpoint.sealed[&day("2026-09-01").date()].scope_digest, checkpoint.open[0].scope_digest);
}

#[tokio::test]
async fn a_resource_that_is_gone_fails_nothing() {
    let rig = Rig::new(&[DatasetSpec { per_resource: true, ..unrevised() }]).await;
    rig.world().forget("r1");
    let summary = rig.pass("2026-09-01T01:00:00Z").await;
    assert_eq!((summary.windows.loaded, summary.windows.failed), (1, 0));
    assert_eq!(rig.checkpoint(0).await.requests_per_window, Some(5));
    let again = PlanRequest { reprocess: Reprocess::All, ..rig.request() };
    let planned = &rig.plan(&again).await.units[0];
    assert_eq!((planned.requests, planned.requests_exact), (5, true));
}

#[tokio::test]
async fn a_run_asks_for_as_much_as_its_plan_calls_exact() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass("2026-09-02T06:00:00Z").await;
    for (now, reprocess, windows) in [
        ("2026-09-02T06:00:00Z", Reprocess::All, 30),
        ("2026-09-04T12:00:00Z", Reprocess::Missing, 24),
        ("2026-09-05T06:00:00Z", Reprocess::All, 24),
    ] {
        rig.set_time(now);
        let plan = rig.plan(&PlanRequest { reprocess, ..rig.request() }).await;
        let exact = plan.units.iter().filter(|planned| planned.requests_exact);
        let exact: BTreeSet<Unit> = exact.map(|planned| planned.unit.clone()).collect();
        let plan = plan.select(|unit| exact.contains(unit));
        assert_eq!(plan.units.iter().map(|unit| unit.windows.len()).sum::<usize>(), windows, "{now}");
        assert_eq!(rig.run_plan(&plan, &rig.options()).await.requests, plan.requests, "{now}");
    }
}

#[tokio::test]
async fn pulls_on_their_way_together_take_turns() {
    let rig = Rig::new(&[unrevised()]).await;
    let windows = ["2026-09-01T00:00:00Z", "2026-09-01T01:00:00Z"].map(hour);
    let ids: Vec<String> = (0..400).map(|n| format!("r{n:03}")).collect();
    let rows: Vec<(&str, i64)> = ids.iter().map(|id| (id.as_str(), 1)).collect();
    windows.iter().for_each(|window| rig.world().revise(window.start(), &rows));
    rig.pass("2026-09-01T02:00:00Z").await;
    let asked = rig.world().asked();
    let [first, second] = windows.map(|window| {
        let places = asked.iter().enumerate().filter(|(_, request)| request.window == window);
        places.map(|(place, _)| place).collect::<Vec<_>>()
    });
    assert_eq!((first.len(), second.len()), (200, 200));
    let halfway = |places: &[usize]| places[places.len() / 2];
    assert!(halfway(&second) < first[first.len() - 1] && halfway(&first) < second[second.len() - 1]);
}

#[tokio::test]
async fn a_bad_row_is_set_aside_and_the_window_loads() {
    let rig = Rig::new(&[spec()]).await;
    let window = hour("2026-09-01T00:00:00Z");
    rig.world().fail(window.start(), &[Fault::BadRow]);
    let summary = rig.pass("2026-09-01T01:00:00Z").await;
    assert_eq!((summary.windows.loaded, summary.rejected_rows), (1, 1));
    assert_eq!(rig.files("rejects").len(), 1);
    assert_eq!(rig.rows(window).await.len(), 2);
    rig.pass("2026-09-02T01:00:00Z").await;
    assert_eq!(rig.files("rejects").len(), 0);
    assert_eq!(rig.rows(window).await, rig.expected(day("2026-09-01")).into_iter().collect());
}

#[tokio::test]
async fn a_long_unit_commits_every_five_minutes() {
    let rig = Rig::new(&[unrevised()]).await;
    let silent = hour("2026-09-01T11:00:00Z");
    rig.world().fail(silent.start(), &[Fault::Silent]);
    rig.set_time("2026-09-01T12:00:00Z");
    let plan = rig.plan(&rig.request()).await;
    let settled = Arc::new(Settled::default());
    let options = RunOptions { progress: Arc::clone(&settled) as Arc<dyn Progress>, ..rig.options() };
    let watch = async {
        while rig.files("raw").len() < 11 {
            tokio::task::yield_now().await;
        }
        let before = rig.checkpoint(0).await.loaded();
        let complete = Window::of(at("2026-09-01T00:00:00Z"), silent.start());
        while settled.0.load(Ordering::Relaxed) < 11 {
            if let Some(until_commit) = rig.clock.until_next_sleeper() {
                rig.clock.advance(until_commit);
            }
            tokio::task::yield_now().await;
        }
        let loaded = rig.checkpoint(0).await.loaded();
        assert_eq!((before, loaded), (WindowSet::new(), complete.into()));
        options.cancel.cancel();
        while rig.clock.until_next_sleeper() != Some(options.grace) {
            tokio::task::yield_now().await;
        }
        rig.clock.advance(options.grace);
    };
    let (summary, ()) = tokio::join!(rig.run_plan(&plan, &options), watch);
    assert_eq!((summary.left, summary.interrupted), (1, true));
}

/// Counts settled pulls.
#[derive(Debug, Default)]
struct Settled(AtomicUsize);

impl Progress for Settled {
    fn event(&self, event: &ProgressEvent<'_>) {
        if matches!(event, ProgressEvent::Settled { .. }) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
