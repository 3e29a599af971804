//! Pace: requests of one source leave evenly spaced, and not at all while the provider wants to be left alone.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use highwater_core::{Clock, Error, ErrorKind, Result};

type Limiter = RateLimiter<NotKeyed, InMemoryState, PaceClock, NoOpMiddleware<Duration>>;

/// Hands out turns to send.
pub(crate) struct Pace {
    clock: Arc<dyn Clock>,
    limiter: Limiter,
    /// Held by whoever is next, so that turns are handed out in order and one sleeper at a time watches the limiter.
    next: tokio::sync::Mutex<()>,
    /// Monotonic instant before which nothing is sent.
    resumes_at: Mutex<Duration>,
}

impl Pace {
    /// A pace of `requests_per_second`, of which `burst` may go at once after a rest; `None` is a quarter second's worth.
    ///
    /// # Errors
    /// `Config` when the rate is not a number above zero.
    pub(crate) fn new(requests_per_second: f64, burst: Option<u32>, clock: Arc<dyn Clock>) -> Result<Self> {
        let wrong = || {
            let message =
                format!("requests_per_second must be a number above zero, not `{requests_per_second}`");
            Error::new(ErrorKind::Config, message)
        };
        if !requests_per_second.is_finite() || requests_per_second <= 0.0 {
            return Err(wrong());
        }
        let spacing = Duration::try_from_secs_f64(requests_per_second.recip()).map_err(|_| wrong())?;
        let burst = NonZeroU32::new(burst.unwrap_or(quarter_second(requests_per_second)));
        let quota = Quota::with_period(spacing.max(Duration::from_nanos(1))).ok_or_else(wrong)?;
        let quota = quota.allow_burst(burst.unwrap_or(NonZeroU32::MIN));
        let limiter = RateLimiter::direct_with_clock(quota, PaceClock(Arc::clone(&clock)));
        Ok(Self { clock, limiter, next: tokio::sync::Mutex::default(), resumes_at: Mutex::default() })
    }

    /// Completes when it is the caller's turn to send. Dropping it gives the turn to the next in line.
    pub(crate) async fn turn(&self) {
        let _next = self.next.lock().await;
        loop {
            let now = self.clock.monotonic();
            let paused = self.resumes_at.lock().unwrap_or_else(PoisonError::into_inner).saturating_sub(now);
            let wait = if paused > Duration::ZERO {
                paused
            } else {
                match self.limiter.check() {
                    Ok(()) => return,
                    Err(too_early) => too_early.wait_time_from(now),
                }
            };
            self.clock.sleep(wait).await;
        }
    }

    /// Sends nothing for `delay`. Pauses do not add up: the one that ends last counts.
    pub(crate) fn pause(&self, delay: Duration) {
        let until = self.clock.monotonic().saturating_add(delay);
        let mut resumes_at = self.resumes_at.lock().unwrap_or_else(PoisonError::into_inner);
        *resumes_at = until.max(*resumes_at);
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace").field("resumes_at", &self.resumes_at).finish_non_exhaustive()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the rate is positive; `as` saturates"
)]
fn quarter_second(requests_per_second: f64) -> u32 {
    (requests_per_second / 4.0) as u32
}

/// Our clock as the limiter wants to see it.
#[derive(Clone, Debug)]
struct PaceClock(Arc<dyn Clock>);

impl governor::clock::Clock for PaceClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use futures::stream::{FuturesUnordered, StreamExt};
    use futures::{FutureExt, future};
    use highwater_core::ManualClock;

    /// Runs `workers` that each send, wait `answer_time` for the answer and start over, for `span` of virtual time.
    /// Returns when each request was sent.
    fn drive(
        pace: &Pace,
        clock: &ManualClock,
        workers: usize,
        answer_time: Duration,
        span: Duration,
    ) -> Vec<Duration> {
        let sent = Mutex::new(Vec::new());
        let mut running: FuturesUnordered<_> = (0..workers)
            .map(|_| async {
                loop {
                    pace.turn().await;
                    sent.lock().unwrap().push(clock.monotonic());
                    clock.sleep(answer_time).await;
                }
            })
            .collect();
        let end = clock.monotonic() + span;
        while clock.monotonic() < end {
            let never: Option<Option<()>> = running.next().now_or_never();
            assert!(never.is_none());
            clock.advance(clock.until_next_sleeper().expect("somebody waits").max(Duration::from_nanos(1)));
        }
        drop(running);
        sent.into_inner().unwrap()
    }

    fn paced(requests_per_second: f64) -> (Pace, ManualClock) {
        let clock = ManualClock::new(DateTime::UNIX_EPOCH);
        (Pace::new(requests_per_second, None, Arc::new(clock.clone())).unwrap(), clock)
    }

    #[test]
    fn slow_answers_leave_no_permitted_request_unused() {
        let (pace, clock) = paced(20.0);
        let sent = drive(&pace, &clock, 12, Duration::from_millis(300), Duration::from_secs(60));
        let permitted = 20 * 60;
        assert!(sent.len() * 100 >= permitted * 97, "{} of {permitted}", sent.len());
        assert!(sent.len() <= permitted + 5, "{} of {permitted}", sent.len());
    }

    #[test]
    fn requests_are_spaced_evenly_after_the_first_burst() {
        let (pace, clock) = paced(20.0);
        let sent = drive(&pace, &clock, 12, Duration::from_millis(300), Duration::from_secs(5));
        assert!(sent[..5].iter().all(|at| *at == Duration::ZERO), "a quarter second's worth goes at once");
        for pair in sent[4..].windows(2) {
            assert_eq!(pair[1] - pair[0], Duration::from_millis(50));
        }
    }

    #[test]
    fn a_rate_below_one_a_second_is_kept() {
        let (pace, clock) = paced(0.125);
        let sent = drive(&pace, &clock, 3, Duration::from_millis(10), Duration::from_secs(80));
        assert_eq!(sent.len(), 10);
    }

    #[test]
    fn a_pause_holds_everybody_and_a_shorter_one_does_not_end_it() {
        let (pace, clock) = paced(20.0);
        pace.pause(Duration::from_secs(30));
        pace.pause(Duration::from_secs(1));
        let sent = drive(&pace, &clock, 12, Duration::from_millis(300), Duration::from_secs(31));
        assert_eq!(sent[0], Duration::from_secs(30));
        assert!(sent.len() <= 25);
    }

    #[test]
    fn who_gives_up_waiting_blocks_nobody() {
        let (pace, clock) = paced(1.0);
        assert!(pace.turn().now_or_never().is_some());
        let mut first = Box::pin(pace.turn());
        let mut second = Box::pin(pace.turn());
        assert!(future::join(&mut first, &mut second).now_or_never().is_none());
        drop(first);
        clock.advance(Duration::from_secs(1));
        assert!(second.now_or_never().is_some());
    }

    #[test]
    fn a_rate_that_is_none_is_refused() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = Pace::new(rate, None, Arc::new(ManualClock::new(DateTime::UNIX_EPOCH))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
        }
    }
}
