//! Hours and spans of hours: the only times the usage knows.

use chrono::{DateTime, TimeDelta, Utc};

const SECONDS: i64 = 3600;

/// One UTC hour, counted from 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(pub i64);

impl Hour {
    /// The hour that contains the instant `epoch_seconds`.
    #[must_use]
    pub fn containing(epoch_seconds: i64) -> Self {
        Self(epoch_seconds.div_euclid(SECONDS))
    }

    /// The last hour that starts at or before `instant`.
    #[must_use]
    pub fn floor(instant: DateTime<Utc>) -> Self {
        Self::containing(instant.timestamp())
    }

    /// The first hour that starts at or after `instant`.
    #[must_use]
    pub fn ceil(instant: DateTime<Utc>) -> Self {
        let floor = Self::floor(instant);
        if floor.start() < instant { Self(floor.0 + 1) } else { floor }
    }

    /// When it starts, in epoch seconds.
    #[must_use]
    pub fn epoch_seconds(self) -> i64 {
        self.0.saturating_mul(SECONDS)
    }

    /// When it starts; 1970 for an hour beyond what a date can say.
    #[must_use]
    pub fn start(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.epoch_seconds(), 0).unwrap_or_default()
    }

    /// When it ends.
    #[must_use]
    pub fn end(self) -> DateTime<Utc> {
        self.start() + TimeDelta::hours(1)
    }

    /// Its hour of the day, 0 to 23.
    #[must_use]
    pub fn of_day(self) -> usize {
        usize::try_from(self.0.rem_euclid(24)).unwrap_or(0)
    }

    /// Whether it lies on a Saturday or Sunday.
    #[must_use]
    pub fn on_weekend(self) -> bool {
        // 1970-01-01 was a Thursday.
        matches!(self.0.div_euclid(24).rem_euclid(7), 2 | 3)
    }
}

/// Whole hours, half-open. Empty when `start == end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hours {
    /// The first hour.
    pub start: Hour,
    /// The hour after the last.
    pub end: Hour,
}

impl Hours {
    /// The hours that lie wholly inside `[from, to)`.
    #[must_use]
    pub fn inside(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        let start = Hour::ceil(from);
        Self { start, end: Hour::floor(to).max(start) }
    }

    /// Each hour, the earliest first.
    pub fn iter(self) -> impl Iterator<Item = Hour> {
        (self.start.0..self.end.0).map(Hour)
    }

    /// How many hours.
    #[must_use]
    pub fn len(self) -> i64 {
        (self.end.0 - self.start.0).max(0)
    }

    /// Whether there is no hour in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_before_1970_are_floored_and_not_truncated() {
        assert_eq!(Hour::containing(-1), Hour(-1));
        assert_eq!(Hour(-1).of_day(), 23);
    }

    #[test]
    fn the_weekend_is_saturday_and_sunday() {
        let saturday = DateTime::parse_from_rfc3339("2026-09-26T00:00:00Z").unwrap().to_utc();
        let first = Hour::floor(saturday).0;
        let weekend: Vec<bool> =
            [first - 1, first, first + 47, first + 48].map(|h| Hour(h).on_weekend()).into();
        assert_eq!(weekend, [false, true, true, false]);
    }

    #[test]
    fn ceil_keeps_an_hour_that_starts_at_the_instant() {
        let start = Hour(500).start();
        assert_eq!((Hour::ceil(start), Hour::ceil(start + TimeDelta::seconds(1))), (Hour(500), Hour(501)));
        assert_eq!(Hour::ceil(start + TimeDelta::nanoseconds(1)), Hour(501));
    }
}
