//! The budget of requests that a run may send.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use highwater_core::{Extractor, TrafficCount};

/// Counts what the run's sources have sent against what it may send.
#[derive(Debug)]
pub(crate) struct Budget {
    most: Option<u64>,
    sources: Vec<(Arc<dyn Extractor>, TrafficCount)>,
    reserved: AtomicU64,
}

impl Budget {
    /// A budget of `most` requests from here on.
    pub(crate) fn new<'a>(most: Option<u64>, sources: impl Iterator<Item = &'a Arc<dyn Extractor>>) -> Self {
        let counted = |source: &Arc<dyn Extractor>| (Arc::clone(source), source.traffic().count());
        Self { most, sources: sources.map(counted).collect(), reserved: AtomicU64::new(0) }
    }

    /// Whether a pull expected to take `requests` fits beside those on their way; alone, where none is.
    pub(super) fn allows(&self, requests: u64, alone: bool) -> bool {
        let Some(most) = self.most else { return true };
        let sent = self.sources.iter().map(|(source, before)| (source.traffic().count() - *before).requests);
        let sent: u64 = sent.sum();
        let reserved = if alone { 0 } else { self.reserved.load(Ordering::Relaxed) };
        sent + reserved + requests <= most
    }

    /// Sets `requests` aside for good, if they fit beside all that was set aside before. What is sent of them counts once,
    /// and each retry beside.
    pub(crate) fn claim(&self, requests: u64) -> bool {
        let Some(most) = self.most else { return true };
        let (mut first_tries, mut retries) = (0, 0);
        for (source, before) in &self.sources {
            let sent = source.traffic().count() - *before;
            first_tries += sent.requests.saturating_sub(sent.retries);
            retries += sent.retries;
        }
        let claimed = self.reserved.load(Ordering::Relaxed).max(first_tries);
        let fits = claimed + retries + requests <= most;
        if fits {
            self.reserved.store(claimed + requests, Ordering::Relaxed);
        }
        fits
    }

    /// Sets `requests` aside for a pull that starts.
    pub(super) fn reserve(&self, requests: u64) {
        self.reserved.fetch_add(requests, Ordering::Relaxed);
    }

    /// Gives back what was set aside for a pull that is over.
    pub(super) fn release(&self, requests: u64) {
        self.reserved.fetch_sub(requests, Ordering::Relaxed);
    }
}
