//! What the planner and `status` look at: a dataset's rules beside what is loaded of it.

use chrono::NaiveDate;
use highwater_core::{Checkpoint, DatasetSpec, SourceName};

/// One configured dataset of one source, and its checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct DatasetState<'a> {
    /// The provider's name, as it stands in the path of objects.
    pub provider: &'a str,
    /// The source.
    pub source: &'a SourceName,
    /// The dataset's rules, as configured.
    pub spec: &'a DatasetSpec,
    /// The first day wanted. Without one, all that the provider still answers for is wanted.
    pub start: Option<NaiveDate>,
    /// What is loaded.
    pub checkpoint: &'a Checkpoint,
    /// Requests a second that the source may send.
    pub requests_per_second: f64,
    /// Digest of the dataset's defining settings as configured.
    pub scope_digest: &'a str,
}
