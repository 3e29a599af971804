//! Tests of the runner against providers in memory and a warehouse in a folder.

mod failing;
mod guarding;
mod loading;
mod rebuilding;
mod restating;
mod stopping;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::{Decimal128Type, TimestampMillisecondType};
use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{
    Checkpoint, Clock, Column, DatasetSpec, Grain, ManualClock, RunId, SourceName, Table, TableFeed, Unit,
    Window,
};
use highwater_load::{ConditionalWrites, Warehouse, WarehouseSettings};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{RunOptions, RunSummary, Source, Unwatched, run};
use crate::dataset_state::DatasetState;
use crate::fixture::{at, spec as hourly};
use crate::plan::{Plan, PlanOrder, PlanRequest, plan};
use crate::status::{StatusReport, status};
use world::World;

/// Two tables, hourly; up to the test: lag, revisits.
fn spec() -> DatasetSpec {
    DatasetSpec {
        operations: &["usage", "details"],
        feeds: &[
            TableFeed {
                table: Table::ResourceUsage,
                provider_fields: &[(Column::DeliveredSeconds, "seconds")],
            },
            TableFeed { table: Table::Resources, provider_fields: &[] },
        ],
        lag: TimeDelta::zero(),
        ..hourly()
    }
}

fn unrevised() -> DatasetSpec {
    DatasetSpec { revisits: Vec::new(), ..spec() }
}

/// The rows of `resource_usage`: seconds by hour and resource.
type Rows = BTreeMap<(DateTime<Utc>, String), i64>;

/// Sources of one dataset each, their warehouse, and the time.
struct Rig {
    folder: TempDir,
    warehouse: Warehouse,
    worlds: Vec<(SourceName, Arc<World>)>,
    clock: ManualClock,
    start: &'static str,
}

impl Rig {
    async fn new(specs: &[DatasetSpec]) -> Self {
        Self::archiving(specs, true).await
    }

    async fn archiving(specs: &[DatasetSpec], raw_archive: bool) -> Self {
        let folder = TempDir::new().unwrap();
        let clock = ManualClock::new(at("2026-09-01T00:00:00Z"));
        let settings = WarehouseSettings {
            url: folder.path().join("warehouse").to_str().unwrap().to_owned(),
            options: BTreeMap::new(),
            conditional_writes: ConditionalWrites::ETag,
            raw_archive,
            clock: Arc::new(clock.clone()),
        };
        let warehouse = Warehouse::open(settings).await.unwrap();
        let world = |(index, spec): (usize, &DatasetSpec)| {
            let name = SourceName::new(&format!("source-{index}")).unwrap();
            (name, Arc::new(World::new(vec![spec.clone()])))
        };
        let worlds = specs.iter().enumerate().map(world).collect();
        Self { folder, warehouse, worlds, clock, start: "2026-09-01" }
    }

    fn world(&self) -> &World {
        &self.worlds[0].1
    }

    /// The same warehouse and source with another configuration of the dataset.
    fn configure(&mut self, spec: DatasetSpec) {
        self.worlds[0].1 = Arc::new(World::new(vec![spec]));
    }

    fn spec(&self, source: usize) -> &DatasetSpec {
        use highwater_core::Extractor;
        &self.worlds[source].1.datasets()[0]
    }

    fn set_time(&self, now: &str) {
        let ahead = at(now) - self.clock.now();
        self.clock.advance(ahead.to_std().unwrap_or(Duration::ZERO));
    }

    fn request(&self) -> PlanRequest {
        PlanRequest {
            now: self.clock.now(),
            range: None,
            reprocess: crate::Reprocess::Missing,
            order: PlanOrder::OldestFirst,
            live: true,
        }
    }

    fn options(&self) -> RunOptions {
        RunOptions {
            run_id: RunId::new("run"),
            clock: Arc::new(self.clock.clone()),
            shrink_tolerance: 0.10,
            max_requests: None,
            cancel: CancellationToken::new(),
            grace: Duration::from_secs(30),
            progress: Arc::new(Unwatched),
        }
    }

    async fn checkpoint(&self, source: usize) -> Checkpoint {
        let name = &self.worlds[source].0;
        self.warehouse.checkpoint(name, &self.spec(source).name).await.unwrap()
    }

    async fn with_states<T>(&self, look: impl FnOnce(&[DatasetState<'_>]) -> T) -> T {
        let mut known = Vec::new();
        for index in 0..self.worlds.len() {
            known.push((self.checkpoint(index).await, highwater_transform::scope_digest(self.spec(index))));
        }
        let mut states = Vec::new();
        for (index, (checkpoint, scope_digest)) in known.iter().enumerate() {
            states.push(DatasetState {
                provider: "any",
                source: &self.worlds[index].0,
                spec: self.spec(index),
                start: Some(self.start.parse().unwrap()),
                checkpoint,
                extractor: Some(&*self.worlds[index].1),
                requests_per_second: 1.0,
                scope_digest,
            });
        }
        look(&states)
    }

    async fn plan(&self, request: &PlanRequest) -> Plan {
        self.with_states(|states| plan(states, request)).await
    }

    async fn status(&self) -> StatusReport {
        self.with_states(|states| status(states, self.clock.now(), None)).await
    }

    async fn run_plan(&self, plan: &Plan, options: &RunOptions) -> RunSummary {
        let source = |(name, world): &(SourceName, Arc<World>)| Source {
            provider: "any".to_owned(),
            name: name.clone(),
            extractor: Arc::clone(world) as Arc<dyn highwater_core::Extractor>,
        };
        let sources: Vec<Source> = self.worlds.iter().map(source).collect();
        run(plan, &sources, &self.warehouse, options).await.unwrap()
    }

    /// One pass over all that is due at `now`.
    async fn pass(&self, now: &str) -> RunSummary {
        self.set_time(now);
        let plan = self.plan(&self.request()).await;
        self.run_plan(&plan, &self.options()).await
    }

    /// The rows of the first source on the days of `range`.
    async fn rows(&self, range: Window) -> Rows {
        let mut rows = Rows::new();
        for date in range.dates() {
            let unit = Unit { source: self.worlds[0].0.clone(), dataset: self.spec(0).name.clone(), date };
            let windows = Window::day(date).into();
            let batch =
                self.warehouse.read_windows("any", &unit, Table::ResourceUsage, &windows).await.unwrap();
            let Some(ids) = batch.column_by_name("resource_id") else { continue };
            let starts =
                batch.column_by_name("bucket_start").unwrap().as_primitive::<TimestampMillisecondType>();
            let seconds = batch.column_by_name("delivered_seconds").unwrap().as_primitive::<Decimal128Type>();
            for (index, id) in ids.as_string::<i32>().iter().enumerate() {
                let key =
                    (DateTime::from_timestamp_millis(starts.value(index)).unwrap(), id.unwrap().to_owned());
                let value = i64::try_from(seconds.value(index) / 1_000_000).unwrap();
                assert!(rows.insert(key, value).is_none(), "a key stands twice");
            }
        }
        rows
    }

    /// The rows that the provider has of the hours of `range`.
    fn expected(&self, range: Window) -> Rows {
        let hour = |hour: Window| {
            self.world().usage(hour).into_iter().map(move |(id, seconds)| ((hour.start(), id), seconds))
        };
        range.buckets(Grain::Hour).flat_map(hour).collect()
    }

    /// Every file below `folder` of the warehouse with its size.
    fn files(&self, folder: &str) -> BTreeMap<String, u64> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.folder.path().join("warehouse").join(folder)];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for entry in entries.map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else {
                    files.insert(entry.path().display().to_string(), entry.metadata().unwrap().len());
                }
            }
        }
        files
    }
}

fn day(date: &str) -> Window {
    Window::day(date.parse().unwrap())
}

fn days(from: &str, to: &str) -> Window {
    Window::of(day(from).start(), day(to).start())
}

fn hour(text: &str) -> Window {
    Grain::Hour.bucket(at(text))
}
