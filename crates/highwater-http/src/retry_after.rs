//! The `Retry-After` header in its two forms, and HTTP dates.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// How long a `Retry-After` of `text` asks to wait, as of `now`. A date that has passed asks for nothing.
pub(crate) fn parse(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    http_date(text).map(|date| (date - now).to_std().unwrap_or_default())
}

/// An HTTP date, in any of its three forms.
pub(crate) fn http_date(text: &str) -> Option<DateTime<Utc>> {
    httpdate::parse_http_date(text).ok().map(DateTime::<Utc>::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn both_forms_are_understood() {
        let now = at("2026-09-29T12:00:00Z");
        assert_eq!(parse("120", now), Some(Duration::from_secs(120)));
        assert_eq!(parse(" 0 ", now), Some(Duration::ZERO));
        assert_eq!(parse("Tue, 29 Sep 2026 12:00:03 GMT", now), Some(Duration::from_secs(3)));
        assert_eq!(parse("Tue, 29 Sep 2026 11:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(parse("99999999999999999999999", now), Some(Duration::MAX));
    }

    #[test]
    fn what_is_neither_form_asks_for_nothing() {
        let now = at("2026-09-29T12:00:00Z");
        for text in ["", "soon", "-1", "1.5", "2026-09-29T12:00:00Z"] {
            assert_eq!(parse(text, now), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered_without_panic(text in ".{0,40}") {
            let _ = parse(&text, DateTime::UNIX_EPOCH);
        }
    }
}
