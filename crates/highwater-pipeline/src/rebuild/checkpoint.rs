//! Restoring a checkpoint from the data: windows from the objects, verdicts from the control totals.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use highwater_core::{Checkpoint, Result, Table};
use highwater_load::Warehouse;

use crate::control::{Check, Verdict, first_of_month, record, stored, worst};
use crate::dataset_state::DatasetState;
use crate::ledger::Ledger;

/// Replaces the checkpoint of `dataset` by what stands in the warehouse, and returns it: exact for sealed units, never
/// ahead of the data for the others. Failures and holds are forgotten. The checkpoint in `dataset` is not looked at.
/// `progress` is told how many of how many units are read.
///
/// # Errors
/// `Storage`, `NewerFormat`.
pub async fn rebuild_checkpoint(
    dataset: DatasetState<'_>,
    warehouse: &Warehouse,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Checkpoint> {
    let tables: Vec<Table> = dataset.spec.tables().collect();
    let (provider, source, name) = (dataset.provider, dataset.source, &dataset.spec.name);
    let restored = warehouse.rebuild_checkpoint(provider, source, name, &tables, progress).await?;
    let ledger = Ledger { dataset, warehouse };
    let verdicts = verdicts(&ledger, &restored).await?;
    if verdicts.is_empty() {
        return Ok(restored);
    }
    record(&ledger, &verdicts, &BTreeMap::new()).await?;
    ledger.checkpoint().await
}

/// What the kept comparisons come to, by date.
async fn verdicts(ledger: &Ledger<'_>, restored: &Checkpoint) -> Result<BTreeMap<NaiveDate, Verdict>> {
    let open = restored.open.iter().map(|record| record.window.date());
    let dates: BTreeSet<NaiveDate> = restored.sealed.keys().copied().chain(open).collect();
    // A comparison stands with the date that its span starts on: with the day, or with the first of its month.
    let places: BTreeSet<NaiveDate> = dates.iter().flat_map(|date| [*date, first_of_month(*date)]).collect();
    let mut checks: BTreeMap<NaiveDate, Vec<Check>> = BTreeMap::new();
    for place in places {
        let kept = stored(ledger, place).await?;
        checks.insert(place, kept.into_iter().map(|stored| stored.check).collect());
    }
    let verdict = |date: NaiveDate| {
        let places = BTreeSet::from([date, first_of_month(date)]);
        let kept = places.iter().filter_map(|place| checks.get(place)).flatten();
        let held = restored.sealed.get(&date).and_then(|unit| Verdict::of(unit.verdict.as_ref()));
        worst(date, kept, &[]).max(held).map(|verdict| (date, verdict))
    };
    Ok(dates.into_iter().filter_map(verdict).collect())
}
