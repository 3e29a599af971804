//! Rebuilding tables from the raw archive, and the retention of that archive.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::AsArray;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use highwater_core::{
    Checkpoint, Clock, Column, DatasetSpec, Extractor, OperationSpec, PageFacts, PageRequest, Probe, RawPage,
    Result, Seconds, Sink, Table, Traffic, Unit, Window,
};
use tokio_util::sync::CancellationToken;

use super::{Rig, day, days, hour, spec, unrevised};
use crate::rebuild::{RebuildDataset, RebuildOptions, RebuildProgress, RebuildSummary, rebuild};

const LOADED: &str = "2026-09-03T00:00:00Z";

#[derive(Debug)]
struct Unwatched;

impl RebuildProgress for Unwatched {
    fn unit(&self, _done: usize, _units: usize, _unit: &Unit) {}
}

/// Decodes as another one does, and reads every value a second higher: a mapping that was corrected.
#[derive(Debug)]
struct Corrected(Arc<dyn Extractor>);

struct OneMore<'a>(&'a mut dyn Sink);

impl Sink for OneMore<'_> {
    fn begin(&mut self, table: Table, bucket: Window) {
        self.0.begin(table, bucket);
    }
    fn begin_another(&mut self, table: Table) {
        self.0.begin_another(table);
    }
    fn text(&mut self, column: Column, value: &str) {
        self.0.text(column, value);
    }
    fn int(&mut self, column: Column, value: i64) {
        self.0.int(column, value);
    }
    fn seconds(&mut self, column: Column, value: Seconds) {
        let more = value.micros() / 1_000_000 + 1;
        self.0.seconds(column, Seconds::from_whole(more).unwrap());
    }
    fn instant(&mut self, column: Column, value: DateTime<Utc>) {
        self.0.instant(column, value);
    }
    fn flag(&mut self, column: Column, value: bool) {
        self.0.flag(column, value);
    }
    fn commit_row(&mut self) {
        self.0.commit_row();
    }
    fn reject_row(&mut self, reason: &str, path: &str, row: &str) {
        self.0.reject_row(reason, path, row);
    }
    fn unknown_field(&mut self, path: &str) {
        self.0.unknown_field(path);
    }
}

impl Extractor for Corrected {
    fn datasets(&self) -> &[DatasetSpec] {
        self.0.datasets()
    }
    fn operations(&self) -> &'static [OperationSpec] {
        &[]
    }
    fn probe(&self) -> BoxFuture<'_, Result<Probe>> {
        unreachable!("a rebuild asks the provider nothing")
    }
    fn first(&self, _dataset: &DatasetSpec, _window: Window) -> Vec<PageRequest> {
        unreachable!("a rebuild asks the provider nothing")
    }
    fn control_requests(&self, _dataset: &DatasetSpec, _span: Window) -> Vec<PageRequest> {
        unreachable!("a rebuild asks the provider nothing")
    }
    fn fetch<'a>(&'a self, _request: &'a PageRequest) -> BoxFuture<'a, Result<RawPage>> {
        unreachable!("a rebuild asks the provider nothing")
    }
    fn decode(&self, dataset: &DatasetSpec, page: &RawPage, sink: &mut dyn Sink) -> Result<PageFacts> {
        self.0.decode(dataset, page, &mut OneMore(sink))
    }
    fn traffic(&self) -> &Traffic {
        self.0.traffic()
    }
}

async fn rebuilt(rig: &Rig, decoder: Arc<dyn Extractor>, range: Window) -> RebuildSummary {
    let options = RebuildOptions {
        range,
        clock: Arc::new(rig.clock.clone()),
        cancel: CancellationToken::new(),
        progress: &Unwatched,
    };
    let checkpoint = rig.checkpoint(0).await;
    let scope_digest = highwater_transform::scope_digest(rig.spec(0));
    let state = crate::DatasetState {
        provider: "any",
        source: &rig.worlds[0].0,
        spec: rig.spec(0),
        start: None,
        checkpoint: &checkpoint,
        extractor: None,
        requests_per_second: 1.0,
        scope_digest: &scope_digest,
    };
    rebuild(&[RebuildDataset { state, decoder }], &rig.warehouse, &options).await.unwrap()
}

fn decoder(rig: &Rig) -> Arc<dyn Extractor> {
    Arc::clone(&rig.worlds[0].1) as Arc<dyn Extractor>
}

/// Everything below `data`, byte for byte.
fn content(rig: &Rig) -> BTreeMap<String, Vec<u8>> {
    rig.files("data").into_keys().map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}

#[tokio::test]
async fn what_comes_out_as_it_stands_is_left_as_it_stands() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass(LOADED).await;
    let (before, asked) = (content(&rig), rig.world().asked().len());
    let summary = rebuilt(&rig, decoder(&rig), days("2026-09-01", "2026-09-03")).await;
    assert_eq!((summary.windows.unchanged, summary.windows.rebuilt, summary.windows.failed), (48, 0, 0));
    assert_eq!((content(&rig), rig.world().asked().len()), (before, asked));
}

#[tokio::test]
async fn a_corrected_mapping_is_published_and_restated() {
    let rig = Rig::new(&[unrevised()]).await;
    rig.pass(LOADED).await;
    let (first, both) = (day("2026-09-01"), days("2026-09-01", "2026-09-03"));
    let before = rig.rows(both).await;
    let summary = rebuilt(&rig, Arc::new(Corrected(decoder(&rig))), first).await;
    assert_eq!((summary.windows.rebuilt, summary.windows.unchanged), (23, 1), "one hour is empty");
    let after = rig.rows(both).await;
    for (key, seconds) in &before {
        assert_eq!(after[key], seconds + i64::from(key.0 < first.end()), "{key:?}");
    }
    let unit =
        Unit { source: rig.worlds[0].0.clone(), dataset: rig.spec(0).name.clone(), date: first.date() };
    let restated =
        rig.warehouse.read_windows("any", &unit, Table::Restatements, &first.into()).await.unwrap();
    assert_eq!(restated.num_rows(), 69);
    assert!(restated["cause"].as_string::<i32>().iter().all(|cause| cause == Some("rebuild")));
    let sealed = rig.checkpoint(0).await.sealed;
    assert!(sealed.contains_key(&first.date()), "a sealed unit stays sealed");
    let tables: Vec<Table> = rig.spec(0).tables().collect();
    let again = rig
        .warehouse
        .rebuild_checkpoint("any", &rig.worlds[0].0, &rig.spec(0).name, &tables, &|_, _| {})
        .await
        .unwrap();
    assert_eq!(again.sealed, sealed);
    assert_eq!(rebuilt(&rig, Arc::new(Corrected(decoder(&rig))), both).await.windows.unchanged, 25);
}

#[tokio::test]
async fn a_table_that_is_gone_comes_back_with_the_same_rows() {
    for spec in [spec(), unrevised()] {
        let rig = Rig::new(&[spec]).await;
        rig.pass(LOADED).await;
        let before = content(&rig);
        let both = days("2026-09-01", "2026-09-03");
        let (rows, checkpoint) = (rig.rows(both).await, rig.checkpoint(0).await);
        for gone in before.keys().filter(|path| path.contains("resource_usage")) {
            std::fs::remove_file(gone).unwrap();
        }
        assert!(rig.rows(both).await.is_empty());
        let summary = rebuilt(&rig, decoder(&rig), both).await;
        assert_eq!((summary.windows.rebuilt, summary.objects_written), (48, 2));
        assert_eq!(rig.rows(both).await, rows);
        assert_eq!(rig.checkpoint(0).await, checkpoint, "nothing was pulled");
        assert!(rig.plan(&rig.request()).await.units.is_empty());
    }
}

#[tokio::test]
async fn a_window_whose_bodies_are_not_kept_stays_and_is_named() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass(LOADED).await;
    let gone = rig.files("raw").into_keys().find(|path| path.contains("20260901T050000Z")).unwrap();
    std::fs::remove_file(gone).unwrap();
    let summary = rebuilt(&rig, Arc::new(Corrected(decoder(&rig))), day("2026-09-01")).await;
    assert_eq!((summary.windows.rebuilt, summary.windows.failed), (22, 1));
    assert_eq!(summary.failures[0].window, hour("2026-09-01T05:00:00Z"));
    let kept = hour("2026-09-01T05:00:00Z");
    let key = (kept.start(), "r0".to_owned());
    assert_eq!(rig.rows(day("2026-09-01")).await[&key], rig.expected(kept)[&key]);
}

#[tokio::test]
async fn old_bodies_of_final_windows_leave_once_a_day_and_no_others_do() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass("2026-09-02T12:00:00Z").await;
    rig.pass("2026-09-04T12:00:00Z").await;
    let raw = |date: &str| rig.files("raw").keys().filter(|path| path.contains(date)).count();
    let before = raw("usage_date=2026-09-01");
    let scope_digest = highwater_transform::scope_digest(rig.spec(0));
    let checkpoint = Checkpoint::default();
    let state = crate::DatasetState {
        provider: "any",
        source: &rig.worlds[0].0,
        spec: rig.spec(0),
        start: None,
        checkpoint: &checkpoint,
        extractor: None,
        requests_per_second: 1.0,
        scope_digest: &scope_digest,
    };
    let sweep = async |retention| {
        crate::sweep_raw(&[state], &rig.warehouse, retention, rig.clock.now()).await.unwrap()
    };
    // Of the first date the hours up to noon have had their last revisit.
    assert_eq!((before, sweep(TimeDelta::hours(1)).await), (24, 12));
    assert_eq!(raw("usage_date=2026-09-01"), 12);
    assert!(raw("usage_date=2026-09-03") > 0);
    rig.pass("2026-09-04T20:00:00Z").await;
    assert_eq!(sweep(TimeDelta::hours(1)).await, 0, "not again on the same date");
    rig.set_time("2026-09-05T00:10:00Z");
    assert!(sweep(TimeDelta::hours(1)).await > 0);
    rig.set_time("2026-09-06T00:10:00Z");
    assert_eq!(sweep(TimeDelta::days(400)).await, 0, "they are not old enough");
}
