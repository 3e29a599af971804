//! What becomes of pulls and commits that are over.

use highwater_core::{Disposition, Error, ErrorKind, FailedWindow, PullCost, Result, Window};
use tokio::task::{Id, JoinError};

use super::SourceRun;
use crate::run::prepare::{Prepared, Verdict};
use crate::run::progress::{Outcome, ProgressEvent};
use crate::run::publish::Publication;
use crate::run::summary::SourceError;

/// Pulls in a row that the provider did not answer, retries included, after which the source is left to the next run.
const UNANSWERED_IN_A_ROW: u32 = 32;
/// Pulls in a row that the warehouse did not take, after which nothing more is asked: it would be for nothing.
const UNSTORED_IN_A_ROW: u32 = 8;

impl SourceRun {
    /// Takes note of a pull that is over.
    pub(super) fn settle(&mut self, done: Result<(Id, Result<Prepared>), JoinError>) {
        let (id, outcome) = flatten(done);
        let Some((index, window)) = self.pulled.remove(&id) else { return };
        let Some(open) = self.open.get_mut(&index) else { return };
        open.pulling -= 1;
        self.budget.release(open.requests_a_pull);
        match outcome {
            Ok(prepared) => {
                self.unanswered = 0;
                self.unstored = 0;
                self.settle_prepared(index, prepared);
            }
            Err(error) => self.settle_error(index, window, error),
        }
    }

    fn settle_prepared(&mut self, index: usize, prepared: Prepared) {
        let Prepared { window, verdict, requests, page_bytes, unknown_fields } = prepared;
        let now = self.options.clock.monotonic();
        let Some(open) = self.open.get_mut(&index) else { return };
        let dataset = &open.run.dataset;
        dataset.note_success();
        if let Some(requests) = requests {
            dataset.note_cost(PullCost { window, requests });
            self.requests_a_pull.insert(dataset.spec.name.clone(), requests);
        }
        for field in unknown_fields {
            let name = &dataset.spec.name;
            if self.seen_fields.insert((name.clone(), field.clone())) {
                tracing::warn!(dataset = %name, field, "the provider sends a field that we do not know; it is only in the raw archive");
            }
        }
        match verdict {
            Verdict::Publish(fresh) => {
                self.bytes_a_pull = self.bytes_a_pull.max(fresh.bytes + page_bytes);
                open.add_fresh(*fresh, now);
            }
            Verdict::Unchanged(record) => {
                let rows = record.rows;
                dataset.note_unchanged(record);
                self.count(index, window, Outcome::Unchanged, rows);
            }
            Verdict::Hold(held) => {
                tracing::warn!(unit = %open.run.unit, %window, "held, because it would shrink what is published: {}", held.reason);
                open.add_held(held);
                self.count(index, window, Outcome::Held, 0);
            }
        }
    }

    fn settle_error(&mut self, index: usize, window: Window, error: Error) {
        match error.kind().disposition() {
            Disposition::StopSource | Disposition::Stop => {
                self.leave(index, 1);
                match error.kind() {
                    ErrorKind::Interrupted => self.summary.interrupted |= self.options.cancel.is_cancelled(),
                    ErrorKind::NewerFormat => self.refuse_newer(error),
                    _ => self.stop_for(&error),
                }
            }
            Disposition::Retry { .. } => {
                self.unanswered += 1;
                self.fail(index, window, &error);
                if self.unanswered >= UNANSWERED_IN_A_ROW {
                    self.stop_for(&error);
                }
            }
            Disposition::PullAgain | Disposition::Skip | Disposition::FailWindow => {
                self.unanswered = 0;
                self.fail(index, window, &error);
                if error.kind() == ErrorKind::Storage {
                    self.unstored += 1;
                    if self.unstored >= UNSTORED_IN_A_ROW {
                        self.stop_for(&error);
                    }
                }
            }
        }
    }

    /// Leaves pulls of a unit to the next run.
    fn leave(&mut self, index: usize, pulls: u64) {
        self.summary.left += pulls;
        if let Some(open) = self.open.get_mut(&index) {
            open.abandoned = true;
        }
    }

    fn fail(&mut self, index: usize, window: Window, error: &Error) {
        let failed_at = self.options.clock.now();
        let Some(open) = self.open.get_mut(&index) else { return };
        tracing::error!(unit = %open.run.unit, %window, hint = error.hint(), "failed: {}", error.chain());
        open.run.dataset.note_failure();
        open.add_failed(FailedWindow { window, failed_at, error: error.chain() });
        self.count(index, window, Outcome::Failed, 0);
    }

    /// Stops the source: nothing more is asked, and what is on its way is abandoned.
    fn stop_for(&mut self, error: &Error) {
        if self.summary.error.is_some() {
            return;
        }
        tracing::error!(source = %self.source.name, hint = error.hint(), "the source stops: {}", error.chain());
        self.options.progress.event(&ProgressEvent::SourceStopped { source: &self.source.name, error });
        self.summary.error = Some(SourceError::from(error));
        self.summary.auth_refused = error.kind() == ErrorKind::Auth;
        self.stop.cancel();
        self.halt();
    }

    /// Stops the source and the run with it: the warehouse is a newer program's.
    fn refuse_newer(&mut self, error: Error) {
        self.stop_for(&error);
        self.fatal = Some(error);
    }

    /// Takes note of a batch that is durable, or is not.
    pub(super) fn close(&mut self, done: Result<(Id, Result<Publication>), JoinError>) {
        let (id, outcome) = flatten(done);
        let Some((index, windows)) = self.committed.remove(&id) else { return };
        if let Some(open) = self.open.get_mut(&index) {
            open.published();
        }
        match outcome {
            Ok(publication) => self.note_published(index, publication),
            Err(error) if error.kind() == ErrorKind::NewerFormat => {
                self.leave(index, windows.len() as u64);
                self.refuse_newer(error);
            }
            Err(error) => windows.into_iter().for_each(|window| self.fail(index, window, &error)),
        }
        self.drop_finished(index);
    }

    fn note_published(&mut self, index: usize, publication: Publication) {
        self.summary.objects_written += publication.objects_written;
        for record in publication.published {
            self.summary.rows += record.rows;
            self.summary.rejected_rows += record.rejected_rows;
            let outcome = if record.empty { Outcome::Empty } else { Outcome::Loaded };
            self.count(index, record.window, outcome, record.rows);
        }
        for window in publication.superseded {
            self.count(index, window, Outcome::Unchanged, 0);
        }
    }

    fn count(&mut self, index: usize, window: Window, outcome: Outcome, rows: u64) {
        let Some(open) = self.open.get_mut(&index) else { return };
        open.count(outcome, rows);
        self.summary.windows.count(outcome);
        let unit = &open.run.unit;
        self.options.progress.event(&ProgressEvent::Settled { unit, window, outcome, rows });
    }

    fn drop_finished(&mut self, index: usize) {
        if !self.open.get(&index).is_some_and(|open| open.is_finished()) {
            return;
        }
        if let Some(open) = self.open.remove(&index) {
            open.log();
            self.options.progress.event(&ProgressEvent::UnitFinished { unit: &open.run.unit });
        }
    }
}

/// The task's id and its outcome; a panic is an outcome too.
fn flatten<T>(done: Result<(Id, Result<T>), JoinError>) -> (Id, Result<T>) {
    done.unwrap_or_else(|error| {
        let id = error.id();
        (id, Err(Error::new(ErrorKind::Internal, "a task of the run failed").with_source(error)))
    })
}
