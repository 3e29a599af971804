//! Delivered time, counted exactly and printed as the provider prints it.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A span of delivered time in whole microseconds. `Display` and JSON are seconds as a decimal number without trailing
/// zeros, and without a point when integral.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(i64);

impl Seconds {
    /// None at all.
    pub const ZERO: Self = Self(0);

    /// A span of `micros` microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The span in microseconds.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// `per_mille` thousandths of it, rounded down to a microsecond.
    #[must_use]
    pub fn scaled(self, per_mille: u32) -> Self {
        let scaled = i128::from(self.0) * i128::from(per_mille) / 1000;
        Self(i64::try_from(scaled).unwrap_or(i64::MAX))
    }

    /// The same amount with its sign turned, or minus one second for none.
    #[must_use]
    pub fn spoiled(self) -> Self {
        Self(if self.0 == 0 { -1_000_000 } else { -self.0 })
    }
}

impl Add for Seconds {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Seconds {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sum for Seconds {
    fn sum<I: Iterator<Item = Self>>(spans: I) -> Self {
        spans.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, micros) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let (whole, mut fraction) = (micros / 1_000_000, micros % 1_000_000);
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let mut digits = 6;
        while fraction % 10 == 0 {
            fraction /= 10;
            digits -= 1;
        }
        write!(f, "{sign}{whole}.{fraction:0digits$}")
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1_000_000 == 0 {
            return serializer.serialize_i64(self.0 / 1_000_000);
        }
        // Six decimals and nine digits before them survive a double; smaller figures would print with an exponent.
        if (10..1_000_000_000_000_000).contains(&self.0) {
            return serializer.serialize_f64(self.0 as f64 / 1e6);
        }
        let number = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_print_without_trailing_zeros_and_whole_ones_without_a_point() {
        let cases = [
            (0, "0"),
            (1, "0.000001"),
            (30_000_000, "30"),
            (50_500_000, "50.5"),
            (206_366_667, "206.366667"),
            (1_010, "0.00101"),
            (-2_500_000, "-2.5"),
            (9_007_199_254_740_993, "9007199254.740993"),
        ];
        for (micros, text) in cases {
            assert_eq!(Seconds::from_micros(micros).to_string(), text);
            assert_eq!(serde_json::to_string(&Seconds::from_micros(micros)).unwrap(), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn json_says_what_display_says(shift in 0_u32..62, micros in proptest::num::i64::ANY) {
            let seconds = Seconds::from_micros(micros >> shift);
            proptest::prop_assert_eq!(serde_json::to_string(&seconds).unwrap(), seconds.to_string());
        }
    }
}
