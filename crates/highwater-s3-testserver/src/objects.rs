//! The objects of the one bucket, and what was asked of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Objects by key. Every operation is atomic.
#[derive(Debug, Default)]
pub struct Objects {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Bytes>,
    counts: Counts,
    written: Vec<String>,
}

/// How often each kind of request was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Reads of objects, whole or in part, and of their heads.
    pub gets: u64,
    /// Writes that were asked for.
    pub puts: u64,
    /// Writes that took place.
    pub written: u64,
    /// Removals.
    pub deletes: u64,
    /// Listings.
    pub lists: u64,
}

/// What a write demands of the object as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    Nothing,
    Absent,
    Tag(String),
}

/// Why a write did not take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unmet {
    Missing,
    Changed,
}

impl Objects {
    /// The content at `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Bytes> {
        self.lock().objects.get(key).cloned()
    }

    /// All keys that start with `prefix`, in order.
    #[must_use]
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let state = self.lock();
        let from = state.objects.range(prefix.to_owned()..);
        from.map(|(key, _)| key.clone()).take_while(|key| key.starts_with(prefix)).collect()
    }

    /// Puts `content` at `key`, as somebody else would who does not ask.
    pub fn insert(&self, key: &str, content: Bytes) {
        self.lock().objects.insert(key.to_owned(), content);
    }

    /// Removes what is at `key`.
    pub fn remove(&self, key: &str) {
        self.lock().objects.remove(key);
    }

    /// What was asked since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// The keys of the writes that took place, in their order.
    #[must_use]
    pub fn written(&self) -> Vec<String> {
        self.lock().written.clone()
    }

    pub(crate) fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.lock().counts);
    }

    pub(crate) fn put(&self, key: &str, content: Bytes, demand: &Demand) -> Result<String, Unmet> {
        let mut state = self.lock();
        let current = state.objects.get(key).map(|content| tag(content));
        match (demand, current) {
            (Demand::Absent, Some(_)) => return Err(Unmet::Changed),
            (Demand::Tag(_), None) => return Err(Unmet::Missing),
            (Demand::Tag(wanted), Some(current)) if *wanted != current => return Err(Unmet::Changed),
            _ => {}
        }
        let tag = tag(&content);
        state.objects.insert(key.to_owned(), content);
        state.counts.written += 1;
        state.written.push(key.to_owned());
        Ok(tag)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ETag of a content, without quotes.
pub(crate) fn tag(content: &[u8]) -> String {
    Sha256::digest(content).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
