//! Instants as the provider prints them: with or without milliseconds, and with a sixtieth minute.

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::wire::Raw;

use super::figures::{Flaw, required_word};

/// The instant of a field that must be there. What is no text is drift; a text that is no instant is the row's fault.
pub(super) fn instant(field: &'static str, value: Option<Raw<'_>>) -> Result<DateTime<Utc>, Flaw> {
    let text = required_word(field, value)?;
    parse(&text).ok_or(Flaw::Row { field, reason: "not an instant" })
}

/// `…T12:60:00Z`, as the pages of v1.9 and v1.10 print the last sample of an hour, is the next full hour.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.to_utc());
    }
    let (date_and_hour, rest) = (text.get(..13)?, text.get(13..)?);
    let seconds = rest.strip_prefix(":60")?;
    let on_the_hour = DateTime::parse_from_rfc3339(&format!("{date_and_hour}:00{seconds}")).ok()?;
    on_the_hour.to_utc().checked_add_signed(TimeDelta::hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_of_an_instant_is_read() {
        for (text, expected) in [
            ("2022-01-26T12:01:00Z", "2022-01-26T12:01:00Z"),
            ("2022-01-26T12:01:00.000Z", "2022-01-26T12:01:00Z"),
            ("2022-01-26T12:60:00Z", "2022-01-26T13:00:00Z"),
            ("2022-12-31T23:60:00.000Z", "2023-01-01T00:00:00Z"),
            ("2022-01-26T14:01:00+02:00", "2022-01-26T12:01:00Z"),
        ] {
            assert_eq!(parse(text), Some(expected.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in
            ["", "2022-01-26T12:61:00Z", "2022-01-26", "2022-01-26T25:60:00Z", "2022-01-26T12:6", "soon"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered_without_panic(text in ".{0,32}") {
            let _ = parse(&text);
        }
    }
}
