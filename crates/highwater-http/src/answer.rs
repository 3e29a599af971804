//! An answer: status, body and the few headers that mean something to us.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::redact::Redaction;

/// A complete answer to one request.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, decompressed, otherwise as received.
    pub body: Bytes,
    /// The `Content-Type`, if it was sent and is text.
    pub content_type: Option<String>,
    /// The server's clock from the `Date` header, to the second.
    pub server_time: Option<DateTime<Utc>>,
    /// How long the server asks us to wait, as it said it.
    pub retry_after: Option<Duration>,
    /// When the body was complete, by the clock that pulls go by.
    pub received_at: DateTime<Utc>,
    pub(crate) redaction: Redaction,
}

impl Answer {
    /// An answer without headers: what the tests of a provider crate classify.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Bytes>, received_at: DateTime<Utc>) -> Self {
        Self {
            status,
            body: body.into(),
            content_type: None,
            server_time: None,
            retry_after: None,
            received_at,
            redaction: Redaction::default(),
        }
    }

    /// Whether the status is one of success (2xx).
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Text of the provider made fit for an error message: the source's credentials cut out, on one line, short.
    #[must_use]
    pub fn quote(&self, text: &str) -> String {
        self.redaction.quote(text)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}
