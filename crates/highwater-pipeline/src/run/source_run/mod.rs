//! One source in a run: keeps its pulls on their way, its commits behind them, and stops in order.

mod settle;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use highwater_core::{DatasetName, Error, ErrorKind, Result, SourceName, TrafficCount, Window};
use highwater_load::Warehouse;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::budget::Budget;
use super::dataset_run::DatasetRun;
use super::open_unit::OpenUnit;
use super::prepare::{Prepared, prepare};
use super::progress::ProgressEvent;
use super::publish::{Publication, publish};
use super::summary::{SourceError, SourceSummary};
use super::unit_run::UnitRun;
use super::{RunOptions, Source};
use crate::admission::Admission;
use crate::kept_step::with_step;
use crate::plan::PlannedUnit;
use crate::pull::Puller;

/// Requests of a source on their way at once: enough for answers of a third of a second at fifty a second.
const PAGES_IN_FLIGHT: usize = 16;
/// The most pulls of a source on their way at once: enough to keep the requests going where each page names the next.
const PULLS_IN_FLIGHT: usize = 12;
/// The fewest: two are asked for while another is normalised.
const FEWEST_PULLS_IN_FLIGHT: usize = 3;
/// Requests of the pulls on their way, beyond which more pulls would only wait for one another, with their pages in
/// memory.
const REQUESTS_AHEAD: u64 = 2 * PAGES_IN_FLIGHT as u64;
/// Memory of pulls on their way, their pages included, and of rows waiting to be committed, beyond which no pull is
/// started.
const BYTES_AT_HAND: u64 = 104 * 1024 * 1024;
/// So much more while nothing is being committed, which takes memory of its own: the last pulls of a unit need not go one
/// by one then.
const BYTES_BETWEEN_COMMITS: u64 = 8 * 1024 * 1024;

/// One source in a run.
pub(super) struct SourceRun {
    source: Source,
    units: Vec<PlannedUnit>,
    datasets: BTreeMap<DatasetName, Arc<DatasetRun>>,
    options: RunOptions,
    budget: Arc<Budget>,
    admission: Arc<Admission>,
    /// Cancelled when nothing more may be asked: refused, given up, or out of grace.
    stop: CancellationToken,
    queue: VecDeque<(usize, Window)>,
    open: BTreeMap<usize, OpenUnit>,
    pulls: JoinSet<Result<Prepared>>,
    pulled: HashMap<Id, (usize, Window)>,
    commits: JoinSet<Result<Publication>>,
    committed: HashMap<Id, (usize, Vec<Window>)>,
    fatal: Option<Error>,
    unanswered: u32,
    /// Pulls in a row that the warehouse did not take.
    unstored: u32,
    bytes_a_pull: u64,
    /// Requests that the newest pull of each dataset took.
    requests_a_pull: BTreeMap<DatasetName, u64>,
    seen_fields: BTreeSet<(DatasetName, String)>,
    before: TrafficCount,
    summary: SourceSummary,
}

impl SourceRun {
    /// Prepares to take `units` of `source`. Asks nothing.
    ///
    /// # Errors
    /// `Config` when the source has no dataset of that name.
    pub(super) fn new(
        source: &Source,
        units: Vec<PlannedUnit>,
        warehouse: &Warehouse,
        options: &RunOptions,
        budget: Arc<Budget>,
    ) -> Result<Self> {
        let stop = CancellationToken::new();
        let mut datasets = BTreeMap::new();
        for name in units.iter().map(|planned| &planned.unit.dataset) {
            let spec =
                source.extractor.datasets().iter().find(|spec| spec.name == *name).ok_or_else(|| {
                    let message = format!(
                        "the plan names an unknown dataset source=`{}` dataset=`{name}`",
                        source.name
                    );
                    Error::new(ErrorKind::Config, message)
                })?;
            datasets.entry(name.clone()).or_insert_with(|| {
                Arc::new(DatasetRun::new(
                    source.provider.clone(),
                    source.name.clone(),
                    Arc::new(spec.clone()),
                    warehouse.clone(),
                    Arc::clone(&options.clock),
                ))
            });
        }
        let windows = |(index, planned): (usize, &PlannedUnit)| {
            planned.windows.iter().map(move |window| (index, *window)).collect::<Vec<_>>()
        };
        Ok(Self {
            queue: units.iter().enumerate().flat_map(windows).collect(),
            admission: Arc::new(Admission::new(PAGES_IN_FLIGHT, stop.clone())),
            before: source.extractor.traffic().count(),
            summary: SourceSummary::new(source.name.clone(), source.provider.clone()),
            source: source.clone(),
            units,
            datasets,
            options: options.clone(),
            budget,
            stop,
            open: BTreeMap::new(),
            pulls: JoinSet::new(),
            pulled: HashMap::new(),
            commits: JoinSet::new(),
            committed: HashMap::new(),
            fatal: None,
            unanswered: 0,
            unstored: 0,
            bytes_a_pull: 0,
            requests_a_pull: BTreeMap::new(),
            seen_fields: BTreeSet::new(),
        })
    }

    pub(super) fn name(&self) -> &SourceName {
        &self.source.name
    }

    /// Takes all units, or as many as it can.
    ///
    /// # Errors
    /// `NewerFormat`. All else is in the summary.
    pub(super) async fn run(mut self) -> Result<SourceSummary> {
        let cancel = self.options.cancel.clone();
        let mut grace: Option<BoxFuture<'static, ()>> = None;
        loop {
            if !cancel.is_cancelled() {
                self.start_pulls();
            }
            self.start_commits();
            if self.pulls.is_empty() && self.commits.is_empty() && self.queue.is_empty() {
                break;
            }
            let mut next_commit = self.until_commit().map(|left| self.options.clock.sleep(left));
            tokio::select! {
                Some(done) = self.pulls.join_next_with_id(), if !self.pulls.is_empty() => self.settle(done),
                Some(done) = self.commits.join_next_with_id(), if !self.commits.is_empty() => self.close(done),
                () = cancel.cancelled(), if grace.is_none() => {
                    grace = Some(self.options.clock.sleep(self.options.grace));
                    self.summary.interrupted = !self.queue.is_empty();
                    self.halt();
                }
                () = wait(grace.as_mut()), if !self.stop.is_cancelled() => self.stop.cancel(),
                () = wait(next_commit.as_mut()) => {}
            }
        }
        self.finish().await
    }

    /// Starts nothing more. What is on its way goes on.
    pub(super) fn halt(&mut self) {
        self.summary.left += self.queue.len() as u64;
        for (index, _) in self.queue.drain(..) {
            if let Some(open) = self.open.get_mut(&index) {
                (open.waiting, open.abandoned) = (0, true);
            }
        }
    }

    /// The time until a unit has to commit what it holds.
    fn until_commit(&self) -> Option<Duration> {
        let due_at = self.open.values().filter_map(OpenUnit::due_at).min()?;
        Some(due_at.saturating_sub(self.options.clock.monotonic()))
    }

    /// Memory of the pulls on their way, and of the rows waiting to be committed or being committed.
    fn bytes_at_hand(&self) -> u64 {
        let waiting: u64 = self.open.values().map(OpenUnit::bytes_at_hand).sum();
        waiting + self.pulls.len() as u64 * self.bytes_a_pull
    }

    /// Whether another pull may be started beside those on their way.
    fn has_room(&self) -> bool {
        let idle = self.pulls.is_empty() && self.commits.is_empty();
        let at_hand =
            if self.commits.is_empty() { BYTES_AT_HAND + BYTES_BETWEEN_COMMITS } else { BYTES_AT_HAND };
        let few = self.pulls.len() < FEWEST_PULLS_IN_FLIGHT || self.requests_ahead() < REQUESTS_AHEAD;
        idle || (few && self.pulls.len() < PULLS_IN_FLIGHT && self.bytes_at_hand() < at_hand)
    }

    /// Requests that the pulls on their way take. A dataset of which none is back yet is expected to take many.
    fn requests_ahead(&self) -> u64 {
        let expected = |(index, _): &(usize, Window)| {
            let known = self.requests_a_pull.get(&self.units[*index].unit.dataset);
            known.copied().unwrap_or(PAGES_IN_FLIGHT as u64)
        };
        self.pulled.values().map(expected).sum()
    }

    fn start_pulls(&mut self) {
        while self.has_room() {
            let Some((index, window)) = self.queue.front().copied() else { return };
            let planned = &self.units[index];
            let requests = planned.requests_a_pull.max(1);
            let alone = self.pulls.is_empty();
            if !self.budget.allows(requests, alone) {
                if alone {
                    tracing::info!(
                        left = self.queue.len(),
                        "out of requests: the rest is left to another run"
                    );
                    self.halt();
                }
                return;
            }
            self.queue.pop_front();
            if !self.open.contains_key(&index) {
                self.open_unit(index, requests);
            }
            let Some(open) = self.open.get_mut(&index) else { return };
            (open.waiting, open.pulling) = (open.waiting - 1, open.pulling + 1);
            self.budget.reserve(requests);
            let run = Arc::clone(&open.run);
            let span = tracing::info_span!("unit", unit = %run.unit);
            let task = self.pulls.spawn(async move { prepare(&run, window).await }.instrument(span));
            self.pulled.insert(task.id(), (index, window));
        }
    }

    fn open_unit(&mut self, index: usize, requests_a_pull: u64) {
        let planned = &self.units[index];
        let Some(dataset) = self.datasets.get(&planned.unit.dataset) else { return };
        let spec = if planned.step == dataset.spec.step {
            Arc::clone(&dataset.spec)
        } else {
            Arc::new(with_step(&dataset.spec, planned.step))
        };
        let puller = Puller {
            extractor: Arc::clone(&self.source.extractor),
            source: self.source.name.clone(),
            spec,
            run_id: self.options.run_id.clone(),
            clock: Arc::clone(&self.options.clock),
            admission: Arc::clone(&self.admission),
            check_buckets: true,
        };
        let run = UnitRun::new(planned, Arc::clone(dataset), puller, self.options.shrink_tolerance);
        let pulls = planned.windows.len();
        self.options.progress.event(&ProgressEvent::UnitStarted { unit: &planned.unit, pulls });
        self.open.insert(index, OpenUnit::new(Arc::new(run), pulls, requests_a_pull));
    }

    fn start_commits(&mut self) {
        let now = self.options.clock.monotonic();
        for (index, open) in &mut self.open {
            let Some(batch) = open.take_batch(now) else { continue };
            let windows = OpenUnit::windows(&batch);
            let run = Arc::clone(&open.run);
            let span = tracing::info_span!("unit", unit = %run.unit);
            let task = self.commits.spawn(publish(run, batch).instrument(span));
            self.committed.insert(task.id(), (*index, windows));
        }
    }

    /// Ends the source's part of the run.
    async fn finish(mut self) -> Result<SourceSummary> {
        let stopped = self.summary.error.as_ref().map(|error| error.message.clone());
        for dataset in self.datasets.values() {
            if let Err(error) = dataset.finish(stopped.as_deref()).await {
                let dataset = &dataset.spec.name;
                tracing::error!(%dataset, hint = error.hint(), "not recorded in the checkpoint: {}", error.chain());
                self.summary.error.get_or_insert_with(|| SourceError::from(&error));
                if error.kind() == ErrorKind::NewerFormat {
                    self.fatal = Some(error);
                }
            }
        }
        self.summary.traffic = self.source.extractor.traffic().count() - self.before;
        match self.fatal {
            Some(error) => Err(error),
            None => Ok(self.summary),
        }
    }
}

async fn wait(sleep: Option<&mut BoxFuture<'static, ()>>) {
    match sleep {
        Some(sleep) => sleep.await,
        None => std::future::pending().await,
    }
}
