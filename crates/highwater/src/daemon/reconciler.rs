//! The reconciler of one source: at each wake it looks at the time and at the state, and loads what is due. It trusts
//! neither its wakes nor its memory, so missed, doubled and overlapping ticks cannot matter.
//!
//! An activation is taken in slices of a few minutes, and all is planned anew between them: what became urgent
//! meanwhile goes first, and no dataset waits for another's catch-up.

use std::panic::AssertUnwindSafe;
use std::slice;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use futures::FutureExt;
use highwater_core::{DatasetName, Error, ErrorKind, Result, Unit, Window};
use highwater_pipeline::{
    DatasetState, PlanOrder, PlanRequest, Progress, ProgressEvent, Reprocess, RunOptions, RunSummary,
    SourceError, check_extent, plan, run,
};

use super::Daemon;
use super::agenda::Agenda;
use super::board::RunEntry;
use crate::args::Selection;
use crate::session::new_run_id;

/// How long a slice takes at the source's rate limit.
const SLICE_SECONDS: f64 = 300.0;

/// How long a source that answered nothing is left alone, where its schedule leaves it alone for longer.
const AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);

/// Loads what is due of one source, for as long as the daemon runs.
#[derive(Debug)]
pub(super) struct Reconciler {
    daemon: Arc<Daemon>,
    /// The place of the source in the configuration.
    index: usize,
    agenda: Agenda,
    /// The last error told, so that the same one is not told at each wake.
    told: Option<String>,
}

/// How a slice ended.
enum Slice {
    /// There may be more to do.
    More,
    /// Nothing is left to try, or the source stopped: the next turn is the schedule's.
    Done,
}

impl Reconciler {
    /// A reconciler for the source at `index`: the turn of each of its datasets has come.
    pub(super) fn new(daemon: Arc<Daemon>, index: usize) -> Self {
        let datasets = daemon.session.config.sources[index].enabled();
        let agenda = Agenda::new(
            datasets.map(|dataset| (&dataset.spec.name, &dataset.schedule)),
            daemon.session.clock.now(),
        );
        let reconciler = Self { daemon, index, agenda, told: None };
        reconciler.count(&reconciler.agenda.active());
        reconciler
    }

    /// Works until the daemon stops. Errors are told and outlived.
    pub(super) async fn run(mut self) {
        let mut wakes = self.daemon.wake.listen();
        while !self.daemon.stop.is_cancelled() {
            self.turn().await;
            tokio::select! {
                biased;
                () = self.daemon.stop.cancelled() => {}
                () = wakes.heard() => {}
            }
        }
    }

    /// What a wake comes to: loads what is active, or whose schedule has come.
    pub(super) async fn turn(&mut self) {
        self.look();
        if !self.agenda.active().is_empty() {
            self.activate().await;
        }
    }

    fn look(&mut self) {
        let fired = self.agenda.fire(self.daemon.session.clock.now());
        self.count(&fired);
    }

    fn count(&self, datasets: &[DatasetName]) {
        let source = &self.daemon.sources[self.index].name;
        datasets.iter().for_each(|dataset| self.daemon.metrics.activated(source, dataset));
    }

    /// Loads until nothing is left to try.
    async fn activate(&mut self) {
        let daemon = Arc::clone(&self.daemon);
        let (clock, name) = (&daemon.session.clock, &daemon.sources[self.index].name);
        let (started, mut entry) =
            (clock.monotonic(), RunEntry::new(new_run_id(), name.clone(), clock.now()));
        loop {
            match AssertUnwindSafe(self.slice(&mut entry))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Err(panicked()))
            {
                Ok(Slice::More) if !daemon.stop.is_cancelled() => self.look(),
                Ok(_) => {
                    self.told = None;
                    let again_at = self.came_to_nothing(&entry).then(|| clock.now() + AGAIN_AFTER);
                    self.agenda.rest(again_at);
                    break;
                }
                // What was to be done stays to be done: the next wake, a minute away at most, tries again.
                Err(error) => {
                    self.tell(&error);
                    entry.error = Some(error.chain());
                    break;
                }
            }
        }
        daemon.board.notes().activities[self.index].working_since = None;
        if entry.windows != highwater_pipeline::PullCounts::default() || entry.requests > 0 {
            entry.ended_at = Some(clock.now());
            daemon.board.note_run(&entry);
            daemon.metrics.run_took(name, clock.monotonic().saturating_sub(started).as_secs_f64());
        }
        daemon.changed.notify_one();
    }

    /// Plans what is active and was not tried yet, and loads some minutes' worth of it.
    async fn slice(&mut self, entry: &mut RunEntry) -> Result<Slice> {
        let daemon = Arc::clone(&self.daemon);
        let (session, source) = (&daemon.session, &daemon.sources[self.index]);
        let selection = Selection { source: vec![source.name.clone()], dataset: self.agenda.active() };
        let datasets = session.datasets(&selection, &daemon.warehouse).await?;
        let extractor = Some(&*source.extractor);
        let states: Vec<_> =
            datasets.iter().map(|loaded| DatasetState { extractor, ..loaded.state() }).collect();
        let (reprocess, order) = (Reprocess::Missing, PlanOrder::NewestFirst);
        let request = PlanRequest { now: session.clock.now(), range: None, reprocess, order, live: true };
        check_extent(&states, &request)?;
        let mut plan = plan(&states, &request);
        let mut only_totals = Vec::new();
        plan.units.retain_mut(|planned| {
            let Unit { dataset, date, .. } = &planned.unit;
            if planned.windows.is_empty() && self.agenda.is_untried_total(dataset, *date) {
                only_totals.push((dataset.clone(), *date));
                return true;
            }
            planned.windows.retain(|window| self.agenda.is_untried(dataset, *window));
            !planned.windows.is_empty()
        });
        if plan.units.is_empty() {
            session.sweep_raw(&daemon.warehouse, &datasets).await;
            return Ok(Slice::Done);
        }
        daemon.board.notes().activities[self.index].working_since.get_or_insert(entry.started_at);
        let watch = Arc::new(Watch { daemon: Arc::clone(&daemon), settled: Mutex::default() });
        let limit = session.config.sources[self.index].requests_per_second;
        let options = RunOptions {
            run_id: entry.run_id.clone(),
            clock: Arc::clone(&session.clock),
            shrink_tolerance: session.config.warehouse.shrink_tolerance,
            max_requests: Some((limit * SLICE_SECONDS).ceil() as u64),
            cancel: daemon.stop.clone(),
            grace: daemon.grace() * 3 / 4,
            progress: Arc::clone(&watch) as Arc<dyn Progress>,
        };
        let summary = run(&plan, slice::from_ref(source), &daemon.warehouse, &options).await?;
        let settled = watch.take();
        settled.iter().for_each(|(dataset, window)| self.agenda.note_tried(dataset, *window));
        only_totals.iter().for_each(|(dataset, date)| self.agenda.note_tried_total(dataset, *date));
        self.note(&summary, entry);
        let stopped = summary.sources.iter().any(|source| source.error.is_some());
        let nothing_tried = settled.is_empty() && only_totals.is_empty();
        Ok(if stopped || nothing_tried { Slice::Done } else { Slice::More })
    }

    /// Whether the activation of `entry` came to nothing for a reason that may pass by itself. Refused credentials do not.
    fn came_to_nothing(&self, entry: &RunEntry) -> bool {
        let was_stopped = entry.error.is_some() && !self.daemon.board.notes().activities[self.index].refused;
        was_stopped || has_only_failures(entry)
    }

    /// Puts on the board how a slice went.
    fn note(&self, summary: &RunSummary, entry: &mut RunEntry) {
        let daemon = &self.daemon;
        entry.add(summary);
        let stopped: Option<SourceError> = summary.sources.iter().find_map(|source| source.error.clone());
        if let Some(stopped) = &stopped {
            entry.error = Some(stopped.message.clone());
        }
        daemon.metrics.objects_written(&entry.source, summary.objects_written);
        {
            let mut notes = daemon.board.notes();
            let activity = &mut notes.activities[self.index];
            activity.failing = has_only_failures(entry);
            activity.refused = summary.auth_refused;
            activity.stopped = stopped;
        }
        daemon.board.note_run(entry);
        daemon.changed.notify_one();
    }

    /// Tells of an error once, for as long as it stays the same.
    fn tell(&mut self, error: &Error) {
        self.daemon.metrics.error(error);
        let (source, chain) = (&self.daemon.sources[self.index].name, error.chain());
        if self.told.as_ref() == Some(&chain) {
            tracing::debug!(%source, "still: {chain}");
            return;
        }
        tracing::error!(%source, hint = error.hint(), "{chain}; tried again within a minute");
        self.told = Some(chain);
    }
}

fn has_only_failures(entry: &RunEntry) -> bool {
    let windows = entry.windows;
    windows.failed > 0 && windows.loaded + windows.empty + windows.unchanged + windows.held == 0
}

fn panicked() -> Error {
    Error::new(ErrorKind::Internal, "an activation ended in a panic")
}

/// Counts what a run tells, and remembers what it tried.
#[derive(Debug)]
struct Watch {
    daemon: Arc<Daemon>,
    settled: Mutex<Vec<(DatasetName, Window)>>,
}

impl Watch {
    fn take(&self) -> Vec<(DatasetName, Window)> {
        std::mem::take(&mut *self.settled.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Progress for Watch {
    fn event(&self, event: &ProgressEvent<'_>) {
        match event {
            ProgressEvent::Settled { unit, window, outcome, rows } => {
                self.daemon.metrics.settled(unit, *outcome, *rows);
                let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
                settled.push((unit.dataset.clone(), *window));
            }
            ProgressEvent::SourceStopped { source, error } => {
                self.daemon.metrics.source_stopped(source, error.kind());
            }
            ProgressEvent::UnitStarted { .. } | ProgressEvent::UnitFinished { .. } => {}
        }
    }
}
