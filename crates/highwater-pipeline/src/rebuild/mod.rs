//! Rebuilding tables from the raw archive: the pulls that the objects name go through decoding once more, and what comes
//! out otherwise than it stands is published in its place. Nothing is asked of the provider.
//!
//! Only pulls that an object names are replayed: what else the archive holds was never published. A window that no object
//! names is left to `backfill`.

mod checkpoint;
mod named;
mod replay;
mod republish;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use highwater_core::{
    Checkpoint, Clock, DatasetName, DatasetSpec, Error, ErrorKind, Extractor, Result, SourceName, Table,
    Unit, Window, WindowRecord,
};
use highwater_load::Warehouse;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::dataset_state::DatasetState;
use crate::kept_step::{KeptSteps, with_step};
use crate::plan::instant;
pub use checkpoint::rebuild_checkpoint;
use named::Named;
use replay::replay;
use republish::{Replayed, Republication};

/// A unit's replayed rows are published once there are this many.
const COMMIT_ROWS: u64 = 1_000_000;

/// One dataset to be rebuilt.
#[derive(Clone, Debug)]
pub struct RebuildDataset<'a> {
    /// The dataset as configured.
    pub state: DatasetState<'a>,
    /// What decodes its pages. It is asked for nothing else, so it needs no credentials.
    pub decoder: Arc<dyn Extractor>,
}

/// How to rebuild.
#[derive(Debug)]
pub struct RebuildOptions<'a> {
    /// The windows wholly inside are taken.
    pub range: Window,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Cancelled when it is to stop: what is complete is published.
    pub cancel: CancellationToken,
    /// Told of how many units of how many are done, and which one is next.
    pub progress: &'a dyn RebuildProgress,
}

/// Takes what a rebuild tells.
pub trait RebuildProgress: std::fmt::Debug + Sync {
    /// `done` units of `units` are done, and `unit` is taken next.
    fn unit(&self, done: usize, units: usize, unit: &Unit);
}

/// Windows by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RebuildCounts {
    /// Published anew, because a table lacked them or their rows came out otherwise.
    pub rebuilt: u64,
    /// The same as they stand.
    pub unchanged: u64,
    /// Not replayed: their pages are not kept, or cannot be read. What is published stays.
    pub failed: u64,
}

/// A window that was not replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RebuildFailure {
    /// The source.
    pub source: SourceName,
    /// The dataset.
    pub dataset: DatasetName,
    /// The window.
    pub window: Window,
    /// Why, one line.
    pub error: String,
    /// What a person does next.
    pub hint: String,
}

/// What a rebuild did. Its JSON form is that of `rebuild --format json`.
#[derive(Clone, Debug, Serialize)]
pub struct RebuildSummary {
    /// When it began.
    #[serde(serialize_with = "instant")]
    pub as_of: DateTime<Utc>,
    /// Windows by what became of them.
    pub windows: RebuildCounts,
    /// Rows published, over all tables.
    pub rows: u64,
    /// Versions of objects put in place.
    pub objects_written: u64,
    /// The windows that were not replayed.
    pub failures: Vec<RebuildFailure>,
    /// Whether it was asked to stop before all was done.
    #[serde(skip)]
    pub interrupted: bool,
}

/// Replays what the objects of `datasets` name. Windows that cannot be replayed are in the summary and stop nothing.
///
/// # Errors
/// `Storage`, `NewerFormat`. What was published before stays.
pub async fn rebuild(
    datasets: &[RebuildDataset<'_>],
    warehouse: &Warehouse,
    options: &RebuildOptions<'_>,
) -> Result<RebuildSummary> {
    let mut summary = RebuildSummary {
        as_of: options.clock.now(),
        windows: RebuildCounts::default(),
        rows: 0,
        objects_written: 0,
        failures: Vec::new(),
        interrupted: false,
    };
    let mut units = Vec::new();
    for dataset in datasets {
        let state = &dataset.state;
        let tables: Vec<Table> = state.spec.tables().collect();
        let dates: BTreeSet<NaiveDate> =
            warehouse.list_units(state.provider, state.source, &state.spec.name, &tables).await?;
        let wanted = dates.into_iter().filter(|date| Window::day(*date).overlaps(options.range));
        units.extend(wanted.map(|date| (dataset, date)));
    }
    for (done, (dataset, date)) in units.iter().enumerate() {
        if options.cancel.is_cancelled() {
            summary.interrupted = true;
            break;
        }
        let (source, name) = (dataset.state.source.clone(), dataset.state.spec.name.clone());
        let unit = Unit { source, dataset: name, date: *date };
        options.progress.unit(done, units.len(), &unit);
        let rebuilding = Rebuilding { dataset, warehouse, options, unit };
        rebuilding.run(&mut summary).await?;
    }
    Ok(summary)
}

/// One unit while it is rebuilt.
struct Rebuilding<'a> {
    dataset: &'a RebuildDataset<'a>,
    warehouse: &'a Warehouse,
    options: &'a RebuildOptions<'a>,
    unit: Unit,
}

impl Rebuilding<'_> {
    async fn run(&self, summary: &mut RebuildSummary) -> Result<()> {
        let state = &self.dataset.state;
        let named = Named::read(self.warehouse, state.provider, &self.unit, state.spec).await?;
        let spec = self.spec(&named);
        let target = Republication::new(self.warehouse, state, &spec, &self.unit, self.options.clock.now());
        let (mut replayed, mut rows) = (Vec::new(), 0);
        let wanted = |window: Window| self.options.range.covers(window);
        for record in named.records().filter(|record| wanted(record.window)) {
            let found = match self.replay(&spec, record).await {
                Ok(found) => found,
                Err(error) => {
                    self.note_failure(summary, record.window, &error);
                    continue;
                }
            };
            if found.record.content_digest == record.content_digest && named.is_everywhere(record) {
                summary.windows.unchanged += 1;
                continue;
            }
            summary.windows.rebuilt += 1;
            summary.rows += found.record.rows;
            rows += found.record.rows;
            replayed.push(found);
            if rows >= COMMIT_ROWS {
                rows = 0;
                summary.objects_written += target.publish(std::mem::take(&mut replayed), false).await?;
            }
        }
        summary.objects_written += target.publish(replayed, true).await?;
        Ok(())
    }

    async fn replay(&self, spec: &Arc<DatasetSpec>, record: &WindowRecord) -> Result<Replayed> {
        let pages = self.warehouse.read_archive(&self.unit, record.window, &record.pull_digest).await?;
        let (decoder, spec) = (Arc::clone(&self.dataset.decoder), Arc::clone(spec));
        let (source, known) = (self.unit.source.clone(), record.clone());
        let task = tokio::task::spawn_blocking(move || replay(&*decoder, &source, &spec, &known, &pages));
        let normalised = task.await.map_err(|error| {
            Error::new(ErrorKind::Internal, "replaying a pull failed").with_source(error)
        })??;
        Ok(Replayed::new(record, normalised))
    }

    /// The dataset with the windows that the date has, whatever is configured now.
    fn spec(&self, named: &Named) -> Arc<DatasetSpec> {
        let checkpoint = Checkpoint { open: named.records().cloned().collect(), ..Checkpoint::default() };
        let steps = KeptSteps::new(&DatasetState { checkpoint: &checkpoint, ..self.dataset.state });
        Arc::new(with_step(self.dataset.state.spec, steps.on(self.unit.date)))
    }

    fn note_failure(&self, summary: &mut RebuildSummary, window: Window, error: &Error) {
        tracing::error!(unit = %self.unit, %window, hint = error.hint(), "not rebuilt: {}", error.chain());
        summary.windows.failed += 1;
        summary.failures.push(RebuildFailure {
            source: self.unit.source.clone(),
            dataset: self.unit.dataset.clone(),
            window,
            error: error.chain(),
            hint: error.hint().to_owned(),
        });
    }
}
