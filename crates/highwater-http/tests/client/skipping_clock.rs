//! A clock on which every wait is over at once and is remembered as time that passed.

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::{self, BoxFuture};
use highwater_core::Clock;

/// Starts at 2026-09-29 12:00:00 UTC.
#[derive(Debug, Default)]
pub(crate) struct SkippingClock(Mutex<Duration>);

impl SkippingClock {
    pub(crate) fn start() -> DateTime<Utc> {
        "2026-09-29T12:00:00Z".parse().unwrap()
    }
}

impl Clock for SkippingClock {
    fn now(&self) -> DateTime<Utc> {
        Self::start() + TimeDelta::from_std(self.monotonic()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        *self.0.lock().unwrap() += duration;
        Box::pin(future::ready(()))
    }
}
