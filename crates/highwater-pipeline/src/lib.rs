//! The pipeline: plans what is due, pulls it, and publishes it. Joins extractors, transform and load, and knows no
//! provider by name.

mod account;
mod admission;
pub mod audit;
pub mod control;
pub mod coverage;
mod dataset_state;
#[cfg(test)]
mod fixture;
pub mod held;
mod kept_step;
mod ledger;
pub mod lineage;
pub mod plan;
pub mod pull;
pub mod rebuild;
#[cfg(test)]
mod rehearsal;
mod restate;
pub mod retention;
pub mod run;
pub mod states;
pub mod status;
mod timeline;

pub use admission::Admission;
pub use audit::{AuditOptions, AuditReport, Unchecked, audit};
pub use control::{Check, Verdict, decimal, mismatched};
pub use coverage::{CoverageRow, coverage};
pub use dataset_state::DatasetState;
pub use held::{Decision, Hold, decide, holds};
pub use lineage::{DatasetLineage, Lineage, TableLineage, WindowLineage, lineage};
pub use plan::{
    ExpiringSpan, Plan, PlanOrder, PlanRequest, PlannedUnit, Reason, Reprocess, check_extent, plan,
};
pub use pull::{PullFailure, Pulled, Puller};
pub use rebuild::{
    RebuildCounts, RebuildDataset, RebuildFailure, RebuildOptions, RebuildProgress, RebuildSummary, rebuild,
    rebuild_checkpoint,
};
pub use retention::sweep_raw;
pub use run::{
    Outcome, Progress, ProgressEvent, PullCounts, RunOptions, RunSummary, Source, SourceError, SourceSummary,
    Unwatched, run,
};
pub use states::{State, WindowState, states};
pub use status::{DatasetStatus, FailedStatus, HeldStatus, SourceStatus, StatusReport, status};

/// The verdict of a window whose newest content was held back for good: what is published before it stays.
pub(crate) const HELD_VERDICT: &str = "held";
