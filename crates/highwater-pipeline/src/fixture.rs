//! A dataset for tests, and what loading it leaves in a checkpoint.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use highwater_core::{
    Checkpoint, Column, DatasetName, DatasetSpec, Duplicates, Extractor, Grain, OperationSpec, PageFacts,
    PageRequest, Probe, RawPage, Result, Role, RunId, Sink, SourceName, Table, TableFeed, Traffic, Window,
    WindowRecord,
};

use crate::dataset_state::DatasetState;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn window(start: &str, end: &str) -> Window {
    Window::of(at(start), at(end))
}

/// Hourly, available after three hours, for ninety days, revisited after a day and after three.
pub(crate) fn spec() -> DatasetSpec {
    DatasetSpec {
        name: DatasetName::new("usage").unwrap(),
        description: "Usage.",
        operations: &["usage"],
        feeds: &[TableFeed {
            table: Table::ResourceUsage,
            provider_fields: &[(Column::DeliveredSeconds, "seconds")],
        }],
        grain: Grain::Hour,
        grains: &[Grain::Hour, Grain::Day],
        step: Grain::Hour,
        span: TimeDelta::hours(1),
        lag: TimeDelta::hours(3),
        retention: Some(TimeDelta::days(90)),
        revisits: vec![TimeDelta::hours(24), TimeDelta::hours(72)],
        duplicates: Duplicates::Conflict,
        enabled: true,
        live: false,
        per_resource: false,
        scope: String::new(),
        control_totals: false,
    }
}

/// A dataset of one source with what the planner needs beside it.
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) source: SourceName,
    pub(crate) spec: DatasetSpec,
    pub(crate) start: Option<&'static str>,
    pub(crate) checkpoint: Checkpoint,
    scope_digest: String,
}

impl Dataset {
    pub(crate) fn new(spec: DatasetSpec, start: Option<&'static str>) -> Self {
        let scope_digest = highwater_transform::scope_digest(&spec);
        let source = SourceName::new("main").unwrap();
        Self { source, spec, start, checkpoint: Checkpoint::default(), scope_digest }
    }

    pub(crate) fn state(&self) -> DatasetState<'_> {
        DatasetState {
            provider: "any",
            source: &self.source,
            spec: &self.spec,
            start: self.start.map(|date| date.parse().unwrap()),
            checkpoint: &self.checkpoint,
            extractor: None,
            requests_per_second: 2.0,
            scope_digest: &self.scope_digest,
        }
    }

    /// Loads `window`, as a pull at `pulled_at` would.
    pub(crate) fn load(&mut self, window: Window, pulled_at: DateTime<Utc>) {
        self.checkpoint.record(self.record(window, pulled_at));
    }

    pub(crate) fn record(&self, window: Window, pulled_at: DateTime<Utc>) -> WindowRecord {
        WindowRecord {
            window,
            pulled_at,
            run_id: RunId::new("run"),
            rows: 1,
            rejected_rows: 0,
            pulls: 1,
            pull_digest: "p".to_owned(),
            content_digest: "c".to_owned(),
            scope_digest: self.scope_digest.clone(),
            empty: false,
            verdict: None,
        }
    }

    /// Takes over another configuration of the dataset.
    pub(crate) fn configure(&mut self, spec: DatasetSpec) {
        self.scope_digest = highwater_transform::scope_digest(&spec);
        self.spec = spec;
    }
}

/// Names requests, as many as given, and answers none.
#[derive(Debug)]
pub(crate) struct Openings {
    /// Those that open a pull.
    pub(crate) first: u64,
    /// Those for control totals.
    pub(crate) control: u64,
}

fn numbered(dataset: &DatasetSpec, window: Window, count: u64) -> impl Iterator<Item = PageRequest> {
    let request = PageRequest::new(dataset.operations[0], window);
    (0..count).map(move |part| request.clone().with_param("part", part))
}

impl Extractor for Openings {
    fn datasets(&self) -> &[DatasetSpec] {
        &[]
    }

    fn operations(&self) -> &'static [OperationSpec] {
        &[]
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe>> {
        unreachable!("a plan asks the provider nothing")
    }

    fn first(&self, dataset: &DatasetSpec, window: Window) -> Vec<PageRequest> {
        numbered(dataset, window, self.first).collect()
    }

    fn control_requests(&self, dataset: &DatasetSpec, span: Window) -> Vec<PageRequest> {
        numbered(dataset, span, self.control).map(|request| request.with_role(Role::Control)).collect()
    }

    fn fetch<'a>(&'a self, _request: &'a PageRequest) -> BoxFuture<'a, Result<RawPage>> {
        unreachable!("a plan asks the provider nothing")
    }

    fn decode(&self, _: &DatasetSpec, _: &RawPage, _: &mut dyn Sink) -> Result<PageFacts> {
        unreachable!("a plan asks the provider nothing")
    }

    fn traffic(&self) -> &Traffic {
        unreachable!("a plan asks the provider nothing")
    }
}
