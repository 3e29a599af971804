//! A clock on which every wait is over at once and counts as time that has passed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use highwater_core::Clock;

/// Stands still but for sleepers: a sleep completes when it is first polled and moves the clock forward by its length.
/// Clones share the time. Not for races between a sleep and work: the sleep always wins.
#[derive(Clone, Debug)]
pub struct HastyClock {
    origin: DateTime<Utc>,
    elapsed: Arc<Mutex<Duration>>,
}

impl HastyClock {
    /// A clock that says `now` until somebody sleeps.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { origin: now, elapsed: Arc::default() }
    }

    /// All time slept so far, by everybody.
    #[must_use]
    pub fn slept(&self) -> Duration {
        *self.elapsed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for HastyClock {
    fn now(&self) -> DateTime<Utc> {
        self.origin + TimeDelta::from_std(self.slept()).unwrap_or(TimeDelta::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.slept()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let elapsed = Arc::clone(&self.elapsed);
        Box::pin(async move {
            let mut elapsed = elapsed.lock().unwrap_or_else(PoisonError::into_inner);
            *elapsed = elapsed.saturating_add(duration);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_sleep_is_over_at_once_and_has_taken_its_time() {
        let clock = HastyClock::new(DateTime::UNIX_EPOCH);
        let other = clock.clone();
        drop(clock.sleep(Duration::from_secs(5)));
        assert_eq!(clock.slept(), Duration::ZERO, "nobody waited");
        assert!(clock.sleep(Duration::from_secs(60)).now_or_never().is_some());
        assert_eq!(other.now(), DateTime::UNIX_EPOCH + TimeDelta::minutes(1));
        assert_eq!(other.monotonic(), Duration::from_secs(60));
    }
}
