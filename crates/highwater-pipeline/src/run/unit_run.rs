//! One unit in a run: what its pulls are compared with.

use std::sync::Arc;

use highwater_core::{DatasetSpec, HeldWindow, Result, Unit, Window, WindowRecord, WindowSet};
use tokio::sync::OnceCell;

use super::dataset_run::DatasetRun;
use crate::plan::{PlannedUnit, Reason};
use crate::pull::Puller;
use crate::restate::Place;

/// One unit of a run.
#[derive(Debug)]
pub(super) struct UnitRun {
    pub(super) dataset: Arc<DatasetRun>,
    pub(super) unit: Unit,
    /// Pulls with the windows that the date keeps.
    pub(super) puller: Puller,
    /// Digest of the settings that the puller's dataset is defined by.
    pub(super) scope_digest: String,
    /// The share of a measure that may be lost.
    pub(super) shrink_tolerance: f64,
    /// Whether windows that the objects hold already, though the checkpoint does not know, are taken as loaded.
    pub(super) adopts: bool,
    known: OnceCell<PublishedUnit>,
}

/// What is published of a unit, and what waits.
#[derive(Debug)]
pub(super) struct PublishedUnit {
    /// The records that every object of the unit carries.
    pub(super) records: Vec<WindowRecord>,
    /// The records that the checkpoint has of the date, newer where a revisit found nothing new.
    pub(super) checkpoint_records: Vec<WindowRecord>,
    /// What the checkpoint calls loaded of the date.
    pub(super) loaded: WindowSet,
    /// Revisits that wait.
    pub(super) held: Vec<HeldWindow>,
    /// What failed at its last attempt.
    failed: WindowSet,
    /// Pulls of loaded windows that have restated something, published or not.
    restated: Vec<WindowRecord>,
}

impl UnitRun {
    pub(super) fn new(
        planned: &PlannedUnit,
        dataset: Arc<DatasetRun>,
        puller: Puller,
        shrink_tolerance: f64,
    ) -> Self {
        Self {
            dataset,
            unit: planned.unit.clone(),
            scope_digest: highwater_transform::scope_digest(&puller.spec),
            puller,
            shrink_tolerance,
            adopts: !planned.reasons.contains(&Reason::Forced),
            known: OnceCell::new(),
        }
    }

    pub(super) fn spec(&self) -> &DatasetSpec {
        &self.puller.spec
    }

    /// Where its rows stand.
    pub(super) fn place(&self) -> Place<'_> {
        let DatasetRun { warehouse, provider, .. } = &*self.dataset;
        Place { warehouse, provider, unit: &self.unit, spec: self.spec() }
    }

    /// Why `window` is pulled again; `None` where nothing was published of it.
    pub(super) fn cause(&self, published: &PublishedUnit, window: Window) -> Option<&'static str> {
        let mut known = published.records.iter().chain(&published.checkpoint_records);
        let mut known = known.by_ref().filter(|record| record.window.overlaps(window)).peekable();
        if known.peek().is_none() && !published.loaded.overlaps(window) {
            return None;
        }
        let reason = if !self.adopts {
            Reason::Forced
        } else if known.any(|record| record.scope_digest != self.scope_digest) {
            Reason::Scope
        } else if published.hold(window).is_some() {
            Reason::Held
        } else if published.failed.overlaps(window) {
            Reason::Failed
        } else {
            Reason::Revisit
        };
        Some(reason.as_str())
    }

    /// What is published of the unit, as it was when the run came to it.
    pub(super) async fn published(&self) -> Result<&PublishedUnit> {
        self.known.get_or_try_init(|| self.read()).await
    }

    async fn read(&self) -> Result<PublishedUnit> {
        let checkpoint = self.dataset.checkpoint().await?;
        let tables: Vec<_> = self.spec().tables().collect();
        let warehouse = &self.dataset.warehouse;
        let records = warehouse.unit_records(&self.dataset.provider, &self.unit, &tables).await?;
        let day = Window::day(self.unit.date);
        let on_date = |window: Window| window.overlaps(day);
        let loaded = checkpoint.loaded().within(day);
        let restated = if loaded.is_empty() { Vec::new() } else { self.place().restated().await? };
        Ok(PublishedUnit {
            records,
            checkpoint_records: checkpoint
                .open
                .iter()
                .filter(|known| on_date(known.window))
                .cloned()
                .collect(),
            loaded,
            held: checkpoint.held.iter().filter(|held| on_date(held.window)).cloned().collect(),
            failed: checkpoint.failed.iter().map(|failed| failed.window).filter(|at| on_date(*at)).collect(),
            restated,
        })
    }
}

impl PublishedUnit {
    /// The record of exactly `window`.
    pub(super) fn record(&self, window: Window) -> Option<&WindowRecord> {
        self.records.iter().find(|record| record.window == window)
    }

    /// The record of exactly `window`, also where a writer died before all objects had it.
    pub(super) fn known(&self, window: Window) -> Option<&WindowRecord> {
        let in_checkpoint = || self.checkpoint_records.iter().find(|record| record.window == window);
        self.record(window).or_else(in_checkpoint)
    }

    /// How often anything of `window` was pulled.
    pub(super) fn pulls(&self, window: Window) -> u32 {
        let known = self.records.iter().chain(&self.checkpoint_records);
        known.filter(|record| record.window.overlaps(window)).map(|record| record.pulls).max().unwrap_or(0)
    }

    /// The hold on `window`.
    pub(super) fn hold(&self, window: Window) -> Option<&HeldWindow> {
        self.held.iter().find(|held| held.window.overlaps(window))
    }

    /// Whether a pull of `known.window` has restated something and was never published.
    pub(super) fn has_unpublished_restatement(&self, known: &WindowRecord) -> bool {
        let unpublished =
            |restated: &WindowRecord| restated.window == known.window && restated.pulls > known.pulls;
        self.restated.iter().any(unpublished)
    }

    /// Whether `window` replaces published ones of other bounds.
    pub(super) fn restates_bounds(&self, window: Window) -> bool {
        self.records.iter().any(|record| record.window != window && record.window.overlaps(window))
    }
}
