//! Grain: the size of a bucket, aligned to the epoch, UTC.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::window::Window;

/// The size of a bucket or window step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grain {
    /// One minute.
    Minute,
    /// One hour.
    Hour,
    /// One UTC day.
    Day,
}

impl Grain {
    /// The length of one bucket, in milliseconds.
    #[must_use]
    pub const fn milliseconds(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// The length of one bucket.
    #[must_use]
    pub const fn duration(self) -> TimeDelta {
        TimeDelta::milliseconds(self.milliseconds())
    }

    /// The start of the bucket that holds `instant`; also right before 1970.
    #[must_use]
    pub fn floor(self, instant: DateTime<Utc>) -> DateTime<Utc> {
        let into = instant.timestamp_millis().rem_euclid(self.milliseconds());
        let sub_millisecond = i64::from(instant.timestamp_subsec_nanos() % 1_000_000);
        instant - TimeDelta::milliseconds(into) - TimeDelta::nanoseconds(sub_millisecond)
    }

    /// The first bucket boundary at or after `instant`.
    #[must_use]
    pub fn ceil(self, instant: DateTime<Utc>) -> DateTime<Utc> {
        let floor = self.floor(instant);
        if floor == instant { floor } else { floor + self.duration() }
    }

    /// The bucket that holds `instant`.
    #[must_use]
    pub fn bucket(self, instant: DateTime<Utc>) -> Window {
        let start = self.floor(instant);
        Window::of(start, start + self.duration())
    }

    /// Whether `instant` is a boundary of this grain.
    #[must_use]
    pub fn is_boundary(self, instant: DateTime<Utc>) -> bool {
        self.floor(instant) == instant
    }

    /// The grain's name: `minute`, `hour` or `day`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

impl fmt::Display for Grain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Grain {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "minute" => Ok(Self::Minute),
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            _ => Err(Error::new(ErrorKind::Config, format!("`{text}` is not a grain: minute, hour or day"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grains() -> impl Strategy<Value = Grain> {
        prop_oneof![Just(Grain::Minute), Just(Grain::Hour), Just(Grain::Day)]
    }

    proptest! {
        #[test]
        fn a_bucket_holds_its_instant_also_before_1970(grain in grains(), ms in -4_000_000_000_000_i64..4_000_000_000_000, ns in 0..1_000_000_u32) {
            let instant = DateTime::from_timestamp_millis(ms).unwrap() + TimeDelta::nanoseconds(i64::from(ns));
            let bucket = grain.bucket(instant);
            prop_assert!(bucket.contains(instant));
            prop_assert!(grain.is_boundary(bucket.start()) && grain.is_boundary(bucket.end()));
            prop_assert_eq!(bucket.duration(), grain.duration());
        }
    }
}
