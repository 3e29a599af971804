//! The pipeline: plans what is due, pulls it, and publishes it. Joins extractors, transform and load, and knows no
//! provider by name.

mod dataset_state;
#[cfg(test)]
mod fixture;
mod kept_step;
pub mod plan;
pub mod states;
pub mod status;
mod timeline;

pub use dataset_state::DatasetState;
pub use plan::{ExpiringSpan, Plan, PlanOrder, PlanRequest, PlannedUnit, Reason, Reprocess, plan};
pub use states::{State, WindowState, states};
pub use status::{DatasetStatus, FailedStatus, HeldStatus, SourceStatus, StatusReport, status};

/// The verdict of a window whose newest content was held back for good: what is published before it stays.
pub(crate) const HELD_VERDICT: &str = "held";
