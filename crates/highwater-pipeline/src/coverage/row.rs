//! One row of coverage.

use chrono::{DateTime, Utc};
use highwater_core::{Column, DatasetSpec, SealedUnit, Window, WindowRecord};
use highwater_transform::{Cell, RowsBuilder};
use serde::Serialize;

use crate::HELD_VERDICT;
use crate::control::Verdict;
use crate::states::State;

/// The state of one window, or of a run of adjacent windows in one state. What is not published has no counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoverageRow {
    /// The window, or the run of windows as one span. Never crosses a UTC date.
    pub window: Window,
    /// The state.
    #[serde(serialize_with = "word")]
    pub state: State,
    /// The worst verdict on it, once there is one.
    pub verdict: Option<String>,
    /// Rows over all tables.
    pub rows: Option<u64>,
    /// Rows set aside.
    pub rejected_rows: Option<u64>,
    /// How many times it was pulled, added up over a run.
    pub pulls: Option<u64>,
    /// When the last of it was last pulled.
    pub pulled_at: Option<DateTime<Utc>>,
    /// When all of it is final.
    pub final_at: DateTime<Utc>,
    /// When the provider stops answering for the first of it, where that is known.
    pub expires_at: Option<DateTime<Utc>>,
}

fn word<S: serde::Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.as_str())
}

impl CoverageRow {
    pub(super) fn unpublished(spec: &DatasetSpec, window: Window, state: State) -> Self {
        Self {
            window,
            state,
            verdict: None,
            rows: None,
            rejected_rows: None,
            pulls: None,
            pulled_at: None,
            final_at: spec.final_at(window),
            expires_at: spec.expires_at(window),
        }
    }

    pub(super) fn published(spec: &DatasetSpec, state: State, record: &WindowRecord) -> Self {
        Self {
            verdict: record.verdict.clone(),
            rows: Some(record.rows),
            rejected_rows: Some(record.rejected_rows),
            pulls: Some(u64::from(record.pulls)),
            pulled_at: Some(record.pulled_at),
            ..Self::unpublished(spec, record.window, state)
        }
    }

    /// A run of windows of a sealed unit. Its counts are those of the whole unit, so only one run of it may have them.
    pub(super) fn sealed(spec: &DatasetSpec, window: Window, unit: &SealedUnit, counted: bool) -> Self {
        Self {
            verdict: unit.verdict.clone(),
            rows: counted.then_some(unit.rows),
            rejected_rows: counted.then_some(unit.rejected_rows),
            ..Self::unpublished(spec, window, State::Final)
        }
    }

    /// The same row with the verdict of its unit. That of a held window is its own: it says nothing of the others.
    pub(super) fn under(self, unit: Option<&str>) -> Self {
        let unit = unit.filter(|verdict| *verdict != HELD_VERDICT).and_then(Verdict::parse);
        let own = self.verdict.as_deref().and_then(Verdict::parse).filter(|own| *own == Verdict::Held);
        Self { verdict: own.max(unit).map(|verdict| verdict.as_str().to_owned()), ..self }
    }

    pub(super) fn continues_into(&self, next: &Self) -> bool {
        self.state == next.state && self.window.end() == next.window.start()
    }

    pub(super) fn absorb(&mut self, next: Self) {
        let sum = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).reduce(|a, b| a + b);
        let worst = |a: Option<String>, b: Option<String>| {
            a.into_iter().chain(b).max_by_key(|verdict| Verdict::parse(verdict))
        };
        self.window = Window::of(self.window.start(), next.window.end());
        self.verdict = worst(self.verdict.take(), next.verdict);
        self.rows = sum(self.rows, next.rows);
        self.rejected_rows = sum(self.rejected_rows, next.rejected_rows);
        self.pulls = sum(self.pulls, next.pulls);
        self.pulled_at = self.pulled_at.max(next.pulled_at);
        self.final_at = self.final_at.max(next.final_at);
    }

    /// Adds the row, derived at `as_of`, to `rows` of the table.
    pub(super) fn put(&self, rows: &mut RowsBuilder, as_of: DateTime<Utc>) {
        let count = |count: Option<u64>| match count.map(i64::try_from) {
            Some(Ok(count)) => Cell::Int(count),
            _ => Cell::Null,
        };
        let instant = |at: Option<DateTime<Utc>>| at.map_or(Cell::Null, Cell::Instant);
        rows.row(&[
            (Column::WindowStart, Cell::Instant(self.window.start())),
            (Column::WindowEnd, Cell::Instant(self.window.end())),
            (Column::State, Cell::Text(self.state.as_str())),
            (Column::Verdict, self.verdict.as_deref().map_or(Cell::Null, Cell::Text)),
            (Column::Rows, count(self.rows)),
            (Column::RejectedRows, count(self.rejected_rows)),
            (Column::Pulls, count(self.pulls)),
            (Column::PulledAt, instant(self.pulled_at)),
            (Column::FinalAt, Cell::Instant(self.final_at)),
            (Column::ExpiresAt, instant(self.expires_at)),
            (Column::AsOf, Cell::Instant(as_of)),
        ]);
    }
}
