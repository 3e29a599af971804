//! The providers' rate limit: a token bucket, and the headers it speaks through.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};

use crate::retry_after::RetryAfterForm;

/// A provider's limit on requests.
///
/// unknown: the providers document hardly more than a figure; burst, headers and `Retry-After` are this simulator's
/// choice, and each can be switched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    /// Tokens that come back each second.
    pub requests_per_second: f64,
    /// How many tokens the bucket holds; it starts full.
    pub burst: u32,
    /// Whether every answer carries `X-RateLimit-Limit` (the burst) and `X-RateLimit-Remaining` (whole tokens left).
    pub headers: bool,
    /// How a refusal says when to come back.
    pub retry_after: RetryAfterForm,
}

impl RateLimit {
    /// `requests_per_second` with the given burst, rate-limit headers on, no `Retry-After`.
    #[must_use]
    pub fn new(requests_per_second: f64, burst: u32) -> Self {
        Self { requests_per_second, burst, headers: true, retry_after: RetryAfterForm::Absent }
    }

    /// What Mux grants for reads: 5 a second; the burst of 10 is an assumption.
    #[must_use]
    pub fn mux() -> Self {
        Self::new(5.0, 10)
    }

    /// The same limit with `Retry-After` on refusals.
    #[must_use]
    pub fn with_retry_after(mut self, form: RetryAfterForm) -> Self {
        self.retry_after = form;
        self
    }

    /// The same limit without `X-RateLimit-*` headers.
    #[must_use]
    pub fn without_headers(mut self) -> Self {
        self.headers = false;
        self
    }
}

/// What the bucket says to one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Granted { remaining: u32 },
    Refused { wait: Duration },
}

/// The tokens at hand. Time is handed in, so that it runs with whatever clock the server has.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    limit: RateLimit,
    tokens: f64,
    counted_at: Duration,
}

impl TokenBucket {
    pub(crate) fn new(limit: RateLimit, now: Duration) -> Self {
        Self { limit, tokens: f64::from(limit.burst.max(1)), counted_at: now }
    }

    pub(crate) fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Takes one token at `now` (monotonic). A refusal takes none.
    pub(crate) fn take(&mut self, now: Duration) -> Verdict {
        let passed = now.saturating_sub(self.counted_at).as_secs_f64();
        self.counted_at = self.counted_at.max(now);
        let full = f64::from(self.limit.burst.max(1));
        self.tokens = (self.tokens + passed * self.limit.requests_per_second).min(full);
        // A caller that comes exactly when its token is due must not lose it to a rounding of the sum above.
        if self.tokens > 1.0 - 1e-9 {
            self.tokens = (self.tokens - 1.0).max(0.0);
            return Verdict::Granted { remaining: whole(self.tokens) };
        }
        let wait = (1.0 - self.tokens) / self.limit.requests_per_second;
        Verdict::Refused { wait: Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX) }
    }

    /// Puts the limit's headers on an answer, if they are switched on.
    pub(crate) fn announce(limit: RateLimit, remaining: u32, headers: &mut HeaderMap) {
        if limit.headers {
            headers.insert("x-ratelimit-limit", HeaderValue::from(limit.burst));
            headers.insert("x-ratelimit-remaining", HeaderValue::from(remaining));
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tokens lie between zero and a u32 burst"
)]
fn whole(tokens: f64) -> u32 {
    tokens as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_granted_and_the_next_request_waits_for_its_token() {
        let mut bucket = TokenBucket::new(RateLimit::new(5.0, 2), Duration::ZERO);
        assert_eq!(bucket.take(Duration::ZERO), Verdict::Granted { remaining: 1 });
        assert_eq!(bucket.take(Duration::ZERO), Verdict::Granted { remaining: 0 });
        assert_eq!(bucket.take(Duration::ZERO), Verdict::Refused { wait: Duration::from_millis(200) });
        assert_eq!(bucket.take(Duration::from_millis(200)), Verdict::Granted { remaining: 0 });
    }

    #[test]
    fn even_requests_at_the_granted_rate_are_never_refused() {
        let mut bucket = TokenBucket::new(RateLimit::new(20.0, 1), Duration::ZERO);
        for tick in 0..100_000_u32 {
            let verdict = bucket.take(Duration::from_millis(50) * tick);
            assert!(matches!(verdict, Verdict::Granted { .. }), "refused at tick {tick}");
        }
    }

    #[test]
    fn a_long_rest_earns_no_more_than_the_burst() {
        let mut bucket = TokenBucket::new(RateLimit::new(5.0, 3), Duration::ZERO);
        let granted = (0..10)
            .filter(|_| matches!(bucket.take(Duration::from_secs(3600)), Verdict::Granted { .. }))
            .count();
        assert_eq!(granted, 3);
    }
}
