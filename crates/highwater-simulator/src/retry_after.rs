//! The `Retry-After` header in its two forms.

use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};

/// How an answer says when to come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryAfter {
    /// Not at all.
    #[default]
    Absent,
    /// `Retry-After: 3`: whole seconds.
    Seconds(u64),
    /// `Retry-After: Tue, 29 Sep 2026 12:00:03 GMT`: the real clock's instant plus these whole seconds.
    Date(u64),
}

/// Which form the rate limiter uses; the wait itself comes from its bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryAfterForm {
    /// No header.
    #[default]
    Absent,
    /// Whole seconds, rounded up.
    Seconds,
    /// An HTTP date, rounded up to the next second.
    Date,
}

impl RetryAfterForm {
    /// The header that tells a client to wait for `wait`.
    #[must_use]
    pub fn after(self, wait: Duration) -> RetryAfter {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        match self {
            Self::Absent => RetryAfter::Absent,
            Self::Seconds => RetryAfter::Seconds(seconds.max(1)),
            Self::Date => RetryAfter::Date(seconds.max(1)),
        }
    }
}

impl RetryAfter {
    /// The seconds, when the header carries seconds.
    #[must_use]
    pub fn seconds(self) -> Option<u64> {
        match self {
            Self::Seconds(seconds) => Some(seconds),
            Self::Absent | Self::Date(_) => None,
        }
    }

    /// Sets the header on `response`; `Absent` leaves the response as it is.
    pub(crate) fn put_on(self, response: &mut Response<Bytes>, real_now: DateTime<Utc>) {
        let text = match self {
            Self::Absent => return,
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Date(seconds) => http_date(real_now, Duration::from_secs(seconds)),
        };
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(RETRY_AFTER, value);
        }
    }
}

/// `instant + later` as an HTTP date, a fraction of a second rounded up. Instants before 1970 count as 1970.
pub(crate) fn http_date(instant: DateTime<Utc>, later: Duration) -> String {
    let whole = instant.timestamp() + i64::from(instant.timestamp_subsec_nanos() > 0 && !later.is_zero());
    let since_epoch = Duration::from_secs(u64::try_from(whole).unwrap_or(0)) + later;
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + since_epoch)
}
