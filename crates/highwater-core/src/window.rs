//! Window: a non-empty half-open span of UTC time.

use std::fmt;

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::grain::Grain;

/// A non-empty half-open span `[start, end)`, UTC. Its JSON form is `[start, end]` in RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "(DateTime<Utc>, DateTime<Utc>)", into = "(Instant, Instant)")]
pub struct Window {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

/// An instant that serializes as RFC 3339 to the second, or to the millisecond where it has any.
#[derive(Serialize)]
struct Instant(String);

/// `instant` as RFC 3339 UTC: to the second where it is whole, else to the millisecond. What every output prints.
#[must_use]
pub fn format_instant(instant: DateTime<Utc>) -> String {
    let precision =
        if instant.timestamp_subsec_millis() == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
    instant.to_rfc3339_opts(precision, true)
}

impl Window {
    /// The window from `start`, inclusive, to `end`, exclusive.
    ///
    /// # Errors
    /// `Config` unless `start < end`.
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, Error> {
        if start < end {
            Ok(Self { start, end })
        } else {
            let (start, end) = (format_instant(start), format_instant(end));
            Err(Error::new(
                ErrorKind::Config,
                format!("a window must end after it starts: start=`{start}` end=`{end}`"),
            ))
        }
    }

    /// The window `[start, end)` of bounds known to be in order.
    ///
    /// # Panics
    /// When `start >= end`.
    #[must_use]
    pub fn of(start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self::new(start, end).expect("bounds in order")
    }

    /// The UTC day `date`.
    #[must_use]
    pub fn day(date: NaiveDate) -> Self {
        let start = date.and_time(chrono::NaiveTime::MIN).and_utc();
        Self::of(start, start + TimeDelta::days(1))
    }

    /// The first instant inside.
    #[must_use]
    pub const fn start(&self) -> DateTime<Utc> {
        self.start
    }

    /// The first instant after.
    #[must_use]
    pub const fn end(&self) -> DateTime<Utc> {
        self.end
    }

    /// The length.
    #[must_use]
    pub fn duration(&self) -> TimeDelta {
        self.end - self.start
    }

    /// The UTC date of `start`: the `usage_date` under which the window is kept.
    #[must_use]
    pub fn date(&self) -> NaiveDate {
        self.start.date_naive()
    }

    /// Whether `instant` lies inside.
    #[must_use]
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.start <= instant && instant < self.end
    }

    /// Whether all of `other` lies inside.
    #[must_use]
    pub fn covers(&self, other: Window) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two share an instant.
    #[must_use]
    pub fn overlaps(&self, other: Window) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The part inside both, if any.
    #[must_use]
    pub fn intersection(&self, other: Window) -> Option<Window> {
        Window::new(self.start.max(other.start), self.end.min(other.end)).ok()
    }

    /// Whether both bounds are boundaries of `grain`.
    #[must_use]
    pub fn is_aligned(&self, grain: Grain) -> bool {
        grain.is_boundary(self.start) && grain.is_boundary(self.end)
    }

    /// The whole buckets of `grain` inside, in order.
    pub fn buckets(&self, grain: Grain) -> impl Iterator<Item = Window> + use<> {
        let (end, step) = (self.end, grain.duration());
        let mut start = grain.ceil(self.start);
        std::iter::from_fn(move || {
            let bucket = Window { start, end: start + step };
            (bucket.end <= end).then(|| {
                start = bucket.end;
                bucket
            })
        })
    }

    /// The UTC dates that the window touches, in order.
    pub fn dates(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let last = (self.end - TimeDelta::nanoseconds(1)).date_naive();
        self.start.date_naive().iter_days().take_while(move |date| *date <= last)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", format_instant(self.start), format_instant(self.end))
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<(DateTime<Utc>, DateTime<Utc>)> for Window {
    type Error = Error;
    fn try_from((start, end): (DateTime<Utc>, DateTime<Utc>)) -> Result<Self, Error> {
        Self::new(start, end)
    }
}

impl From<Window> for (Instant, Instant) {
    fn from(window: Window) -> Self {
        (Instant(format_instant(window.start)), Instant(format_instant(window.end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_half_open() {
        let window = Window::of(at("2026-09-01T00:00:00Z"), at("2026-09-01T01:00:00Z"));
        assert!(window.contains(window.start()));
        assert!(!window.contains(window.end()));
        assert!(!window.overlaps(Window::of(window.end(), at("2026-09-01T02:00:00Z"))));
    }

    #[test]
    fn no_file_can_smuggle_in_an_empty_window() {
        assert!(
            serde_json::from_str::<Window>(r#"["2026-09-01T01:00:00Z","2026-09-01T01:00:00Z"]"#).is_err()
        );
        let text = r#"["2026-09-01T00:00:00Z","2026-09-01T01:00:00Z"]"#;
        let window: Window = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&window).unwrap(), text);
    }

    #[test]
    fn only_whole_buckets_are_listed() {
        let window = Window::of(at("2026-09-01T00:30:00Z"), at("2026-09-01T03:30:00Z"));
        assert_eq!(window.buckets(Grain::Hour).count(), 2);
        assert_eq!(Window::day("2026-09-01".parse().unwrap()).buckets(Grain::Hour).count(), 24);
        assert_eq!(window.dates().count(), 1);
    }
}
