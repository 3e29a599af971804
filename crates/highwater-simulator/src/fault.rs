//! Faults laid around any provider's API: when they strike, and what they do to the answer.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
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

    fn looks_at(&self, request: &Parts) -> bool {
        self.filters.iter().all(|filter| filter(request))
    }
}

/// The faults of one server, in the order they are applied. Clones share the plan, so a test keeps one and changes it
/// while the server runs.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    armed: Arc<Mutex<Vec<Armed>>>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u64,
    struck: u64,
}

/// An action whose turn it is, with the name that goes into the log.
#[derive(Clone)]
pub(crate) struct Strike {
    pub(crate) name: &'static str,
    pub(crate) action: Action,
}

impl FaultPlan {
    /// A plan without faults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault behind those already there; its count starts now.
    pub fn add(&self, fault: Fault) {
        self.lock().push(Armed { fault, seen: 0, struck: 0 });
    }

    /// Removes all faults.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How often the faults now in the plan have struck.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.lock().iter().map(|armed| armed.struck).sum()
    }

    /// Counts `request` with every fault that looks at it and returns those that strike it, in order.
    pub(crate) fn strikes(&self, request: &Parts) -> Vec<Strike> {
        let mut strikes = Vec::new();
        for armed in self.lock().iter_mut().filter(|armed| armed.fault.looks_at(request)) {
            armed.seen += 1;
            let due = match armed.fault.turns {
                Turns::All => true,
                Turns::Nth(n) => armed.seen == n,
                Turns::Every(n) => armed.seen.is_multiple_of(n),
                Turns::First(n) => armed.seen <= n,
            };
            if due {
                armed.struck += 1;
                strikes.push(Strike { name: armed.fault.name, action: armed.fault.action.clone() });
            }
        }
        strikes
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Armed>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn strikes(plan: &FaultPlan, path: &str) -> usize {
        let (parts, ()) = Request::get(path).body(()).unwrap().into_parts();
        plan.strikes(&parts).len()
    }

    #[test]
    fn a_fault_counts_only_the_requests_it_looks_at() {
        let plan = FaultPlan::new();
        plan.add(Fault::reset().where_path_contains("page=2").nth(2));
        let paths = ["/a?page=2", "/a?page=1", "/a?page=1", "/a?page=2", "/a?page=2"];
        let struck: Vec<usize> = paths.iter().map(|path| strikes(&plan, path)).collect();
        assert_eq!(struck, [0, 0, 0, 1, 0]);
        assert_eq!(plan.struck(), 1);
    }

    #[test]
    fn turns_are_counted_from_one() {
        let plan = FaultPlan::new();
        plan.add(Fault::html().every(3));
        plan.add(Fault::cut_off().first(2));
        let struck: Vec<usize> = (0..6).map(|_| strikes(&plan, "/")).collect();
        assert_eq!(struck, [1, 1, 1, 0, 0, 1]);
    }
}
