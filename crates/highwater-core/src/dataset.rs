//! Datasets as data: all that the planner, the runner and the dictionary need to know, and nothing of a provider.

use chrono::{DateTime, TimeDelta, Utc};

use crate::column::Column;
use crate::grain::Grain;
use crate::ids::DatasetName;
use crate::table::Table;
use crate::window::Window;

/// How rows with one key combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// Equal rows collapse into one; unequal ones fail the window.
    Conflict,
    /// Measures are added up: the provider splits one figure over several rows.
    Sum,
}

/// One table that a dataset feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableFeed {
    /// The table.
    pub table: Table,
    /// Each column that comes from a field of the provider, and that field.
    pub provider_fields: &'static [(Column, &'static str)],
}

/// One logical feed of a provider: the unit of schedule and of checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetSpec {
    /// The name, unique within the provider.
    pub name: DatasetName,
    /// What it holds, one sentence.
    pub description: &'static str,
    /// The operations it is built on, named as `fetch` takes them.
    pub operations: &'static [&'static str],
    /// Fed tables in the order in which they are committed.
    pub feeds: &'static [TableFeed],
    /// The size of a row's bucket.
    pub grain: Grain,
    /// The grains it may be configured to.
    pub grains: &'static [Grain],
    /// The size of a window. The same as `grain`, but for series whose answer covers many buckets.
    pub step: Grain,
    /// The longest run of adjacent windows that one pull may cover; a multiple of `step`.
    pub span: TimeDelta,
    /// How long after a window's end the provider has its data.
    pub lag: TimeDelta,
    /// How far back the provider answers, counted from now to a window's start; `None` where that is unknown.
    pub retention: Option<TimeDelta>,
    /// Ages, counted from a window's end, at which it is pulled again. Ascending.
    pub revisits: Vec<TimeDelta>,
    /// How rows with one key combine.
    pub duplicates: Duplicates,
    /// Whether it is pulled unless the configuration says otherwise.
    pub enabled: bool,
    /// Whether it samples the present: no lag, no revisits, never planned under `--now`.
    pub live: bool,
    /// Whether it needs a call for each resource.
    pub per_resource: bool,
    /// The settings that define what its windows hold, as canonical text. A window loaded under another scope is due again.
    pub scope: String,
    /// Whether the provider reports totals for it (see `Extractor::control_requests`).
    pub control_totals: bool,
}

impl DatasetSpec {
    /// The age of a window, counted from its end, at which nothing is pulled any more.
    #[must_use]
    pub fn settles_after(&self) -> TimeDelta {
        self.revisits.iter().copied().max().unwrap_or_default()
    }

    /// When a window has had its last revisit.
    #[must_use]
    pub fn final_at(&self, window: Window) -> DateTime<Utc> {
        window.end() + self.settles_after()
    }

    /// Whether a window last pulled at `pulled_at` is final.
    #[must_use]
    pub fn is_final(&self, window: Window, pulled_at: DateTime<Utc>) -> bool {
        self.revisits.is_empty() || pulled_at >= self.final_at(window)
    }

    /// When the provider stops answering for a window, if that is known.
    #[must_use]
    pub fn expires_at(&self, window: Window) -> Option<DateTime<Utc>> {
        self.retention.map(|retention| window.start() + retention)
    }

    /// When the provider has a window's data.
    #[must_use]
    pub fn available_at(&self, window: Window) -> DateTime<Utc> {
        window.end() + self.lag
    }

    /// The tables it feeds, in the order in which they are committed.
    pub fn tables(&self) -> impl Iterator<Item = Table> + '_ {
        self.feeds.iter().map(|feed| feed.table)
    }
}
