//! A unit while its pulls are made: what is on its way, what is settled, what waits to become durable.

use std::sync::Arc;
use std::time::Duration;

use highwater_core::{FailedWindow, HeldWindow, Window};
use highwater_transform::share_texts;

use super::prepare::Fresh;
use super::progress::Outcome;
use super::publish::Batch;
use super::summary::PullCounts;
use super::unit_run::UnitRun;

/// The most memory of rows that a unit commits at once: a million of them or more…
const COMMIT_BYTES: u64 = 92 * 1024 * 1024;
/// … and the longest that it holds some.
const COMMIT_INTERVAL: Duration = Duration::from_secs(300);

/// A unit that was started and is not finished.
#[derive(Debug)]
pub(super) struct OpenUnit {
    pub(super) run: Arc<UnitRun>,
    /// Requests that one pull is expected to take.
    pub(super) requests_a_pull: u64,
    /// Pulls not yet started.
    pub(super) waiting: usize,
    /// Pulls on their way.
    pub(super) pulling: usize,
    /// Whether pulls were given up, so that the unit is not complete.
    pub(super) abandoned: bool,
    counts: PullCounts,
    rows: u64,
    /// Pulls with new content until now.
    fresh_pulls: u64,
    /// The memory that their rows take or took.
    fresh_bytes: u64,
    /// Bytes of the batch that is being made durable, while one is.
    publishing: Option<u64>,
    /// Whether published windows are replaced by ones of other bounds, which takes one commit for all.
    restates_bounds: bool,
    last_taken: bool,
    batch: Batch,
    batch_bytes: u64,
    batch_since: Duration,
}

impl OpenUnit {
    pub(super) fn new(run: Arc<UnitRun>, pulls: usize, requests_a_pull: u64) -> Self {
        Self {
            run,
            requests_a_pull,
            waiting: pulls,
            pulling: 0,
            abandoned: false,
            counts: PullCounts::default(),
            rows: 0,
            fresh_pulls: 0,
            fresh_bytes: 0,
            publishing: None,
            restates_bounds: false,
            last_taken: false,
            batch: Batch::default(),
            batch_bytes: 0,
            batch_since: Duration::ZERO,
        }
    }

    /// Adds new content, at `now` on the monotonic clock.
    pub(super) fn add_fresh(&mut self, mut fresh: Fresh, now: Duration) {
        let waiting = &self.batch.fresh;
        let earlier = |table: usize| {
            let mut batches = waiting.iter().rev().filter_map(|known| known.commit.batches.get(table));
            batches.find(|batch| batch.num_rows() > 0)
        };
        fresh.bytes = fresh.bytes.saturating_sub(share_texts(earlier, &mut fresh.commit.batches));
        if self.batch.fresh.is_empty() {
            self.batch_since = now;
        }
        self.batch_bytes += fresh.bytes;
        self.fresh_pulls += 1;
        self.fresh_bytes += fresh.bytes;
        self.restates_bounds |= fresh.restates_bounds;
        self.batch.fresh.push(fresh);
    }

    pub(super) fn add_failed(&mut self, failed: FailedWindow) {
        self.batch.failed.push(failed);
    }

    pub(super) fn add_held(&mut self, held: HeldWindow) {
        self.batch.held.push(held);
    }

    /// Bytes of the rows that wait to be committed or are being committed.
    pub(super) fn bytes_at_hand(&self) -> u64 {
        self.batch_bytes + self.publishing.unwrap_or(0)
    }

    /// When the batch has waited for as long as it may, on the monotonic clock.
    pub(super) fn due_at(&self) -> Option<Duration> {
        let waits = !self.batch.fresh.is_empty() && self.publishing.is_none() && !self.restates_bounds;
        waits.then(|| self.batch_since + COMMIT_INTERVAL)
    }

    /// Whether nothing is left to be done.
    pub(super) fn is_finished(&self) -> bool {
        self.is_pulled() && self.last_taken && self.batch.is_empty() && self.publishing.is_none()
    }

    /// The batch, if it is to be made durable at `now`.
    pub(super) fn take_batch(&mut self, now: Duration) -> Option<Batch> {
        if self.publishing.is_some() {
            return None;
        }
        let last = self.is_pulled() && (!self.last_taken || !self.batch.is_empty());
        let full = self.batch_bytes >= commit_bytes(self.batch_bytes, self.bytes_to_come());
        let enough = full || self.due_at().is_some_and(|due_at| due_at <= now);
        if !last && (!enough || self.restates_bounds) {
            return None;
        }
        self.last_taken = last;
        self.publishing = Some(std::mem::take(&mut self.batch_bytes));
        let mut batch = std::mem::take(&mut self.batch);
        batch.last = last && !self.abandoned;
        Some(batch)
    }

    /// Memory that the rows of the pulls not yet settled will take, if they are like those before them.
    fn bytes_to_come(&self) -> u64 {
        self.fresh_bytes / self.fresh_pulls.max(1) * (self.waiting + self.pulling) as u64
    }

    /// Takes note that the batch taken last is durable, or is not.
    pub(super) fn published(&mut self) {
        self.publishing = None;
    }

    /// Whether no pull is left to be made.
    fn is_pulled(&self) -> bool {
        self.waiting == 0 && self.pulling == 0
    }

    pub(super) fn count(&mut self, outcome: Outcome, rows: u64) {
        self.counts.count(outcome);
        self.rows += rows;
    }

    /// One line about what became of the unit, if anything did.
    pub(super) fn log(&self) {
        let PullCounts { loaded, empty, unchanged, failed, held } = self.counts;
        if self.counts == PullCounts::default() {
            return;
        }
        let (unit, rows) = (&self.run.unit, self.rows);
        tracing::info!(%unit, loaded, empty, unchanged, failed, held, rows, "unit done");
    }

    /// The windows of `batch` whose outcome depends on its becoming durable.
    pub(super) fn windows(batch: &Batch) -> Vec<Window> {
        batch.fresh.iter().map(|fresh| fresh.commit.record.window).collect()
    }
}

/// How much of `waiting` bytes and those `to_come` is to wait before it is committed: as few commits as can be, and all
/// of one size, because each writes the object anew.
fn commit_bytes(waiting: u64, to_come: u64) -> u64 {
    let all = waiting + to_come;
    let commits = all.div_ceil(COMMIT_BYTES).max(1);
    (all / commits).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_few_and_of_one_size() {
        assert_eq!(commit_bytes(0, 0), 1);
        assert_eq!(commit_bytes(10, COMMIT_BYTES - 10), COMMIT_BYTES);
        assert_eq!(commit_bytes(10, COMMIT_BYTES), (COMMIT_BYTES + 10) / 2);
        assert_eq!(commit_bytes(COMMIT_BYTES, 9 * COMMIT_BYTES), COMMIT_BYTES);
        assert!(commit_bytes(COMMIT_BYTES + 1, 0) <= COMMIT_BYTES);
    }
}
