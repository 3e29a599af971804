//! Progress: what a run tells while it runs, for bars and lines.

use std::fmt;

use highwater_core::{Error, SourceName, Unit, Window};

/// What became of a pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Its rows are published.
    Loaded,
    /// Published as one for which the provider listed nothing.
    Empty,
    /// The same as is published already.
    Unchanged,
    /// It failed; what was published stays.
    Failed,
    /// It would have shrunk what is published, and waits.
    Held,
}

/// Something that happened in a run.
#[derive(Clone, Copy, Debug)]
pub enum ProgressEvent<'a> {
    /// The first pull of a unit starts.
    UnitStarted {
        /// The unit.
        unit: &'a Unit,
        /// Its pulls.
        pulls: usize,
    },
    /// A pull is settled. What it publishes is durable; a failure or a hold is recorded with its unit.
    Settled {
        /// Its unit.
        unit: &'a Unit,
        /// Its windows, as one span.
        window: Window,
        /// What became of it.
        outcome: Outcome,
        /// Rows that it holds.
        rows: u64,
    },
    /// A unit has no pull left.
    UnitFinished {
        /// The unit.
        unit: &'a Unit,
    },
    /// A source stops before all its units are taken.
    SourceStopped {
        /// The source.
        source: &'a SourceName,
        /// Why.
        error: &'a Error,
    },
}

/// Takes what a run tells. Called from many tasks: must neither block nor panic.
pub trait Progress: fmt::Debug + Send + Sync {
    /// Something happened.
    fn event(&self, event: &ProgressEvent<'_>);
}

/// Progress that nobody looks at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn event(&self, _event: &ProgressEvent<'_>) {}
}
