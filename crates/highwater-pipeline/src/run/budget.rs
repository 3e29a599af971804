//! The budget of requests that a run may send.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use highwater_core::Extractor;

/// Counts what the run's sources have sent against what it may send.
#[derive(Debug)]
pub(crate) struct Budget {
    most: Option<u64>,
    sources: Vec<(Arc<dyn Extractor>, u64)>,
    reserved: AtomicU64,
}

impl Budget {
    /// A budget of `most` requests from here on.
    pub(crate) fn new<'a>(most: Option<u64>, sources: impl Iterator<Item = &'a Arc<dyn Extractor>>) -> Self {
        let counted = |source: &Arc<dyn Extractor>| (Arc::clone(source), source.traffic().count().requests);
        Self { most, sources: sources.map(counted).collect(), reserved: AtomicU64::new(0) }
    }

    /// Whether a pull expected to take `requests` fits beside those on their way; alone, where none is.
    pub(crate) fn allows(&self, requests: u64, alone: bool) -> bool {
        let Some(most) = self.most else { return true };
        let sent = |(source, before): &(Arc<dyn Extractor>, u64)| source.traffic().count().requests - before;
        let sent: u64 = self.sources.iter().map(sent).sum();
        let reserved = if alone { 0 } else { self.reserved.load(Ordering::Relaxed) };
        sent + reserved + requests <= most
    }

    /// Sets `requests` aside for a pull that starts.
    pub(crate) fn reserve(&self, requests: u64) {
        self.reserved.fetch_add(requests, Ordering::Relaxed);
    }

    /// Gives back what was set aside for a pull that is over.
    pub(super) fn release(&self, requests: u64) {
        self.reserved.fetch_sub(requests, Ordering::Relaxed);
    }
}
