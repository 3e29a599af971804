//! Traffic: what a source has asked of its provider, counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that only grow. Shared between the client that counts and whoever reports.
#[derive(Debug, Default)]
pub struct Traffic {
    requests: AtomicU64,
    retries: AtomicU64,
    rate_limited: AtomicU64,
    bytes: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrafficCount {
    /// Requests sent, retries included.
    pub requests: u64,
    /// Requests that repeated one that failed.
    pub retries: u64,
    /// Answers that asked us to slow down.
    pub rate_limited: u64,
    /// Bytes of bodies received, decompressed.
    pub bytes: u64,
}

impl Traffic {
    /// Counts a request about to be sent.
    pub fn count_request(&self, is_retry: bool) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.retries.fetch_add(u64::from(is_retry), Ordering::Relaxed);
    }

    /// Counts an answer that asked us to slow down.
    pub fn count_rate_limited(&self) {
        self.rate_limited.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a body received.
    pub fn count_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The counters now.
    #[must_use]
    pub fn count(&self) -> TrafficCount {
        TrafficCount {
            requests: self.requests.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            rate_limited: self.rate_limited.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

impl std::ops::Sub for TrafficCount {
    type Output = Self;
    fn sub(self, earlier: Self) -> Self {
        Self {
            requests: self.requests - earlier.requests,
            retries: self.retries - earlier.retries,
            rate_limited: self.rate_limited - earlier.rate_limited,
            bytes: self.bytes - earlier.bytes,
        }
    }
}
