//! Time as a parameter: the [`Clock`] trait and a clock that only moves when told to.
//!
//! Nothing in Highwater reads the machine's time except the one real clock in `highwater-http`, so that a test, a
//! rehearsal or `--now` decides what time it is.

use std::collections::BinaryHeap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;

/// A source of time and of waiting.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The current instant, UTC. May step backwards when the machine's clock is set.
    fn now(&self) -> DateTime<Utc>;

    /// Time since an arbitrary origin; never steps backwards. For measuring and pacing.
    fn monotonic(&self) -> Duration;

    /// Completes once `duration` has passed. Dropping the future cancels the wait.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// A clock that stands still until [`advance`](ManualClock::advance) moves it. Sleepers are parked, not polled.
#[derive(Clone)]
pub struct ManualClock {
    state: Arc<Mutex<ManualState>>,
}

struct ManualState {
    origin: DateTime<Utc>,
    elapsed: Duration,
    sleepers: BinaryHeap<Sleeper>,
    next_sleeper: u64,
}

struct Sleeper {
    due: Duration,
    order: u64,
    waker: Waker,
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        (self.due, self.order) == (other.due, other.order)
    }
}
impl Eq for Sleeper {}
impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.due, other.order).cmp(&(self.due, self.order))
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl ManualClock {
    /// A clock that says `now` until it is moved.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        let state = ManualState {
            origin: now,
            elapsed: Duration::ZERO,
            sleepers: BinaryHeap::new(),
            next_sleeper: 0,
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Moves the clock forward and wakes every sleeper whose time has come, the earliest first.
    pub fn advance(&self, by: Duration) {
        let mut woken = Vec::new();
        {
            let mut state = self.lock();
            state.elapsed += by;
            while state.sleepers.peek().is_some_and(|sleeper| sleeper.due <= state.elapsed) {
                woken.extend(state.sleepers.pop());
            }
        }
        woken.into_iter().for_each(|sleeper| sleeper.waker.wake());
    }

    /// The time until the earliest parked sleeper is due, if anybody sleeps.
    #[must_use]
    pub fn until_next_sleeper(&self) -> Option<Duration> {
        let state = self.lock();
        state.sleepers.peek().map(|sleeper| sleeper.due.saturating_sub(state.elapsed))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ManualState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        let state = self.lock();
        state.origin + TimeDelta::from_std(state.elapsed).unwrap_or(TimeDelta::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.lock().elapsed
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let due = self.lock().elapsed + duration;
        Box::pin(ManualSleep { clock: self.clone(), due })
    }
}

struct ManualSleep {
    clock: ManualClock,
    due: Duration,
}

impl Future for ManualSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.lock();
        if self.due <= state.elapsed {
            return Poll::Ready(());
        }
        let order = state.next_sleeper;
        state.next_sleeper += 1;
        state.sleepers.push(Sleeper { due: self.due, order, waker: context.waker().clone() });
        Poll::Pending
    }
}

/// A clock that says another date than `inner` but runs with it: what `--now` installs.
#[derive(Debug)]
pub struct ShiftedClock {
    inner: Arc<dyn Clock>,
    shift: TimeDelta,
}

impl ShiftedClock {
    /// A clock that says `now` at this moment and runs on from there with `inner`.
    #[must_use]
    pub fn starting_at(now: DateTime<Utc>, inner: Arc<dyn Clock>) -> Self {
        let shift = now - inner.now();
        Self { inner, shift }
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> DateTime<Utc> {
        self.inner.now() + self.shift
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_sleeper_wakes_when_the_clock_reaches_it_and_not_before() {
        let clock = ManualClock::new(DateTime::UNIX_EPOCH);
        let mut sleep = clock.sleep(Duration::from_secs(10));
        assert!((&mut sleep).now_or_never().is_none());
        clock.advance(Duration::from_secs(9));
        assert_eq!(clock.until_next_sleeper(), Some(Duration::from_secs(1)));
        assert!((&mut sleep).now_or_never().is_none());
        clock.advance(Duration::from_secs(1));
        assert!(sleep.now_or_never().is_some());
    }

    #[test]
    fn a_shifted_clock_runs_with_its_inner_clock() {
        let inner = ManualClock::new(DateTime::UNIX_EPOCH);
        let shifted =
            ShiftedClock::starting_at(DateTime::UNIX_EPOCH + TimeDelta::days(9), Arc::new(inner.clone()));
        inner.advance(Duration::from_secs(60));
        assert_eq!(shifted.now(), DateTime::UNIX_EPOCH + TimeDelta::days(9) + TimeDelta::minutes(1));
    }
}
