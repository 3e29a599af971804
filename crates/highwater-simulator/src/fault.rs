//! One fault laid around any provider's API: which requests it strikes, and what it does to the answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::request::Parts;
use bytes::Bytes;
use serde_json::Value;

use crate::retry_after::RetryAfter;

/// A body's way from what the provider said to what is sent.
pub type Rewrite = Arc<dyn Fn(Bytes) -> Bytes + Send + Sync>;

type Filter = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// What a fault does to one answer.
#[derive(Clone)]
pub(crate) enum Action {
    TooManyRequests(RetryAfter),
    Status { status: StatusCode, retry_after: RetryAfter },
    CutOff,
    Slow(Duration),
    Html,
    Reset,
    Rewrite(Rewrite),
}

/// Which of the requests that a fault looks at, counted from one, it strikes.
#[derive(Clone, Copy, Debug)]
enum Turns {
    All,
    Nth(u64),
    Every(u64),
    First(u64),
}

/// One fault: an action, the requests it looks at, and which of those it strikes.
///
/// It strikes every request until narrowed. Requests that its filters let pass are counted from one, for each fault
/// by itself, so that the same sequence of requests always meets the same faults.
#[derive(Clone)]
pub struct Fault {
    name: &'static str,
    action: Action,
    filters: Vec<Filter>,
    turns: Turns,
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Fault");
        out.field("name", &self.name)
            .field("filters", &self.filters.len())
            .field("turns", &self.turns)
            .finish()
    }
}

impl Fault {
    fn new(name: &'static str, action: Action) -> Self {
        Self { name, action, filters: Vec::new(), turns: Turns::All }
    }

    /// 429 in the provider's own shape.
    #[must_use]
    pub fn too_many_requests(retry_after: RetryAfter) -> Self {
        Self::new("too_many_requests", Action::TooManyRequests(retry_after))
    }

    /// A bare status with a line of text, as a gateway in front of the provider would answer.
    #[must_use]
    pub fn status(status: StatusCode) -> Self {
        Self::status_with_retry_after(status, RetryAfter::Absent)
    }

    /// The same with a `Retry-After` header.
    #[must_use]
    pub fn status_with_retry_after(status: StatusCode, retry_after: RetryAfter) -> Self {
        Self::new("status", Action::Status { status, retry_after })
    }

    /// The provider's answer, of which half the body arrives before the connection closes.
    #[must_use]
    pub fn cut_off() -> Self {
        Self::new("cut_off", Action::CutOff)
    }

    /// The provider's answer, `delay` late by the server's real clock.
    #[must_use]
    pub fn slow(delay: Duration) -> Self {
        Self::new("slow", Action::Slow(delay))
    }

    /// 200 with a page of HTML, as a captive portal or a maintenance page would be.
    #[must_use]
    pub fn html() -> Self {
        Self::new("html", Action::Html)
    }

    /// The connection is reset after the request was read; no byte is answered.
    #[must_use]
    pub fn reset() -> Self {
        Self::new("reset", Action::Reset)
    }

    /// The provider's answer with another body.
    #[must_use]
    pub fn rewrite(rewrite: impl Fn(Bytes) -> Bytes + Send + Sync + 'static) -> Self {
        Self::new("rewrite", Action::Rewrite(Arc::new(rewrite)))
    }

    /// The provider's answer with its JSON body edited: to add or drop a field, change a type, spoil a row. A body
    /// that is not JSON goes out as it is.
    #[must_use]
    pub fn edit_json(edit: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::rewrite(move |body| match serde_json::from_slice::<Value>(&body) {
            Ok(mut value) => {
                edit(&mut value);
                Bytes::from(value.to_string())
            }
            Err(_) => body,
        })
    }

    /// Looks only at requests whose path and query contain `part`, as received (percent-encoded).
    #[must_use]
    pub fn where_path_contains(self, part: impl Into<String>) -> Self {
        let part = part.into();
        self.when(move |request| request.uri.to_string().contains(&part))
    }

    /// Looks only at requests that meet `filter`, besides the filters it already has.
    #[must_use]
    pub fn when(mut self, filter: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.filters.push(Arc::new(filter));
        self
    }

    /// Strikes the `n`th request alone, counted from one.
    #[must_use]
    pub fn nth(mut self, n: u64) -> Self {
        self.turns = Turns::Nth(n);
        self
    }

    /// Strikes every `n`th request.
    #[must_use]
    pub fn every(mut self, n: u64) -> Self {
        self.turns = Turns::Every(n.max(1));
        self
    }

    /// Strikes the first `n` requests.
    #[must_use]
    pub fn first(mut self, n: u64) -> Self {
        self.turns = Turns::First(n);
        self
    }

    pub(crate) fn looks_at(&self, request: &Parts) -> bool {
        self.filters.iter().all(|filter| filter(request))
    }

    /// Whether it strikes the `number`th request that it looks at.
    pub(crate) fn strikes(&self, number: u64) -> bool {
        match self.turns {
            Turns::All => true,
            Turns::Nth(n) => number == n,
            Turns::Every(n) => number.is_multiple_of(n),
            Turns::First(n) => number <= n,
        }
    }

    pub(crate) fn strike(&self) -> Strike {
        Strike { name: self.name, action: self.action.clone() }
    }
}

/// An action whose turn it is, with the name that goes into the log.
#[derive(Clone)]
pub(crate) struct Strike {
    pub(crate) name: &'static str,
    pub(crate) action: Action,
}
