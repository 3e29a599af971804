//! Single values: figures, words, flags. A figure may come as a number or as text, and is a whole number either way.

use std::borrow::Cow;

use highwater_core::wire::Raw;
use highwater_core::{Column, Seconds, Sink};

use crate::wire::{Row, Sample, Share, Summary};

/// Why a value cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The answer is not what we model: it is missing, or of another type.
    Drift { field: &'static str, what: &'static str },
    /// It is of the right type and yet cannot be: this row alone is set aside.
    Row { field: &'static str, reason: &'static str },
}

const MISSING: &str = "a required field is missing";
const ANOTHER_TYPE: &str = "a value has another type than it should";

fn another_type(field: &'static str) -> Flaw {
    Flaw::Drift { field, what: ANOTHER_TYPE }
}

/// A count or a number of bytes.
pub(super) fn count(field: &'static str, value: Option<Raw<'_>>) -> Result<i64, Flaw> {
    let text = value.ok_or(Flaw::Drift { field, what: MISSING })?.get();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(another_type(field));
    }
    if digits.len() != text.len() && digits.bytes().any(|digit| digit != b'0') {
        return Err(Flaw::Row { field, reason: "a figure is negative" });
    }
    digits.parse().map_err(|_| Flaw::Row { field, reason: "a figure is too large for 64 bits" })
}

/// A number of whole seconds.
pub(super) fn seconds(field: &'static str, value: Option<Raw<'_>>) -> Result<Seconds, Flaw> {
    let whole = count(field, value)?;
    Seconds::from_whole(whole).ok_or(Flaw::Row { field, reason: "a figure is too large for 18 digits" })
}

/// A figure that need not be there; then it counts as zero.
pub(super) fn count_or_zero(field: &'static str, value: Option<Raw<'_>>) -> Result<i64, Flaw> {
    value.map_or(Ok(0), |value| count(field, Some(value)))
}

/// A word or a name that need not be there. A number is taken as its digits.
pub(super) fn word<'a>(field: &'static str, value: Option<Raw<'a>>) -> Result<Option<Cow<'a, str>>, Flaw> {
    let Some(text) = value.map(|value| value.get()) else { return Ok(None) };
    match text.as_bytes().first() {
        Some(b'"') => {
            let inner = &text[1..text.len() - 1];
            if !inner.contains('\\') {
                return Ok(Some(Cow::Borrowed(inner)));
            }
            serde_json::from_str(text)
                .map(|text: String| Some(Cow::Owned(text)))
                .map_err(|_| another_type(field))
        }
        Some(b'-' | b'0'..=b'9') => Ok(Some(Cow::Borrowed(text))),
        _ => Err(another_type(field)),
    }
}

/// A word or a name that must be there; it may be empty.
pub(super) fn required_word<'a>(field: &'static str, value: Option<Raw<'a>>) -> Result<Cow<'a, str>, Flaw> {
    word(field, value)?.ok_or(Flaw::Drift { field, what: MISSING })
}

/// The id of a resource.
pub(super) fn id(value: Option<Raw<'_>>) -> Result<Cow<'_, str>, Flaw> {
    let id = required_word("id", value)?;
    if id.trim().is_empty() { Err(Flaw::Row { field: "id", reason: "an id is empty" }) } else { Ok(id) }
}

/// A flag that need not be there.
pub(super) fn flag(field: &'static str, value: Option<Raw<'_>>) -> Result<Option<bool>, Flaw> {
    match value.map(|value| value.get()) {
        None => Ok(None),
        Some("true" | "\"true\"") => Ok(Some(true)),
        Some("false" | "\"false\"") => Ok(Some(false)),
        Some(_) => Err(another_type(field)),
    }
}

/// What reached viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Viewing {
    pub(super) viewers: i64,
    pub(super) seconds: Seconds,
    pub(super) bytes: i64,
}

impl Viewing {
    fn read(viewers: Option<Raw<'_>>, spent: Option<Raw<'_>>, bytes: Option<Raw<'_>>) -> Result<Self, Flaw> {
        Ok(Self {
            viewers: count("unique_viewers", viewers)?,
            seconds: seconds("viewing_seconds", spent)?,
            bytes: count("viewing_bytes", bytes)?,
        })
    }

    pub(super) fn of_row(row: &Row<'_>) -> Result<Self, Flaw> {
        Self::read(row.unique_viewers, row.viewing_seconds, row.viewing_bytes)
    }

    pub(super) fn of_share(share: &Share<'_>) -> Result<Self, Flaw> {
        Self::read(share.unique_viewers, share.viewing_seconds, share.viewing_bytes)
    }

    pub(super) fn of_sample(sample: &Sample<'_>) -> Result<Self, Flaw> {
        Self::read(sample.unique_viewers, sample.viewing_seconds, sample.viewing_bytes)
    }

    pub(super) fn of_summary(summary: &Summary<'_>) -> Result<Self, Flaw> {
        Self::read(summary.unique_viewers, summary.viewing_seconds, summary.viewing_bytes)
    }

    pub(super) fn is_nothing(self) -> bool {
        self.viewers == 0 && self.seconds.micros() == 0 && self.bytes == 0
    }

    /// Sets its columns.
    pub(super) fn put(self, sink: &mut dyn Sink) {
        sink.seconds(Column::DeliveredSeconds, self.seconds);
        sink.int(Column::DeliveredBytes, self.bytes);
        sink.int(Column::UniqueViewers, self.viewers);
    }
}

/// What left a transcoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Egress {
    pub(super) bytes: i64,
    pub(super) seconds: Seconds,
    pub(super) additional_targets: Seconds,
}

impl Egress {
    pub(super) fn of_row(row: &Row<'_>) -> Result<Self, Flaw> {
        let additional_targets = row.egress_seconds_additional_targets;
        Ok(Self {
            bytes: count("egress_bytes", row.egress_bytes)?,
            seconds: seconds("egress_seconds", row.egress_seconds)?,
            additional_targets: seconds("egress_seconds_additional_targets", additional_targets)?,
        })
    }

    pub(super) fn is_nothing(self) -> bool {
        self.bytes == 0 && self.seconds.micros() == 0 && self.additional_targets.micros() == 0
    }

    /// Sets its columns.
    pub(super) fn put(self, sink: &mut dyn Sink) {
        sink.seconds(Column::EgressSeconds, self.seconds);
        sink.int(Column::EgressBytes, self.bytes);
        sink.seconds(Column::EgressSecondsAdditionalTargets, self.additional_targets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Option<Raw<'_>> {
        Some(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn figures_beyond_thirty_one_bits_come_as_numbers_or_text() {
        for text in ["163535997883", "\"163535997883\""] {
            assert_eq!(count("x", raw(text)), Ok(163_535_997_883));
        }
        assert_eq!(count("x", raw("9223372036854775807")), Ok(i64::MAX));
        assert_eq!(count("x", raw("-0")), Ok(0));
        assert_eq!(seconds("x", raw("44")).map(Seconds::micros), Ok(44_000_000));
    }

    #[test]
    fn a_figure_that_cannot_be_is_the_rows_fault_and_another_type_the_answers() {
        for text in ["-1", "\"-7\"", "9223372036854775808", "1000000000000000000000000000000000000000000"] {
            assert!(matches!(count("x", raw(text)), Err(Flaw::Row { field: "x", .. })), "{text}");
        }
        for text in ["1.5", "1e3", "true", "\"many\"", "\"\"", "[]", "{}", "\"-\"", "\"+1\""] {
            assert!(matches!(count("x", raw(text)), Err(Flaw::Drift { field: "x", .. })), "{text}");
        }
        assert_eq!(count("x", None), Err(Flaw::Drift { field: "x", what: MISSING }));
        assert!(matches!(seconds("x", raw("1000000000000")), Err(Flaw::Row { .. })));
    }

    #[test]
    fn words_keep_their_escapes_resolved_and_numbers_their_digits() {
        assert_eq!(word("x", raw(r#""Studio \"B\" ü""#)).unwrap().unwrap(), "Studio \"B\" ü");
        assert_eq!(word("x", raw("4711")).unwrap().unwrap(), "4711");
        assert_eq!(word("x", None), Ok(None));
        assert!(word("x", raw("{}")).is_err());
        assert!(matches!(id(raw("\" \"")), Err(Flaw::Row { .. })));
        assert!(matches!(id(None), Err(Flaw::Drift { .. })));
    }
}
