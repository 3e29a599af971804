//! Publishing what came out of the archive: restatements first, then the objects, then the checkpoint.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use highwater_core::{Checkpoint, DatasetSpec, Result, SealedUnit, Unit, Window, WindowRecord};
use highwater_load::{RejectLine, TableSchema, UnitCommit, Warehouse, WindowCommit};
use highwater_transform::{Normalised, schema};

use super::named::Named;
use crate::HELD_VERDICT;
use crate::dataset_state::DatasetState;
use crate::restate::{Place, Revised};

/// The cause that restatements of a rebuild carry.
const CAUSE: &str = "rebuild";

/// A window as it came out of the archive.
#[derive(Debug)]
pub(super) struct Replayed {
    /// What is to be recorded of it.
    pub(super) record: WindowRecord,
    commit: WindowCommit,
    rejects: Vec<RejectLine>,
    had_rejects: bool,
    is_changed: bool,
}

impl Replayed {
    /// The window that `known` names, replayed as `normalised`. Rows that came out otherwise are a publication of their
    /// own, after the one they correct.
    pub(super) fn new(known: &WindowRecord, normalised: Normalised) -> Self {
        let is_changed = !normalised.has_digest(&known.content_digest);
        let record = WindowRecord {
            rows: normalised.rows,
            rejected_rows: normalised.rejects.len() as u64,
            pulls: known.pulls + u32::from(is_changed),
            content_digest: if is_changed { normalised.content_digest } else { known.content_digest.clone() },
            empty: normalised.rows == 0 && normalised.rejects.is_empty(),
            // What was compared with the provider's totals are other rows.
            verdict: known.verdict.clone().filter(|verdict| !is_changed || verdict == HELD_VERDICT),
            ..known.clone()
        };
        let line = |reject: highwater_transform::Reject| RejectLine {
            reason: reject.reason,
            operation: reject.operation,
            path: reject.path,
            window: known.window,
            row: reject.row,
        };
        let rejects = normalised.rejects.into_iter().map(line).collect();
        let batches = normalised.tables.into_iter().map(|table| table.batch).collect();
        let commit = WindowCommit { record: record.clone(), batches };
        Self { record, commit, rejects, had_rejects: known.rejected_rows > 0, is_changed }
    }
}

/// Where replayed windows of one unit go.
#[derive(Debug)]
pub(super) struct Republication<'a> {
    warehouse: &'a Warehouse,
    state: &'a DatasetState<'a>,
    spec: &'a Arc<DatasetSpec>,
    unit: &'a Unit,
    seen_at: DateTime<Utc>,
}

impl<'a> Republication<'a> {
    pub(super) fn new(
        warehouse: &'a Warehouse,
        state: &'a DatasetState<'a>,
        spec: &'a Arc<DatasetSpec>,
        unit: &'a Unit,
        seen_at: DateTime<Utc>,
    ) -> Self {
        Self { warehouse, state, spec, unit, seen_at }
    }

    /// Makes `replayed` durable; with the `last` of them a unit that was sealed is sealed again. Returns how many versions
    /// of objects it took.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`.
    pub(super) async fn publish(&self, replayed: Vec<Replayed>, last: bool) -> Result<u64> {
        if replayed.is_empty() {
            return Ok(0);
        }
        for window in replayed.iter().filter(|window| window.had_rejects || !window.rejects.is_empty()) {
            self.warehouse.write_rejects(self.unit, window.record.window, &window.rejects).await?;
        }
        let changed = replayed.iter().filter(|window| window.is_changed);
        let revised: Vec<Revised<'_>> = changed
            .map(|window| Revised { commit: &window.commit, cause: CAUSE, seen_at: self.seen_at })
            .collect();
        let (warehouse, provider, unit, spec) =
            (self.warehouse, self.state.provider, self.unit, &**self.spec);
        Place { warehouse, provider, unit, spec }.restate(&revised).await?;
        let mut windows: Vec<WindowCommit> = replayed.into_iter().map(|window| window.commit).collect();
        let seal = last && self.complete(&mut windows).await?;
        let commit = UnitCommit {
            provider: provider.to_owned(),
            unit: unit.clone(),
            tables: spec
                .tables()
                .map(|table| TableSchema { table, schema: schema(table, Some(spec)) })
                .collect(),
            windows,
            seal,
        };
        let committed = warehouse.commit(&commit).await?;
        self.record().await?;
        Ok(committed.objects_written)
    }

    /// Adds to `windows` the unit's others, their rows as they are, when the unit is sealed; false when it is not, or
    /// when a table lacks one of them.
    async fn complete(&self, windows: &mut Vec<WindowCommit>) -> Result<bool> {
        let name = &self.state.spec.name;
        let checkpoint = self.warehouse.checkpoint(self.state.source, name).await?;
        if !checkpoint.sealed.contains_key(&self.unit.date) {
            return Ok(false);
        }
        let named = Named::read(self.warehouse, self.state.provider, self.unit, self.spec).await?;
        let is_replayed =
            |record: &WindowRecord| windows.iter().any(|window| window.record.window == record.window);
        let others: Vec<WindowRecord> =
            named.records().filter(|record| !is_replayed(record)).cloned().collect();
        if !others.iter().all(|record| named.is_everywhere(record)) {
            return Ok(false);
        }
        windows.extend(others.into_iter().map(|record| WindowCommit { record, batches: Vec::new() }));
        Ok(true)
    }

    /// Brings the checkpoint to what the objects say. Failures, holds and what is known of later revisits stay.
    async fn record(&self) -> Result<()> {
        let tables: Vec<_> = self.spec.tables().collect();
        let published = self.warehouse.unit_records(self.state.provider, self.unit, &tables).await?;
        let (date, day) = (self.unit.date, Window::day(self.unit.date));
        let change = |checkpoint: &mut Checkpoint| {
            if let Some(unit) = checkpoint.sealed.get_mut(&date) {
                let verdict = unit.verdict.take().filter(|verdict| verdict == HELD_VERDICT);
                *unit = SealedUnit::of(&published);
                unit.verdict = unit.verdict.take().or(verdict);
                checkpoint.costs.forget_totals(date);
                return;
            }
            let (failed, held) = (checkpoint.failed.clone(), checkpoint.held.clone());
            for record in &published {
                let known =
                    checkpoint.open_record(record.window).filter(|known| known.window == record.window);
                let mut next = record.clone();
                if let Some(known) = known.filter(|known| known.pull_digest == record.pull_digest) {
                    next.pulled_at = known.pulled_at.max(record.pulled_at);
                    next.pulls = known.pulls.max(record.pulls);
                    next.verdict = record.verdict.clone().or_else(|| {
                        known.verdict.clone().filter(|_| known.content_digest == record.content_digest)
                    });
                }
                checkpoint.record(next);
            }
            let is_there = |window: Window| published.iter().any(|record| record.window.covers(window));
            checkpoint.failed = failed
                .into_iter()
                .filter(|failed| !day.covers(failed.window) || !is_there(failed.window))
                .collect();
            checkpoint.held = held;
        };
        self.warehouse.update_checkpoint(self.state.source, &self.state.spec.name, change).await?;
        Ok(())
    }
}
