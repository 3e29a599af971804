//! The periods that the provider reports on: a calendar day or a calendar month, both UTC.

use chrono::{Datelike, Months, NaiveDate};
use highwater_core::{Grain, Window};

/// What one request can cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    /// One day.
    Day(NaiveDate),
    /// The month that starts on this day.
    Month(NaiveDate),
}

impl Period {
    /// The period that is exactly `window`, if there is one.
    pub(crate) fn of(window: Window) -> Option<Self> {
        if window == Window::day(window.date()) {
            return Some(Self::Day(window.date()));
        }
        match months(window)?.as_slice() {
            [month] => Some(Self::Month(month.date())),
            _ => None,
        }
    }
}

/// The calendar months that make up exactly `span`; `None` where they do not.
pub(crate) fn months(span: Window) -> Option<Vec<Window>> {
    let starts_month = |date: NaiveDate| date.day() == 1;
    if !span.is_aligned(Grain::Day) || !starts_month(span.date()) || !starts_month(span.end().date_naive()) {
        return None;
    }
    let mut months = Vec::new();
    let mut start = span.start();
    while start < span.end() {
        let end = start.checked_add_months(Months::new(1))?;
        months.push(Window::new(start, end).ok()?);
        start = end;
    }
    Some(months)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, to: &str) -> Window {
        let at = |date: &str| format!("{date}T00:00:00Z").parse().unwrap();
        Window::of(at(from), at(to))
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_and_a_month_are_periods_and_nothing_else_is() {
        assert_eq!(Period::of(span("2026-02-28", "2026-03-01")), Some(Period::Day(date("2026-02-28"))));
        assert_eq!(Period::of(span("2024-02-01", "2024-03-01")), Some(Period::Month(date("2024-02-01"))));
        for (from, to) in [
            ("2026-09-01", "2026-09-03"),
            ("2026-09-02", "2026-10-02"),
            ("2026-09-01", "2026-11-01"),
            ("2026-09-01", "2026-09-30"),
        ] {
            assert_eq!(Period::of(span(from, to)), None, "{from} {to}");
        }
        let hour = Grain::Hour.bucket(span("2026-09-01", "2026-09-02").start());
        assert_eq!(Period::of(hour), None);
    }

    #[test]
    fn a_run_of_whole_months_is_cut_at_their_firsts() {
        let months = months(span("2025-12-01", "2026-03-01")).unwrap();
        assert_eq!(
            months,
            [
                span("2025-12-01", "2026-01-01"),
                span("2026-01-01", "2026-02-01"),
                span("2026-02-01", "2026-03-01")
            ]
        );
    }
}
