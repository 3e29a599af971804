//! Figures: whole numbers as the provider writes them, in quotes or not, however large.

use std::fmt;

/// Why a value is no figure that we can keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAFigure {
    /// Neither a number nor a text.
    OtherType,
    /// Not a whole decimal number.
    NotWhole,
    /// Below zero.
    Negative,
    /// More than a column of 64 bits holds.
    TooLarge,
}

impl fmt::Display for NotAFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherType => "neither a number nor a text",
            Self::NotWhole => "not a whole number",
            Self::Negative => "negative",
            Self::TooLarge => "too large for 64 bits",
        })
    }
}

/// Reads a JSON value: `"5106077"` or `5106077`.
pub(crate) fn figure(json: &str) -> Result<i64, NotAFigure> {
    let quoted = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let is_number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let text = quoted.or(is_number.then_some(json)).ok_or(NotAFigure::OtherType)?;
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotAFigure::NotWhole);
    }
    if is_negative && digits.bytes().any(|digit| digit != b'0') {
        return Err(NotAFigure::Negative);
    }
    digits.parse().map_err(|_| NotAFigure::TooLarge)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_figure_says_why() {
        for (json, why) in [
            ("true", NotAFigure::OtherType),
            ("[1]", NotAFigure::OtherType),
            ("{}", NotAFigure::OtherType),
            (r#""""#, NotAFigure::NotWhole),
            (r#""-""#, NotAFigure::NotWhole),
            (r#""1.5""#, NotAFigure::NotWhole),
            ("1.8446744073709552e+19", NotAFigure::NotWhole),
            (r#"" 1""#, NotAFigure::NotWhole),
            (r#""\u0031""#, NotAFigure::NotWhole),
            ("-1", NotAFigure::Negative),
            (r#""-7""#, NotAFigure::Negative),
            ("9223372036854775808", NotAFigure::TooLarge),
            (r#""18446744073709551615""#, NotAFigure::TooLarge),
        ] {
            assert_eq!(figure(json), Err(why), "{json}");
        }
    }

    proptest! {
        #[test]
        fn a_figure_is_exact_in_quotes_and_without(value in 0..=i64::MAX) {
            prop_assert_eq!(figure(&value.to_string()), Ok(value));
            prop_assert_eq!(figure(&format!("\"{value}\"")), Ok(value));
        }

        #[test]
        fn any_text_is_answered_without_panic(text in ".{0,24}") {
            let _ = figure(&text);
        }
    }
}
