//! What the planner and `status` look at: a dataset's rules beside what is loaded of it.

use chrono::NaiveDate;
use highwater_core::{Checkpoint, DatasetSpec, Extractor, SourceName};

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
    /// What names the requests that a pull opens with, and those for control totals. It is asked for no page, so it may
    /// be without credentials. Without one the planner takes a pull for one page, and foresees no control totals.
    pub extractor: Option<&'a dyn Extractor>,
    /// Requests a second that the source may send.
    pub requests_per_second: f64,
    /// Digest of the dataset's defining settings as configured.
    pub scope_digest: &'a str,
}
