//! The days and months that can be compared: those that are loaded as a whole. Pure.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use highwater_core::{DatasetSpec, Window, WindowSet};

use super::loaded;
use crate::dataset_state::DatasetState;
use crate::kept_step::{KeptSteps, with_step};

/// What there is to look at of one dataset.
#[derive(Debug)]
pub(super) struct Days {
    /// Days that are loaded as a whole, in order.
    pub(super) whole: Vec<Day>,
    /// Months that are, in order.
    pub(super) months: Vec<Month>,
    /// What is loaded of other days.
    pub(super) partial: WindowSet,
}

/// One day.
#[derive(Clone, Debug)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    /// The dataset as it was when the day was loaded.
    pub(super) spec: DatasetSpec,
    /// Rows over all tables, as recorded.
    pub(super) recorded_rows: u64,
    pub(super) sealed: bool,
}

/// One calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Month {
    pub(super) window: Window,
}

impl Days {
    /// Looks at what `dataset` has inside `range`.
    pub(super) fn of(dataset: &DatasetState<'_>, range: Option<Window>) -> Self {
        let loaded = loaded(dataset, range);
        let steps = KeptSteps::new(dataset);
        let rows = recorded_rows(dataset);
        let (mut whole, mut partial, mut dates) = (Vec::new(), WindowSet::new(), Vec::new());
        let mut touched: Vec<NaiveDate> = loaded.iter().flat_map(|window| window.dates()).collect();
        touched.dedup();
        for date in touched {
            let day = Window::day(date);
            if loaded.covers(day) {
                dates.push(date);
                whole.push(Day {
                    date,
                    spec: with_step(dataset.spec, steps.on(date)),
                    recorded_rows: rows.get(&date).copied().unwrap_or_default(),
                    sealed: dataset.checkpoint.sealed.contains_key(&date),
                });
            } else {
                partial.extend(loaded.within(day).iter());
            }
        }
        let firsts = dates.iter().filter(|date| date.day() == 1);
        let months = firsts.map(|first| month(*first)).filter(|month| loaded.covers(month.window));
        Self { months: months.collect(), whole, partial }
    }
}

fn month(first: NaiveDate) -> Month {
    let next = first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
    Month { window: Window::of(Window::day(first).start(), Window::day(next).start()) }
}

fn recorded_rows(dataset: &DatasetState<'_>) -> BTreeMap<NaiveDate, u64> {
    let checkpoint = dataset.checkpoint;
    let mut rows: BTreeMap<NaiveDate, u64> =
        checkpoint.sealed.iter().map(|(date, unit)| (*date, unit.rows)).collect();
    for record in &checkpoint.open {
        *rows.entry(record.window.date()).or_default() += record.rows;
    }
    rows
}

#[cfg(test)]
mod tests {
    use highwater_core::Grain;

    use super::*;
    use crate::fixture::{Dataset, at, spec, window};

    #[test]
    fn whole_days_and_months_are_compared_and_the_rest_is_named() {
        let mut dataset = Dataset::new(spec(), Some("2026-08-31"));
        let all = window("2026-08-31T00:00:00Z", "2026-10-02T00:00:00Z");
        for hour in all.buckets(Grain::Hour).filter(|hour| hour.start() != at("2026-10-01T05:00:00Z")) {
            dataset.load(hour, at("2026-10-20T00:00:00Z"));
        }
        let days = Days::of(&dataset.state(), None);
        assert_eq!(days.whole.len(), 31);
        assert!(days.whole.iter().all(|day| day.recorded_rows == 24 && !day.sealed));
        let september = window("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z");
        assert_eq!(days.months, [Month { window: september }]);
        assert_eq!(days.partial.duration(), chrono::TimeDelta::hours(23));

        let range = window("2026-09-01T00:00:00Z", "2026-09-30T12:00:00Z");
        let days = Days::of(&dataset.state(), Some(range));
        assert_eq!((days.whole.len(), days.months.len()), (29, 0));
        assert_eq!(days.partial, window("2026-09-30T00:00:00Z", "2026-09-30T12:00:00Z").into());
    }
}
