//! Publishing: the objects first, then the checkpoint.

use std::sync::Arc;

use highwater_core::{Checkpoint, FailedWindow, HeldWindow, Result, SealedUnit, Window, WindowRecord};
use highwater_load::WindowCommit;

use super::dataset_run::renewal;
use super::prepare::Fresh;
use super::seal;
use super::unit_run::UnitRun;
use crate::restate::Revised;

/// What of a unit is settled and not yet durable.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) fresh: Vec<Fresh>,
    pub(super) failed: Vec<FailedWindow>,
    pub(super) held: Vec<HeldWindow>,
    /// Whether the unit has no pull left, so that it may be sealed.
    pub(super) last: bool,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.failed.is_empty() && self.held.is_empty()
    }
}

/// A batch that is durable.
#[derive(Debug, Default)]
pub(super) struct Publication {
    /// What was published.
    pub(super) published: Vec<WindowRecord>,
    /// Windows of which another writer published a newer pull meanwhile.
    pub(super) superseded: Vec<Window>,
    pub(super) objects_written: u64,
}

/// What the checkpoint is to learn with a publication.
struct Change {
    records: Vec<WindowRecord>,
    before: Vec<WindowRecord>,
    sealed: Option<SealedUnit>,
}

/// Makes `batch` durable: rejects, then restatements, then the objects table by table, then the checkpoint.
///
/// # Errors
/// `Storage`, `NewerFormat`. The objects may hold some or all of it then, and the checkpoint does not: the next run
/// finds them or pulls again.
pub(super) async fn publish(unit: Arc<UnitRun>, batch: Batch) -> Result<Publication> {
    let (dataset, date) = (&unit.dataset, unit.unit.date);
    let mut publication = Publication::default();
    let mut change = Change { records: Vec::new(), before: Vec::new(), sealed: None };
    for fresh in batch.fresh.iter().filter(|fresh| fresh.had_rejects || !fresh.rejects.is_empty()) {
        dataset.warehouse.write_rejects(&unit.unit, fresh.commit.record.window, &fresh.rejects).await?;
    }
    let after = after(&unit, &batch).await?;
    let nothing_waits = batch.failed.is_empty() && batch.held.is_empty();
    let seal =
        batch.last && nothing_waits && seal::is_sealable(dataset.state(&after), dataset.clock.now(), date);
    if seal || !batch.fresh.is_empty() {
        change.before = unit.published().await?.records.clone();
        unit.place().restate(&revised(&batch.fresh)).await?;
        let mut windows: Vec<WindowCommit> = batch.fresh.into_iter().map(|fresh| fresh.commit).collect();
        change.records = windows.iter().map(|window| window.record.clone()).collect();
        if seal {
            let is_fresh =
                |known: &WindowRecord| change.records.iter().any(|fresh| fresh.window == known.window);
            let others = seal::records_on(&after, date).filter(|known| !is_fresh(known));
            windows.extend(others.cloned().map(renewal));
        }
        let committed = dataset.warehouse.commit(&dataset.commit(date, windows, seal)).await?;
        change.sealed = (seal && committed.superseded.is_empty()).then(|| seal::summary(&after, date));
        change.records.retain(|record| !committed.superseded.contains(&record.window));
        publication.published.clone_from(&change.records);
        publication.superseded = committed.superseded;
        publication.objects_written = committed.objects_written;
    }
    if change.sealed.is_some() || !change.records.is_empty() || !nothing_waits {
        dataset.update(|checkpoint| apply(checkpoint, &unit, &change, &batch.failed, &batch.held)).await?;
    }
    Ok(publication)
}

/// The pulls that replace what is published.
fn revised(fresh: &[Fresh]) -> Vec<Revised<'_>> {
    fn revised(fresh: &Fresh) -> Option<Revised<'_>> {
        let (commit, cause) = (&fresh.commit, fresh.cause?);
        Some(Revised { commit, cause, seen_at: commit.record.pulled_at })
    }
    fresh.iter().filter_map(revised).collect()
}

/// The checkpoint as it would be with the fresh windows of `batch`.
async fn after(unit: &UnitRun, batch: &Batch) -> Result<Checkpoint> {
    let mut after = unit.dataset.checkpoint().await?;
    if !batch.fresh.is_empty() {
        seal::unseal(&mut after, unit.unit.date, &unit.published().await?.records);
        batch.fresh.iter().for_each(|fresh| after.record(fresh.commit.record.clone()));
    }
    Ok(after)
}

fn apply(
    checkpoint: &mut Checkpoint,
    unit: &UnitRun,
    change: &Change,
    failed: &[FailedWindow],
    held: &[HeldWindow],
) {
    let date = unit.unit.date;
    if let Some(sealed) = &change.sealed {
        seal::close(checkpoint, date, sealed);
    } else if !change.records.is_empty() {
        seal::unseal(checkpoint, date, &change.before);
        change.records.iter().for_each(|record| checkpoint.record(record.clone()));
    }
    failed.iter().for_each(|failed| checkpoint.fail(failed.clone()));
    for held in held {
        checkpoint.hold(held.clone());
        checkpoint.failed.retain(|failed| !failed.window.overlaps(held.window));
    }
}
