//! The board: what the daemon knows of itself and of the warehouse, for whoever asks. Everything on it can be lost: a
//! restart reads the state again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use highwater_core::{Checkpoint, RunId, SourceName};
use highwater_pipeline::{PullCounts, RunSummary, SourceError};

/// How many runs are remembered.
const RUNS: usize = 20;
/// How long requests are remembered one by one.
const HOUR: Duration = Duration::from_secs(3_600);

/// What one source is doing, and how it went last.
#[derive(Clone, Debug, Default)]
pub(super) struct Activity {
    /// Since when it is being asked; `None` at rest.
    pub(super) working_since: Option<DateTime<Utc>>,
    /// Why the last activation ended early.
    pub(super) stopped: Option<SourceError>,
    /// Whether the last activation ended because our credentials were refused.
    pub(super) refused: bool,
    /// Whether pulls of the last activation failed and none succeeded.
    pub(super) failing: bool,
    /// Requests sent so far, at instants of the clock's monotonic time, the oldest first; about an hour's worth.
    requests: VecDeque<(Duration, u64)>,
}

impl Activity {
    /// Requests sent in the hour before the newest sample.
    pub(super) fn requests_last_hour(&self) -> u64 {
        let counts = self.requests.back().zip(self.requests.front());
        counts.map_or(0, |(newest, oldest)| newest.1.saturating_sub(oldest.1))
    }

    fn sample(&mut self, now: Duration, requests: u64) {
        if self.requests.is_empty() {
            self.requests.push_back((now, 0));
        }
        self.requests.push_back((now, requests));
        while self.requests.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= HOUR) {
            self.requests.pop_front();
        }
    }
}

/// One activation of a source that had something to do.
#[derive(Clone, Debug)]
pub(super) struct RunEntry {
    pub(super) run_id: RunId,
    pub(super) source: SourceName,
    pub(super) started_at: DateTime<Utc>,
    /// When it ended; `None` while it goes on.
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) windows: PullCounts,
    pub(super) rows: u64,
    pub(super) rejected_rows: u64,
    pub(super) requests: u64,
    pub(super) error: Option<String>,
}

impl RunEntry {
    pub(super) fn new(run_id: RunId, source: SourceName, started_at: DateTime<Utc>) -> Self {
        let windows = PullCounts::default();
        let (rows, rejected_rows, requests) = (0, 0, 0);
        Self {
            run_id,
            source,
            started_at,
            ended_at: None,
            windows,
            rows,
            rejected_rows,
            requests,
            error: None,
        }
    }

    /// Adds what a part of the activation came to.
    pub(super) fn add(&mut self, summary: &RunSummary) {
        let (sum, more) = (&mut self.windows, summary.windows);
        sum.loaded += more.loaded;
        sum.empty += more.empty;
        sum.unchanged += more.unchanged;
        sum.failed += more.failed;
        sum.held += more.held;
        self.rows += summary.rows;
        self.rejected_rows += summary.rejected_rows;
        self.requests += summary.requests;
    }
}

/// What is on the board.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    /// The checkpoints of all datasets that are on, in the order of the configuration; empty until they were first read.
    pub(super) checkpoints: Arc<Vec<Checkpoint>>,
    /// When they were last read.
    pub(super) read_at: Option<DateTime<Utc>>,
    /// Why they could not be read the last time.
    pub(super) unreachable: Option<String>,
    /// By source, in the order of the configuration.
    pub(super) activities: Vec<Activity>,
    /// The newest first.
    pub(super) runs: VecDeque<RunEntry>,
}

/// The board. Shared by all tasks; held for moments only.
#[derive(Debug)]
pub(super) struct Board(Mutex<Notes>);

impl Board {
    pub(super) fn new(sources: usize) -> Self {
        Self(Mutex::new(Notes { activities: vec![Activity::default(); sources], ..Notes::default() }))
    }

    /// Reads or changes what is on it.
    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of what is on it, to be looked at in peace.
    pub(super) fn copy(&self) -> Notes {
        self.notes().clone()
    }

    /// Whether the state was read at least once, and could be read the last time.
    pub(super) fn is_ready(&self) -> bool {
        let notes = self.notes();
        notes.read_at.is_some() && notes.unreachable.is_none()
    }

    /// Notes how many requests each source has sent by `now`, in the order of the configuration.
    pub(super) fn sample_requests(&self, now: Duration, requests: impl IntoIterator<Item = u64>) {
        for (activity, requests) in self.notes().activities.iter_mut().zip(requests) {
            activity.sample(now, requests);
        }
    }

    /// Puts `entry` first, or in the place of the same run and source.
    pub(super) fn note_run(&self, entry: &RunEntry) {
        let mut notes = self.notes();
        let same = |known: &&mut RunEntry| known.run_id == entry.run_id && known.source == entry.source;
        if let Some(known) = notes.runs.iter_mut().find(same) {
            known.clone_from(entry);
            return;
        }
        notes.runs.push_front(entry.clone());
        notes.runs.truncate(RUNS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_over_the_last_hour_alone() {
        let board = Board::new(1);
        let minute = |count: u64| Duration::from_secs(60 * count);
        for count in 0..=180 {
            board.sample_requests(minute(count), [10 * count]);
        }
        let last_hour = board.notes().activities[0].requests_last_hour();
        assert!((600..=610).contains(&last_hour), "{last_hour}");
    }

    #[test]
    fn a_run_that_goes_on_keeps_its_place_and_old_ones_are_forgotten() {
        let board = Board::new(1);
        let source = SourceName::new("main").unwrap();
        let entry =
            |run: usize| RunEntry::new(RunId::new(&run.to_string()), source.clone(), DateTime::UNIX_EPOCH);
        (0..RUNS + 5).for_each(|run| board.note_run(&entry(run)));
        let mut grown = entry(RUNS + 4);
        grown.rows = 7;
        board.note_run(&grown);
        let notes = board.notes();
        assert_eq!((notes.runs.len(), notes.runs[0].rows), (RUNS, 7));
    }
}
