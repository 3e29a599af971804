//! Retries: how long to wait before the next try, and when to give up. The only place that knows `backoff`.
//!
//! `backoff` gives the exponential delays. It counts no tries, and a delay asked for by the server bypasses its bound on
//! time, so tries, total time and the server's wishes are bounded here.

use std::time::Duration;

use backoff::backoff::Backoff;
use backoff::{ExponentialBackoff, ExponentialBackoffBuilder};

use crate::settings::RetrySettings;

/// The retries of one request.
#[derive(Debug)]
pub(crate) struct Retries {
    settings: RetrySettings,
    delays: ExponentialBackoff,
    started_at: Duration,
    failures: u32,
}

/// What follows a failed try that may succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    /// How long the server is to be left alone.
    pub(crate) delay: Duration,
    /// Whether this request is tried again after that.
    pub(crate) again: bool,
}

impl Retries {
    /// Retries of a request whose first try starts at `started_at` (monotonic).
    pub(crate) fn new(settings: RetrySettings, started_at: Duration) -> Self {
        // Drawn from the interval plus or minus all of it, so that half the bound gives zero up to the bound.
        let delays = ExponentialBackoffBuilder::new()
            .with_initial_interval(settings.first_delay / 2)
            .with_max_interval(settings.longest_delay / 2)
            .with_multiplier(2.0)
            .with_randomization_factor(1.0)
            .with_max_elapsed_time(None)
            .build();
        Self { settings, delays, started_at, failures: 0 }
    }

    /// The tries that have failed.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts a failure at `now` (monotonic) after which the server asked for `retry_after`.
    pub(crate) fn failed(&mut self, retry_after: Option<Duration>, now: Duration) -> Pause {
        self.failures += 1;
        let drawn = self.delays.next_backoff().unwrap_or(self.settings.longest_delay);
        let asked = retry_after.unwrap_or_default().min(self.settings.retry_after_cap);
        let delay = drawn.max(asked);
        let in_time = now.saturating_sub(self.started_at) + delay <= self.settings.total;
        Pause { delay, again: self.failures < self.settings.tries && in_time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SETTINGS: RetrySettings = RetrySettings {
        tries: 5,
        first_delay: Duration::from_millis(500),
        longest_delay: Duration::from_secs(2),
        total: Duration::from_secs(300),
        retry_after_cap: Duration::from_secs(60),
    };

    #[test]
    fn delays_spread_over_all_of_a_bound_that_doubles_up_to_its_cap() {
        for (nth, bound_ms) in [500_u64, 1000, 2000, 2000].into_iter().enumerate() {
            let drawn: Vec<Duration> = (0..400)
                .map(|_| {
                    let mut retries = Retries::new(SETTINGS, Duration::ZERO);
                    (0..=nth).map(|_| retries.failed(None, Duration::ZERO).delay).last().unwrap()
                })
                .collect();
            let bound = Duration::from_millis(bound_ms);
            assert!(drawn.iter().all(|delay| *delay <= bound + Duration::from_nanos(1)));
            assert!(drawn.iter().any(|delay| *delay < bound / 4), "nothing near zero at {bound:?}");
            assert!(drawn.iter().any(|delay| *delay > bound * 3 / 4), "nothing near {bound:?}");
        }
    }

    #[test]
    fn a_server_that_always_asks_for_more_time_does_not_keep_us() {
        let mut retries = Retries::new(RetrySettings { tries: 1000, ..SETTINGS }, Duration::ZERO);
        let (mut now, mut tries) = (Duration::ZERO, 1);
        while let Pause { delay, again: true } = retries.failed(Some(Duration::from_secs(86_400)), now) {
            assert_eq!(delay, SETTINGS.retry_after_cap);
            now += delay;
            tries += 1;
        }
        assert_eq!((tries, now), (6, Duration::from_secs(300)));
    }

    proptest! {
        #[test]
        fn tries_and_time_are_bounded_whatever_the_server_asks(asked in prop::collection::vec(prop::option::of(0..200_u64), 20)) {
            let mut retries = Retries::new(SETTINGS, Duration::ZERO);
            let mut now = Duration::ZERO;
            let mut tries = 1;
            for seconds in asked {
                let pause = retries.failed(seconds.map(Duration::from_secs), now);
                if !pause.again {
                    break;
                }
                now += pause.delay;
                tries += 1;
            }
            prop_assert!(tries <= SETTINGS.tries && now <= SETTINGS.total);
        }
    }
}
