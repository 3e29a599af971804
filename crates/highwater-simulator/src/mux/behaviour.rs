//! How the simulated Mux API behaves where the provider's documents are silent, and how it can be made to misbehave.

use chrono::{DateTime, TimeDelta, Utc};

/// A stance towards a request that the documents do not speak about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// Make the best of it and answer.
    Lenient,
    /// Refuse it.
    Strict,
}

/// Which of two assets with equal usage stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TieBreak {
    /// The lesser id.
    AssetIdAscending,
    /// The greater id.
    AssetIdDescending,
}

/// The instant for which an asset's state and deletion are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescribedAt {
    /// The end of the window asked: an answer about settled hours never changes.
    WindowEnd,
    /// The moment of the request: a deletion shows up in windows long past.
    Request,
}

/// Which fields a row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowShape {
    /// All that are documented.
    Current,
    /// Those of the oldest known answers: no tiers, no quality, no split by resolution.
    Legacy,
}

/// What a late correction does to the usage of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Multiplies it, in thousandths, each tier rounded down to a microsecond.
    Scale(u32),
    /// Takes it away.
    Vanish,
    /// Shows it for the first time: before the correction the asset is not listed.
    Appear,
}

/// A correction that the provider makes once an hour has reached an age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The age, from the end of the hour, at and after which the new figures are answered.
    pub after_age: TimeDelta,
    /// How many in a thousand of the asset hours it touches.
    pub per_mille: u32,
    /// What it does to them.
    pub change: Change,
}

/// A span for which the answer has wrongly lost assets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shrunken {
    /// The first instant; hours that start at or after it are touched.
    pub from: DateTime<Utc>,
    /// The first instant that is not touched.
    pub to: DateTime<Utc>,
    /// How many in a thousand of the assets are missing there; 1000 answers empty.
    pub lost_per_mille: u32,
}

/// Every switch of the simulated Mux API. [`Default`] is the lenient provider without faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MuxBehaviour {
    /// unknown: what a timeframe gets that is out of range, not on the hour, reversed or not a pair. Lenient: it is
    /// put in order, floored to hours, clamped to the allowed range and echoed so (one element: the default window;
    /// more than two: the first two; no number: refused all the same). Strict: 400.
    pub timeframe: Stance,
    /// unknown: `limit` above [`maximum_limit`](Self::maximum_limit). Lenient: clamped and echoed so. Strict: 400.
    pub limit_above_maximum: Stance,
    /// documented for lists in general, not for this one.
    pub maximum_limit: u32,
    /// unknown: both filters in one request, which the documents forbid. Lenient: rows that meet both. Strict: 400.
    pub both_filters: Stance,
    /// unknown: a filter with an id that does not exist. Lenient: no rows. Strict: 404.
    pub unknown_id: Stance,
    /// unknown: the order of equal usage.
    pub tie_break: TieBreak,
    /// unknown: as of when assets are described.
    pub described_at: DescribedAt,
    /// unknown: whether the envelope has `page`, which one list of its fields names and another does not.
    pub page_in_envelope: bool,
    /// The fields of a row.
    pub row_shape: RowShape,
    /// How long after its end an hour can be asked for.
    pub lag: TimeDelta,
    /// How far back an hour can start.
    pub retention: TimeDelta,
    /// unknown: whether published hours are ever corrected. None by default. Those due apply in this order.
    pub revisions: Vec<Revision>,
    /// Spans for which answers lose assets. A fault: not part of the truth that `dump` tells.
    pub shrunken: Vec<Shrunken>,
    /// For so many further requests of a page after the first, the ranks have moved since the page before: its last
    /// row comes again, and one row is on no page.
    pub shifting_pages: u32,
    /// For so many further requests of a page after the first, `total_row_count` is one more than before.
    pub drifting_totals: u32,
    /// Answers that span this hour have a negative `delivered_seconds` in their last-ranked row.
    pub bad_row_in: Option<DateTime<Utc>>,
    /// Thousandths of the true usage that answers over more than one hour report. 1000 is the truth.
    pub reported_per_mille_of_long_spans: u32,
}

impl Default for MuxBehaviour {
    fn default() -> Self {
        Self {
            timeframe: Stance::Lenient,
            limit_above_maximum: Stance::Lenient,
            maximum_limit: 100,
            both_filters: Stance::Strict,
            unknown_id: Stance::Lenient,
            tie_break: TieBreak::AssetIdAscending,
            described_at: DescribedAt::WindowEnd,
            page_in_envelope: true,
            row_shape: RowShape::Current,
            lag: TimeDelta::hours(12),
            retention: TimeDelta::days(90),
            revisions: Vec::new(),
            shrunken: Vec::new(),
            shifting_pages: 0,
            drifting_totals: 0,
            bad_row_in: None,
            reported_per_mille_of_long_spans: 1000,
        }
    }
}

impl MuxBehaviour {
    /// The provider that refuses whatever its documents do not allow.
    #[must_use]
    pub fn strict() -> Self {
        Self {
            timeframe: Stance::Strict,
            limit_above_maximum: Stance::Strict,
            both_filters: Stance::Strict,
            unknown_id: Stance::Strict,
            ..Self::default()
        }
    }
}
