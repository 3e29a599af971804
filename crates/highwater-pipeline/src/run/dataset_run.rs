//! What the units of one dataset share in a run: its rules and its checkpoint as last seen.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::NaiveDate;
use highwater_core::{Checkpoint, Clock, DatasetSpec, PullCost, Result, SourceName, Unit, WindowRecord};
use highwater_load::{TableSchema, UnitCommit, Warehouse, WindowCommit};
use highwater_transform::{schema, scope_digest};
use tokio::sync::OnceCell;

use super::seal;
use crate::dataset_state::DatasetState;

/// One dataset of one source in a run.
#[derive(Debug)]
pub(super) struct DatasetRun {
    pub(super) provider: String,
    pub(super) source: SourceName,
    /// As configured.
    pub(super) spec: Arc<DatasetSpec>,
    pub(super) warehouse: Warehouse,
    pub(super) clock: Arc<dyn Clock>,
    scope_digest: String,
    read: OnceCell<()>,
    /// One update at a time: units of one dataset would otherwise only lose races against each other.
    turn: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    checkpoint: Checkpoint,
    /// Revisits that found nothing new, not yet in the checkpoint.
    unchanged: Vec<WindowRecord>,
    /// What pulls took, not yet in the checkpoint.
    costs: Vec<PullCost>,
    requests_per_window: Option<u64>,
    succeeded: bool,
    failed: bool,
}

impl DatasetRun {
    pub(super) fn new(
        provider: String,
        source: SourceName,
        spec: Arc<DatasetSpec>,
        warehouse: Warehouse,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let scope_digest = scope_digest(&spec);
        let (read, turn, known) = (OnceCell::new(), tokio::sync::Mutex::default(), Mutex::default());
        Self { provider, source, spec, warehouse, clock, scope_digest, read, turn, known }
    }

    /// The checkpoint as last seen, with what is not yet written of it. Read when first asked for.
    pub(super) async fn checkpoint(&self) -> Result<Checkpoint> {
        self.read
            .get_or_try_init(async || {
                let checkpoint = self.warehouse.checkpoint(&self.source, &self.spec.name).await?;
                self.known().checkpoint = checkpoint;
                Ok::<_, highwater_core::Error>(())
            })
            .await?;
        let known = self.known();
        let mut checkpoint = known.checkpoint.clone();
        known.unchanged.iter().for_each(|record| note_unchanged(&mut checkpoint, record));
        Ok(checkpoint)
    }

    /// Notes that a pull was a success.
    pub(super) fn note_success(&self) {
        self.known().succeeded = true;
    }

    /// Notes what a pull took. It goes into the checkpoint with the next update.
    pub(super) fn note_cost(&self, cost: PullCost) {
        let mut known = self.known();
        known.requests_per_window = Some(cost.requests);
        known.costs.push(cost);
    }

    /// Notes that a pull failed.
    pub(super) fn note_failure(&self) {
        self.known().failed = true;
    }

    /// Notes a revisit that found nothing new. It goes into the checkpoint with the next update.
    pub(super) fn note_unchanged(&self, record: WindowRecord) {
        self.known().unchanged.push(record);
    }

    /// Changes the checkpoint. `change` must give the same when applied to its own result.
    pub(super) async fn update(&self, change: impl Fn(&mut Checkpoint) + Send + Sync) -> Result<()> {
        let _turn = self.turn.lock().await;
        let (unchanged, costs) = {
            let mut known = self.known();
            (std::mem::take(&mut known.unchanged), std::mem::take(&mut known.costs))
        };
        let whole = |checkpoint: &mut Checkpoint| {
            costs.iter().for_each(|cost| checkpoint.costs.note(*cost));
            unchanged.iter().for_each(|record| note_unchanged(checkpoint, record));
            change(checkpoint);
        };
        match self.warehouse.update_checkpoint(&self.source, &self.spec.name, whole).await {
            Ok(checkpoint) => {
                self.known().checkpoint = checkpoint;
                Ok(())
            }
            Err(error) => {
                let mut known = self.known();
                known.unchanged.extend(unchanged);
                // Before those noted meanwhile: the newest counts.
                known.costs.splice(0..0, costs);
                Err(error)
            }
        }
    }

    /// What the planner would look at, with `checkpoint`.
    pub(super) fn state<'a>(&'a self, checkpoint: &'a Checkpoint) -> DatasetState<'a> {
        DatasetState {
            provider: &self.provider,
            source: &self.source,
            spec: &self.spec,
            start: None,
            checkpoint,
            extractor: None,
            requests_per_second: 1.0,
            scope_digest: &self.scope_digest,
        }
    }

    pub(super) fn unit(&self, date: NaiveDate) -> Unit {
        Unit { source: self.source.clone(), dataset: self.spec.name.clone(), date }
    }

    /// A commit of `windows` on `date`.
    pub(super) fn commit(&self, date: NaiveDate, windows: Vec<WindowCommit>, seal: bool) -> UnitCommit {
        let table = |table| TableSchema { table, schema: schema(table, Some(&self.spec)) };
        let tables = self.spec.tables().map(table).collect();
        UnitCommit { provider: self.provider.clone(), unit: self.unit(date), tables, windows, seal }
    }

    /// Ends the dataset's part of the run: records what is not yet recorded, settles what time has decided, and seals
    /// the dates for which nothing more will be pulled. `stopped` is why the source stopped, if it did.
    pub(super) async fn finish(&self, stopped: Option<&str>) -> Result<()> {
        let now = self.clock.now();
        let mut checkpoint = self.checkpoint().await?;
        seal::settle(self.state(&checkpoint.clone()), now, &mut checkpoint);
        let mut sealed = Vec::new();
        for date in dates(&checkpoint) {
            if !seal::is_sealable(self.state(&checkpoint), now, date) {
                continue;
            }
            let records = seal::records_on(&checkpoint, date);
            let commit = self.commit(date, records.cloned().map(renewal).collect(), true);
            match self.warehouse.commit(&commit).await {
                Ok(committed) if committed.superseded.is_empty() => {
                    sealed.push((date, seal::summary(&checkpoint, date)));
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(unit = %commit.unit, "not sealed: {}", error.chain()),
            }
        }
        let (succeeded, failed, requests) = {
            let known = self.known();
            (known.succeeded, known.failed, known.requests_per_window)
        };
        self.update(|checkpoint| {
            seal::settle(self.state(&checkpoint.clone()), now, checkpoint);
            sealed.iter().for_each(|(date, unit)| seal::close(checkpoint, *date, unit));
            let Checkpoint { sealed, costs, .. } = checkpoint;
            sealed.iter().for_each(|(date, unit)| costs.fold(*date, &unit.windows));
            checkpoint.requests_per_window = requests.or(checkpoint.requests_per_window);
            if succeeded {
                checkpoint.last_success = Some(now);
            }
            match stopped {
                Some(error) => checkpoint.last_error = Some(error.to_owned()),
                None if succeeded && !failed => checkpoint.last_error = None,
                None => {}
            }
        })
        .await
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A record to be renewed at a seal, its rows as they are.
pub(super) fn renewal(record: WindowRecord) -> WindowCommit {
    WindowCommit { record, batches: Vec::new() }
}

/// A window that was found as published: of a sealed unit nothing changes but that its last attempt was no failure.
fn note_unchanged(checkpoint: &mut Checkpoint, record: &WindowRecord) {
    let sealed = checkpoint.sealed.get(&record.window.date());
    if sealed.is_some_and(|unit| unit.windows.covers(record.window)) {
        checkpoint.failed.retain(|failed| !failed.window.overlaps(record.window));
        checkpoint.held.retain(|held| !held.window.overlaps(record.window));
    } else if checkpoint.open_record(record.window).is_none_or(|known| known.pulled_at < record.pulled_at) {
        checkpoint.record(record.clone());
    }
}

fn dates(checkpoint: &Checkpoint) -> Vec<NaiveDate> {
    let mut dates: Vec<NaiveDate> = checkpoint.open.iter().map(|record| record.window.date()).collect();
    dates.dedup();
    dates
}
