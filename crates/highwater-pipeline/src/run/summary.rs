//! The summary of a run: what became of its pulls and what they took.

use highwater_core::{RunId, SourceName, TrafficCount};
use serde::{Serialize, Serializer};

use super::progress::Outcome;

/// Pulls by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PullCounts {
    /// Published with rows.
    pub loaded: u64,
    /// Published as ones for which the provider listed nothing.
    pub empty: u64,
    /// The same as published already.
    pub unchanged: u64,
    /// Failed; the next run takes them again.
    pub failed: u64,
    /// Held by the shrink guard.
    pub held: u64,
}

impl PullCounts {
    pub(super) fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Loaded => &mut self.loaded,
            Outcome::Empty => &mut self.empty,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Failed => &mut self.failed,
            Outcome::Held => &mut self.held,
        } += 1;
    }

    fn add(&mut self, other: Self) {
        self.loaded += other.loaded;
        self.empty += other.empty;
        self.unchanged += other.unchanged;
        self.failed += other.failed;
        self.held += other.held;
    }
}

/// What a run did. Its JSON form is that of `run`, `backfill` and `work` with `--format json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSummary {
    /// The run.
    pub run_id: RunId,
    /// Pulls by what became of them.
    pub windows: PullCounts,
    /// Rows published, over all tables.
    pub rows: u64,
    /// Rows set aside.
    pub rejected_rows: u64,
    /// Requests sent, retries included.
    pub requests: u64,
    /// Requests that repeated one that failed.
    pub retries: u64,
    /// Bytes of bodies received.
    pub bytes_fetched: u64,
    /// Versions of objects put in place.
    pub objects_written: u64,
    /// Units that became final and do not agree with the provider's own figures.
    pub mismatched: u64,
    /// How long it took.
    pub seconds: f64,
    /// The same by source, in the order of the plan.
    pub sources: Vec<SourceSummary>,
    /// Planned pulls that were not made: asked to stop, out of requests, or their source stopped.
    #[serde(skip)]
    pub left: u64,
    /// Whether it was asked to stop before all was done.
    #[serde(skip)]
    pub interrupted: bool,
    /// Whether a source refused our credentials.
    #[serde(skip)]
    pub auth_refused: bool,
}

impl RunSummary {
    pub(super) fn new(run_id: RunId, seconds: f64, sources: Vec<SourceSummary>) -> Self {
        let mut summary = Self {
            run_id,
            windows: PullCounts::default(),
            rows: 0,
            rejected_rows: 0,
            requests: 0,
            retries: 0,
            bytes_fetched: 0,
            objects_written: 0,
            mismatched: 0,
            seconds,
            left: 0,
            interrupted: sources.iter().any(|source| source.interrupted),
            auth_refused: sources.iter().any(|source| source.auth_refused),
            sources: Vec::new(),
        };
        for source in &sources {
            summary.windows.add(source.windows);
            summary.rows += source.rows;
            summary.rejected_rows += source.rejected_rows;
            summary.requests += source.traffic.requests;
            summary.retries += source.traffic.retries;
            summary.bytes_fetched += source.traffic.bytes;
            summary.objects_written += source.objects_written;
            summary.mismatched += source.mismatched;
            summary.left += source.left;
        }
        summary.sources = sources;
        summary
    }

    /// Whether all that was planned is loaded and agrees: nothing failed, is held, was left, or does not reconcile.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.windows.failed == 0 && self.windows.held == 0 && self.left == 0 && self.mismatched == 0
    }
}

/// What a run did with one source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceSummary {
    /// The source.
    pub source: SourceName,
    /// The provider's name.
    pub provider: String,
    /// Pulls by what became of them.
    pub windows: PullCounts,
    /// Rows published, over all tables.
    pub rows: u64,
    /// Rows set aside.
    pub rejected_rows: u64,
    /// What it asked of its provider.
    #[serde(flatten, serialize_with = "traffic")]
    pub traffic: TrafficCount,
    /// Versions of objects put in place.
    pub objects_written: u64,
    /// Units that became final and do not agree with the provider's own figures.
    pub mismatched: u64,
    /// Planned pulls that were not made.
    pub left: u64,
    /// Why the source stopped before all its units were taken, and what to do about it.
    pub error: Option<SourceError>,
    /// Whether it was asked to stop before all was done.
    #[serde(skip)]
    pub interrupted: bool,
    /// Whether the provider refused our credentials.
    #[serde(skip)]
    pub auth_refused: bool,
}

/// Why a source stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceError {
    /// The kind, as one word.
    pub kind: &'static str,
    /// The error and its sources, one line.
    pub message: String,
    /// What a person does next.
    pub hint: String,
}

impl From<&highwater_core::Error> for SourceError {
    fn from(error: &highwater_core::Error) -> Self {
        Self { kind: error.kind().as_str(), message: error.chain(), hint: error.hint().to_owned() }
    }
}

impl SourceSummary {
    pub(super) fn new(source: SourceName, provider: String) -> Self {
        Self {
            source,
            provider,
            windows: PullCounts::default(),
            rows: 0,
            rejected_rows: 0,
            traffic: TrafficCount::default(),
            objects_written: 0,
            mismatched: 0,
            left: 0,
            error: None,
            interrupted: false,
            auth_refused: false,
        }
    }
}

fn traffic<S: Serializer>(count: &TrafficCount, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Json {
        requests: u64,
        retries: u64,
        bytes_fetched: u64,
    }
    let TrafficCount { requests, retries, bytes, .. } = *count;
    Json { requests, retries, bytes_fetched: bytes }.serialize(serializer)
}
