//! Instants as the provider prints them.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use serde_json::{Value, json};

/// How live samples print their minute.
#[derive(Clone, Copy, Debug)]
pub(super) struct LiveStamp {
    /// `.000` before the `Z`.
    pub(super) milliseconds: bool,
    /// The full hour as minute sixty of the hour before.
    pub(super) sixtieth_minute: bool,
}

impl LiveStamp {
    /// The text for a minute.
    pub(super) fn print(self, minute: DateTime<Utc>) -> String {
        let tail = if self.milliseconds { ".000Z" } else { "Z" };
        if self.sixtieth_minute && minute.minute() == 0 {
            let hour_before = minute - TimeDelta::hours(1);
            format!("{}:60:00{tail}", hour_before.format("%Y-%m-%dT%H"))
        } else {
            format!("{}{tail}", minute.format("%Y-%m-%dT%H:%M:%S"))
        }
    }
}

/// An instant of a window or a trend: always with milliseconds.
pub(super) fn millis(at: DateTime<Utc>) -> Value {
    json!(at.format("%Y-%m-%dT%H:%M:%S.000Z").to_string())
}

/// The instant of a number of seconds since 1970, which every hour and minute of a window has.
pub(super) fn at_second(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::UNIX_EPOCH)
}

/// The start of an hour counted from 1970.
pub(super) fn at_hour(hour: i64) -> DateTime<Utc> {
    at_second(hour * 3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_hour_can_be_minute_sixty_of_the_hour_before_even_across_midnight() {
        let midnight = at_second(1_788_220_800);
        let odd = LiveStamp { milliseconds: false, sixtieth_minute: true };
        assert_eq!(odd.print(midnight), "2026-08-31T23:60:00Z");
        assert_eq!(odd.print(midnight + TimeDelta::minutes(1)), "2026-09-01T00:01:00Z");
        let plain = LiveStamp { milliseconds: true, sixtieth_minute: false };
        assert_eq!(plain.print(midnight), "2026-09-01T00:00:00.000Z");
    }
}
