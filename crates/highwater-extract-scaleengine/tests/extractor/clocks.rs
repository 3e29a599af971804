//! Clocks for tests: one that does not wait, and one that never says the same twice.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use highwater_core::Clock;
use highwater_http::SystemClock;

/// Whoever sleeps on it wakes at once, that much later.
#[derive(Debug)]
pub(crate) struct ImpatientClock {
    origin: DateTime<Utc>,
    elapsed: Mutex<Duration>,
}

impl ImpatientClock {
    pub(crate) fn starting_at(origin: DateTime<Utc>) -> Self {
        Self { origin, elapsed: Mutex::default() }
    }
}

impl Clock for ImpatientClock {
    fn now(&self) -> DateTime<Utc> {
        self.origin + TimeDelta::from_std(self.monotonic()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.elapsed.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        *self.elapsed.lock().unwrap() += duration;
        futures::future::ready(()).boxed()
    }
}

/// The machine's time, a second later each time it is asked.
#[derive(Debug, Default)]
pub(crate) struct TickingClock {
    ticks: AtomicI64,
}

impl Clock for TickingClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::seconds(self.ticks.fetch_add(1, Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}
