//! A clock on which every wait is over at once and is remembered as time that passed.

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::{self, BoxFuture};
use highwater_core::Clock;

#[derive(Debug)]
pub(crate) struct SkippingClock {
    start: DateTime<Utc>,
    passed: Mutex<Duration>,
}

impl SkippingClock {
    pub(crate) fn new(start: DateTime<Utc>) -> Self {
        Self { start, passed: Mutex::default() }
    }
}

impl Clock for SkippingClock {
    fn now(&self) -> DateTime<Utc> {
        self.start + TimeDelta::from_std(self.monotonic()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.passed.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        *self.passed.lock().unwrap() += duration;
        Box::pin(future::ready(()))
    }
}
