//! Partition projection: which partitions Athena takes to exist. What lies outside is invisible there, without an error.

use chrono::NaiveDate;
use highwater_core::Registry;

/// The providers and days that Athena's tables show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Projection {
    /// Every provider that the program knows, by name.
    pub(crate) providers: Vec<&'static str>,
    /// The first day; the last is the day of the query.
    pub(crate) first_day: NaiveDate,
}

impl Projection {
    /// Every provider of `registry`, and all days from `first_day`.
    pub(crate) fn new(registry: &Registry, first_day: NaiveDate) -> Self {
        Self { providers: registry.iter().map(|provider| provider.name()).collect(), first_day }
    }
}
