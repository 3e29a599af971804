//! Coverage: the state of every window as a table that analysts join, equal to `status` at the instant it was derived.

mod publish;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use highwater_core::{Grain, WindowRecord, WindowSet};

use crate::dataset_state::DatasetState;
use crate::states::{State, states_of};
use crate::timeline::Timeline;
pub(crate) use publish::{Dates, cover};
pub use row::CoverageRow;

/// The coverage of `dataset` at `now`, by date, in order of time. Of a date that is sealed the checkpoint knows one
/// row for each run of windows; its objects know more.
#[must_use]
pub fn coverage(dataset: DatasetState<'_>, now: DateTime<Utc>) -> BTreeMap<NaiveDate, Vec<CoverageRow>> {
    let spec = dataset.spec;
    let mut dates: BTreeMap<NaiveDate, Vec<CoverageRow>> = BTreeMap::new();
    for known in states_of(&Timeline::new(dataset, now, None)) {
        let (window, date) = (known.window, known.window.date());
        let rows = dates.entry(date).or_default();
        let row = match (known.record, dataset.checkpoint.sealed.get(&date)) {
            (Some(record), _) => CoverageRow::published(spec, known.state, record),
            (None, Some(unit)) if known.state == State::Final => {
                let counted = rows.iter().any(|row| row.state == State::Final);
                CoverageRow::sealed(spec, window, unit, !counted)
            }
            _ => CoverageRow::unpublished(spec, window, known.state),
        };
        add(rows, row, spec.step);
    }
    dates
}

/// `rows` of a sealed date with what `records`, those of its objects, know of each window; as they are where the objects
/// speak of other windows.
pub(crate) fn detailed(
    dataset: DatasetState<'_>,
    rows: Vec<CoverageRow>,
    verdict: Option<&str>,
    records: &[WindowRecord],
) -> Vec<CoverageRow> {
    let (sealed, mut others): (Vec<_>, Vec<_>) =
        rows.iter().cloned().partition(|row| row.state == State::Final);
    let told: WindowSet = records.iter().map(|record| record.window).collect();
    if told != sealed.iter().map(|row| row.window).collect() {
        return rows;
    }
    let final_rows = records.iter().map(|record| {
        let row = CoverageRow::published(dataset.spec, State::Final, record);
        row.under(verdict)
    });
    others.extend(final_rows);
    others.sort_by_key(|row| row.window);
    let mut merged = Vec::with_capacity(others.len());
    others.into_iter().for_each(|row| add(&mut merged, row, dataset.spec.step));
    merged
}

/// Adds `row` to those of its date before it. Minutes are too many to stand alone: runs of them in one state are one row.
fn add(rows: &mut Vec<CoverageRow>, row: CoverageRow, step: Grain) {
    match rows.last_mut() {
        Some(last) if step == Grain::Minute && last.continues_into(&row) => last.absorb(row),
        _ => rows.push(row),
    }
}
