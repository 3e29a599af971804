//! Writing coverage: the dates of which the warehouse says something else than the checkpoint.
//!
//! The checkpoint keeps a digest of what stands in the warehouse of each date, set once it is durable. So a year costs no
//! more than the dates that changed, and what a killed run has left undone is done by the next one. Rows that are still
//! true keep their `as_of`: it is the instant at which they were derived, and `status` says the same of both.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use highwater_core::{Checkpoint, Result, Table};
use sha2::{Digest, Sha256};

use super::{CoverageRow, coverage, detailed};
use crate::ledger::Ledger;

/// Objects written at once.
const AT_ONCE: usize = 8;
/// How often what other writers have changed meanwhile is taken in, before it is left to them.
const ROUNDS: usize = 4;

/// The dates whose coverage a command answers for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dates {
    /// Those that were pulled or checked: written whatever the digests say.
    pub(crate) touched: BTreeSet<NaiveDate>,
    /// Whether all others are left to other writers.
    pub(crate) only_touched: bool,
}

/// What is to be written of one date; no rows where nothing is known of it any more.
struct Due {
    date: NaiveDate,
    rows: Vec<CoverageRow>,
    digest: Option<String>,
}

/// Brings the coverage of the ledger's dataset to what its checkpoint says at `now`. Durable when it returns. A dataset
/// that was never pulled has none.
///
/// # Errors
/// `Storage`, `NewerFormat`.
pub(crate) async fn cover(ledger: &Ledger<'_>, now: DateTime<Utc>, dates: &Dates) -> Result<()> {
    let mut checkpoint = ledger.checkpoint().await?;
    if checkpoint.loaded().is_empty() && checkpoint.failed.is_empty() && checkpoint.covered.is_empty() {
        return Ok(());
    }
    let mut forced = dates.touched.clone();
    for _ in 0..ROUNDS {
        let due = due(ledger, &checkpoint, now, dates, &forced);
        if due.is_empty() {
            return Ok(());
        }
        let digests: BTreeMap<NaiveDate, Option<String>> =
            due.iter().map(|due| (due.date, due.digest.clone())).collect();
        let seen = &checkpoint;
        let writes = due.into_iter().map(|due| write(ledger, seen, now, due));
        stream::iter(writes).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        checkpoint = ledger
            .update(|checkpoint| {
                for (date, digest) in &digests {
                    match digest {
                        Some(digest) => checkpoint.covered.insert(*date, digest.clone()),
                        None => checkpoint.covered.remove(date),
                    };
                }
            })
            .await?;
        forced.clear();
    }
    Ok(())
}

fn due(
    ledger: &Ledger<'_>,
    checkpoint: &Checkpoint,
    now: DateTime<Utc>,
    dates: &Dates,
    forced: &BTreeSet<NaiveDate>,
) -> Vec<Due> {
    let mut derived = coverage(ledger.at(checkpoint), now);
    let known: BTreeSet<NaiveDate> = derived.keys().chain(checkpoint.covered.keys()).copied().collect();
    let answered = known.into_iter().filter(|date| !dates.only_touched || dates.touched.contains(date));
    let mut due = Vec::new();
    for date in answered {
        let rows = derived.remove(&date).unwrap_or_default();
        let digest = (!rows.is_empty()).then(|| digest(checkpoint, date, &rows));
        if digest.as_ref() != checkpoint.covered.get(&date) || forced.contains(&date) {
            due.push(Due { date, rows, digest });
        }
    }
    due
}

fn digest(checkpoint: &Checkpoint, date: NaiveDate, rows: &[CoverageRow]) -> String {
    let text = serde_json::to_vec(&(rows, checkpoint.sealed.get(&date))).expect("plain data");
    let hash = Sha256::digest(&text);
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

async fn write(ledger: &Ledger<'_>, checkpoint: &Checkpoint, now: DateTime<Utc>, due: Due) -> Result<()> {
    let Due { date, mut rows, .. } = due;
    if let Some(unit) = checkpoint.sealed.get(&date) {
        let records = ledger.records(date).await?;
        rows = detailed(ledger.dataset, rows, unit.verdict.as_deref(), &records);
    }
    let mut table = ledger.rows(Table::Coverage);
    rows.iter().for_each(|row| row.put(&mut table, now));
    ledger.put(Table::Coverage, date, table).await
}
