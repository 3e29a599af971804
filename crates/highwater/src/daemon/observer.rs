//! The observer: keeps the board's picture of the warehouse fresh, tells the webhook what needs attention, and writes
//! `status.html`. It reads alone; what others load into the same warehouse is seen within a minute.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{Error, Result};
use tokio::sync::watch;

use super::Daemon;
use super::concerns::{Concern, concerns};
use super::page::{PageModel, page};
use super::view::View;
use crate::args::Selection;

/// How often `status.html` is written while nothing happens.
const STATUS_FILE_EVERY: TimeDelta = TimeDelta::minutes(10);

/// Looks at the warehouse at each wake and after each change.
#[derive(Debug)]
pub(super) struct Observer {
    daemon: Arc<Daemon>,
    /// What needs attention, for the webhook.
    posts: watch::Sender<Vec<Concern>>,
    status_file_at: Option<DateTime<Utc>>,
    /// The last error told of writing `status.html`.
    told: Option<String>,
}

impl Observer {
    pub(super) fn new(daemon: Arc<Daemon>, posts: watch::Sender<Vec<Concern>>) -> Self {
        Self { daemon, posts, status_file_at: None, told: None }
    }

    /// Works until the daemon stops.
    pub(super) async fn run(mut self) {
        let daemon = Arc::clone(&self.daemon);
        let mut wakes = daemon.wake.listen();
        let mut changed = true;
        loop {
            self.look(changed).await;
            changed = tokio::select! {
                biased;
                () = daemon.stop.cancelled() => return,
                () = daemon.changed.notified() => true,
                () = wakes.heard() => false,
            };
        }
    }

    async fn look(&mut self, changed: bool) {
        self.daemon.read_state().await;
        let daemon = Arc::clone(&self.daemon);
        let session = &daemon.session;
        let sent = daemon.sources.iter().map(|source| source.extractor.traffic().count().requests);
        daemon.board.sample_requests(session.clock.monotonic(), sent);
        let (notes, now) = (daemon.board.copy(), session.clock.now());
        let view = View::new(&session.config, &notes, now);
        let posted = concerns(&view).into_iter().filter(|concern| concern.kind.is_posted());
        self.posts.send_replace(posted.collect());
        let due = self.status_file_at.is_none_or(|at| changed || at + STATUS_FILE_EVERY <= now);
        if session.config.daemon.status_file && due && notes.read_at.is_some() {
            let html = page(&PageModel::new(&view, &daemon.about())).into_string();
            drop(view);
            let written = daemon.warehouse.put_status_page(html).await;
            self.tell(written);
            self.status_file_at = Some(now);
        }
    }

    fn tell(&mut self, written: Result<()>) {
        let Err(error) = written else {
            self.told = None;
            return;
        };
        self.daemon.metrics.error(&error);
        if self.told.as_ref() != Some(&error.chain()) {
            tracing::error!(hint = error.hint(), "{}", error.chain());
            self.told = Some(error.chain());
        }
    }
}

impl Daemon {
    /// Reads all checkpoints onto the board, or notes why they cannot be read. Says so in the log when that changes.
    pub(super) async fn read_state(&self) {
        let read = self.session.datasets(&Selection::default(), &self.warehouse).await;
        let now = self.session.clock.now();
        let mut notes = self.board.notes();
        match read {
            Ok(datasets) => {
                notes.checkpoints = Arc::new(datasets.into_iter().map(|loaded| loaded.checkpoint).collect());
                notes.read_at = Some(now);
                if notes.unreachable.take().is_some() {
                    tracing::info!("the warehouse can be read again");
                }
            }
            Err(error) => {
                self.metrics.error(&error);
                if notes.unreachable.is_none() {
                    tracing::error!(hint = error.hint(), "the state cannot be read: {}", error.chain());
                }
                notes.unreachable = Some(Error::chain(&error));
            }
        }
    }
}
