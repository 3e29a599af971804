//! Faults: what goes wrong with which write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

/// What goes wrong with one write.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Answered with 500 before anything is written. Clients try again by themselves.
    ErrorBefore,
    /// Written, then answered with 500: the client's own second try meets its first one.
    AppliedThenError,
    /// Answered with 403 before anything is written. No client tries again.
    RefusedBefore,
    /// Written, then answered with 403.
    AppliedThenRefused,
    /// Held back before it is written, until the gate opens.
    PausedBefore(Gate),
    /// Held back after it is written, before it is answered, until the gate opens.
    PausedAfter(Gate),
    /// Written late.
    Slow(Duration),
}

/// Where a write waits: a test sees it arrive, does what it wants in the meantime, and lets it go on.
#[derive(Clone, Debug)]
pub struct Gate {
    arrived: Arc<Semaphore>,
    opened: Arc<Semaphore>,
    passed: Arc<Semaphore>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            arrived: Arc::new(Semaphore::new(0)),
            opened: Arc::new(Semaphore::new(0)),
            passed: Arc::new(Semaphore::new(0)),
        }
    }
}

impl Gate {
    /// Completes once the write is at the gate.
    pub async fn arrival(&self) {
        self.arrived.acquire().await.expect("never closed").forget();
    }

    /// Lets the write go on; also one that arrives later.
    pub fn open(&self) {
        self.opened.add_permits(1);
    }

    /// Completes once the write that was let go is carried out, or refused.
    pub async fn passed(&self) {
        self.passed.acquire().await.expect("never closed").forget();
    }

    pub(crate) fn finished(&self) {
        self.passed.add_permits(1);
    }

    pub(crate) async fn pass(&self) {
        self.arrived.add_permits(1);
        self.opened.acquire().await.expect("never closed").forget();
    }
}

/// The faults that are switched on.
#[derive(Debug, Default)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    puts: u64,
    planned: BTreeMap<u64, Fault>,
    conditions_ignored: bool,
    quotes_refused: bool,
}

impl Faults {
    /// Plans `fault` for a write: 1 is the next one, 2 the one after it.
    pub fn on_put(&self, nth: u64, fault: Fault) {
        let mut state = self.lock();
        let place = state.puts + nth;
        state.planned.insert(place, fault);
    }

    /// Takes back all that is planned.
    pub fn clear(&self) {
        self.lock().planned.clear();
    }

    /// Whether conditions of writes are silently ignored, as some stores do.
    pub fn ignore_conditions(&self, ignored: bool) {
        self.lock().conditions_ignored = ignored;
    }

    /// Whether an ETag with quotes never matches, as with some stores.
    pub fn refuse_quotes(&self, refused: bool) {
        self.lock().quotes_refused = refused;
    }

    pub(crate) fn next_put(&self) -> Option<Fault> {
        let mut state = self.lock();
        state.puts += 1;
        let place = state.puts;
        state.planned.remove(&place)
    }

    pub(crate) fn conditions_ignored(&self) -> bool {
        self.lock().conditions_ignored
    }

    pub(crate) fn quotes_refused(&self) -> bool {
        self.lock().quotes_refused
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
