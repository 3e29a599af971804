//! Asking a provider for its own totals, and adding up ours.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use highwater_core::{
    Clock, Column, DatasetSpec, Extractor, Figure, PageRequest, Result, RunId, SourceName, Table, Window,
};
use highwater_load::Keep;
use highwater_transform::{TableBatch, additive_totals};

use super::Check;
use crate::admission::Admission;
use crate::ledger::Ledger;
use crate::pull::Puller;
use crate::run::Source;

/// Requests of a source on their way at once.
pub(crate) const PAGES_IN_FLIGHT: usize = 16;

/// What our rows add up to, in millionths, by table and measure.
pub(crate) type Totals = BTreeMap<(Table, Column), i128>;

/// What a provider says of a whole.
#[derive(Debug)]
pub(crate) struct Told {
    /// The figures, those of one measure added up, in the order of their tables.
    pub(crate) figures: Vec<Figure>,
    /// The requests that they took; retries not counted.
    pub(crate) requests: u64,
}

/// What asks one source for its totals.
#[derive(Clone, Debug)]
pub(crate) struct Inquiry {
    extractor: Arc<dyn Extractor>,
    source: SourceName,
    run_id: RunId,
    clock: Arc<dyn Clock>,
    admission: Arc<Admission>,
}

impl Inquiry {
    /// Asks `source` through `admission`.
    pub(crate) fn new(source: &Source, run_id: &RunId, clock: &Arc<dyn Clock>, admission: Admission) -> Self {
        Self {
            extractor: Arc::clone(&source.extractor),
            source: source.name.clone(),
            run_id: run_id.clone(),
            clock: Arc::clone(clock),
            admission: Arc::new(admission),
        }
    }

    /// The requests for the totals of `span`; none where the provider reports none.
    pub(crate) fn requests(&self, spec: &DatasetSpec, span: Window) -> Vec<PageRequest> {
        if spec.control_totals { self.extractor.control_requests(spec, span) } else { Vec::new() }
    }

    /// The provider's figures for `span`.
    ///
    /// # Errors
    /// As a pull.
    pub(crate) async fn figures(
        &self,
        spec: &DatasetSpec,
        span: Window,
        requests: &[PageRequest],
    ) -> Result<Told> {
        let puller = Puller {
            extractor: Arc::clone(&self.extractor),
            source: self.source.clone(),
            spec: Arc::new(spec.clone()),
            run_id: self.run_id.clone(),
            clock: Arc::clone(&self.clock),
            admission: Arc::clone(&self.admission),
            check_buckets: false,
        };
        let pulled = puller.follow(span, requests, Keep::Nothing).await.map_err(|failure| failure.error)?;
        let mut figures: BTreeMap<(Table, Column), Figure> = BTreeMap::new();
        for figure in pulled.figures {
            figures
                .entry((figure.table, figure.measure))
                .and_modify(|sum| {
                    sum.micros += figure.micros;
                    sum.tolerance_micros += figure.tolerance_micros;
                })
                .or_insert(figure);
        }
        Ok(Told { figures: figures.into_values().collect(), requests: pulled.requests })
    }
}

/// The comparisons of `figures` of `span` with what our rows add up to. Nothing of ours is a sum of zero.
pub(crate) fn compare(ledger: &Ledger<'_>, span: Window, figures: &[Figure], ours: &Totals) -> Vec<Check> {
    let (source, dataset) = (ledger.dataset.source, &ledger.dataset.spec.name);
    let check = |figure: &Figure| {
        let ours = ours.get(&(figure.table, figure.measure)).copied().unwrap_or_default();
        Check::of_figure(source, dataset, span, figure, ours)
    };
    figures.iter().map(check).collect()
}

/// What the rows of `table` on `date` add up to.
///
/// # Errors
/// `Storage`, `NewerFormat`.
pub(crate) async fn table_totals(ledger: &Ledger<'_>, date: NaiveDate, table: Table) -> Result<Totals> {
    let (provider, unit) = (ledger.dataset.provider, ledger.unit(date));
    let day = Window::day(date).into();
    let batch = ledger.warehouse.read_windows(provider, &unit, table, &day).await?;
    Ok(additive_totals(&[TableBatch { table, batch }]))
}
