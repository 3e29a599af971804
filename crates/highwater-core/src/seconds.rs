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
    #[inline]
    pub fn parse(text: &str) -> Result<Self, NotSeconds> {
        plain(text.as_bytes()).map_or_else(|| Self::parse_any(text), |micros| Ok(Self(micros)))
    }

    fn parse_any(text: &str) -> Result<Self, NotSeconds> {
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

/// What one unit of the last of so many decimals is in microseconds.
const UNITS: [u64; 7] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

/// The microseconds of a number as it is nearly always written: up to twelve digits, and perhaps a point and up to six
/// more. `None` for every other text, good or bad.
#[inline]
fn plain(text: &[u8]) -> Option<i64> {
    const LONGEST: &str = "999999999999.999999";
    if text.len() > LONGEST.len() {
        return None;
    }
    let (mut value, mut point) = (0_u64, None);
    for (at, byte) in text.iter().enumerate() {
        match byte.wrapping_sub(b'0') {
            digit @ 0..=9 => value = value * 10 + u64::from(digit),
            _ if *byte == b'.' && point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    let whole = point.unwrap_or(text.len());
    let decimals = point.map_or(0, |point| text.len() - point - 1);
    if !(1..=12).contains(&whole) || (point.is_some() && decimals == 0) {
        return None;
    }
    UNITS.get(decimals).and_then(|unit| i64::try_from(value * unit).ok())
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
        fn the_short_way_gives_what_the_long_one_gives(text in r"[0-9]{0,20}|0{0,3}[0-9]{1,13}\.?[0-9]{0,8}[e-]?") {
            if let Some(micros) = plain(text.as_bytes()) {
                prop_assert_eq!(Seconds::parse_any(&text), Ok(Seconds(micros)));
            }
        }

        #[test]
        fn numbers_as_a_provider_prints_them_go_the_short_way(text in r"[0-9]{1,12}(\.[0-9]{1,6})?") {
            prop_assert_eq!(plain(text.as_bytes()), Seconds::parse_any(&text).ok().map(Seconds::micros));
        }

        #[test]
        fn any_text_is_answered_without_panic(text in ".{0,24}") {
            let _ = Seconds::parse(&text);
        }
    }
}
