//! A dataset for tests, and what loading it leaves in a checkpoint.

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{
    Checkpoint, Column, DatasetName, DatasetSpec, Duplicates, Grain, RunId, SourceName, Table, TableFeed,
    Window, WindowRecord,
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
