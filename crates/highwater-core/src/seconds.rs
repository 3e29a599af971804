//! Exact seconds: decimal text in, micro-seconds out, no binary fraction in between.

use std::fmt;

/// A number of seconds, exact to the microsecond. Never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seconds(i64);

/// Why a text is no number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSeconds {
    /// Not a decimal number in JSON's grammar.
    NotANumber,
    /// Below zero.
    Negative,
    /// More than `Decimal128(18, 6)` holds.
    TooLarge,
}

impl fmt::Display for NotSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "not a number",
            Self::Negative => "negative",
            Self::TooLarge => "too large for 18 digits",
        })
    }
}

impl std::error::Error for NotSeconds {}

const LIMIT_MICROS: i128 = 1_000_000_000_000_000_000;

impl Seconds {
    /// From whole microseconds; `None` when negative or above `Decimal128(18, 6)`.
    #[must_use]
    pub fn from_micros(micros: i64) -> Option<Self> {
        (0..LIMIT_MICROS).contains(&i128::from(micros)).then_some(Self(micros))
    }

    /// From whole seconds; `None` when negative or above `Decimal128(18, 6)`.
    #[must_use]
    pub fn from_whole(seconds: i64) -> Option<Self> {
        seconds.checked_mul(1_000_000).and_then(Self::from_micros)
    }

    /// The microseconds.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads a JSON number (`61.25`, `30`, `1.5e3`). Digits beyond the sixth decimal are rounded half up.
    ///
    /// # Errors
    /// When `text` is not a JSON number, negative, or too large.
    pub fn parse(text: &str) -> Result<Self, NotSeconds> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                (mantissa, exponent.parse::<i32>().map_err(|_| NotSeconds::NotANumber)?)
            }
            None => (digits, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits || (mantissa.contains('.') && fraction.is_empty()) {
            return Err(NotSeconds::NotANumber);
        }
        let micros = scaled(whole, fraction, i64::from(exponent) + 6)?;
        if negative && micros > 0 {
            return Err(NotSeconds::Negative);
        }
        i64::try_from(micros).ok().and_then(Self::from_micros).ok_or(NotSeconds::TooLarge)
    }
}

/// `whole.fraction` times ten to the power `shift`, rounded half up.
fn scaled(whole: &str, fraction: &str, shift: i64) -> Result<i128, NotSeconds> {
    let kept = i64::try_from(whole.len()).map_err(|_| NotSeconds::TooLarge)?.saturating_add(shift);
    let mut digits = whole.bytes().chain(fraction.bytes()).map(|byte| i128::from(byte - b'0'));
    let mut value: i128 = 0;
    let mut position = 0;
    while position < kept {
        match digits.next() {
            Some(digit) => value = value * 10 + digit,
            None if value == 0 => return Ok(0),
            None => value *= 10,
        }
        if value >= LIMIT_MICROS {
            return Err(NotSeconds::TooLarge);
        }
        position += 1;
    }
    let round_up = kept >= 0 && digits.next().is_some_and(|digit| digit >= 5);
    Ok(value + i128::from(round_up))
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_as_a_provider_prints_them_are_exact() {
        for (text, micros) in [
            ("0", 0),
            ("30", 30_000_000),
            ("206.366667", 206_366_667),
            ("61.25", 61_250_000),
            ("1.5e3", 1_500_000_000),
            ("1E-6", 1),
            ("0.0000005", 1),
            ("0.0000004", 0),
            ("-0.0", 0),
            ("999999999999.999999", 999_999_999_999_999_999),
            ("5e-7", 1),
            ("5e-8", 0),
            ("0e400", 0),
            ("100000e-5", 1_000_000),
        ] {
            assert_eq!(Seconds::parse(text).map(Seconds::micros), Ok(micros), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_of_seconds_says_why() {
        assert_eq!(Seconds::parse("-1"), Err(NotSeconds::Negative));
        assert_eq!(Seconds::parse("1e12"), Err(NotSeconds::TooLarge));
        assert_eq!(Seconds::parse("1e999999999"), Err(NotSeconds::TooLarge));
        for text in ["", "-", ".5", "1.", "NaN", "\"30\"", "null", "1_0", "0x1", "1e", "+1"] {
            assert_eq!(Seconds::parse(text), Err(NotSeconds::NotANumber), "{text}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_is_the_identity(micros in 0..999_999_999_999_999_999_i64) {
            let seconds = Seconds::from_micros(micros).unwrap();
            prop_assert_eq!(Seconds::parse(&seconds.to_string()), Ok(seconds));
        }

        #[test]
        fn any_text_is_answered_without_panic(text in ".{0,24}") {
            let _ = Seconds::parse(&text);
        }
    }
}
