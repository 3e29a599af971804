//! The accounts of a run, once its pulls are over: control totals of the units that became final, then coverage.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use futures::future::join_all;
use highwater_core::{Checkpoint, DatasetName, Error, Result, SourceName, TrafficCount, Unit};
use highwater_load::Warehouse;
use highwater_transform::scope_digest;

use crate::admission::Admission;
use crate::control::{Inquiry, PAGES_IN_FLIGHT, Reconciled, reconcile};
use crate::coverage::{Dates, cover};
use crate::dataset_state::DatasetState;
use crate::ledger::Ledger;
use crate::plan::{Plan, TotalsDue};
use crate::run::{Budget, RunOptions, Source, SourceError, SourceSummary};

/// Accounts for `plan` and adds what that came to to `summaries`, those of the sources that were asked: of a plan as it
/// was made for all its datasets, of a selected one for its units alone. What cannot be written is reported, and made up
/// for by the next run.
pub(crate) async fn account(
    plan: &Plan,
    sources: &[Source],
    warehouse: &Warehouse,
    options: &RunOptions,
    summaries: &mut [SourceSummary],
) {
    if options.cancel.is_cancelled() {
        // Asked to stop: the next run makes up for it.
        return;
    }
    let sent: u64 = summaries.iter().map(|summary| summary.traffic.requests).sum();
    let left = options.max_requests.map(|most| most.saturating_sub(sent));
    let budget = Budget::new(left, sources.iter().map(|source| &source.extractor));
    let accounts = summaries.iter_mut().map(async |summary| {
        let Some(source) = sources.iter().find(|source| source.name == summary.source) else { return };
        let before = source.extractor.traffic().count();
        let stopped = summary.error.is_some();
        let may_ask = |requests: u64| !stopped && !options.cancel.is_cancelled() && budget.claim(requests);
        let stop = options.cancel.child_token();
        // A source that was asked for nothing yet may still refuse our credentials.
        let is_new = summary.traffic.requests == 0;
        let admission = if is_new { Admission::new } else { Admission::of_answering };
        let inquiry = Inquiry::new(source, &options.run_id, &options.clock, admission(PAGES_IN_FLIGHT, stop));
        let accounted = account_for(plan, source, warehouse, options, &inquiry, &may_ask).await;
        summary.mismatched += accounted.mismatched;
        summary.traffic = together(summary.traffic, source.extractor.traffic().count() - before);
        let refused = accounted.refused.filter(|_| is_new);
        summary.auth_refused |= refused.is_some();
        let error = refused.or(accounted.error);
        summary.error = summary.error.take().or(error.as_ref().map(SourceError::from));
    });
    join_all(accounts).await;
}

fn together(pulls: TrafficCount, totals: TrafficCount) -> TrafficCount {
    TrafficCount {
        requests: pulls.requests + totals.requests,
        retries: pulls.retries + totals.retries,
        rate_limited: pulls.rate_limited + totals.rate_limited,
        bytes: pulls.bytes + totals.bytes,
    }
}

/// What the accounts of a source came to.
#[derive(Debug, Default)]
struct Accounted {
    mismatched: u64,
    /// The error by which the provider refused to answer.
    refused: Option<Error>,
    /// The first error of the warehouse.
    error: Option<Error>,
}

async fn account_for(
    plan: &Plan,
    source: &Source,
    warehouse: &Warehouse,
    options: &RunOptions,
    inquiry: &Inquiry,
    may_ask: &(dyn Fn(u64) -> bool + Sync),
) -> Accounted {
    let mut accounted = Accounted::default();
    for ((_, name), start) in plan.starts.iter().filter(|((planned, _), _)| *planned == source.name) {
        let Some(spec) = source.extractor.datasets().iter().find(|spec| spec.name == *name) else { continue };
        let (nothing, scope_digest) = (Checkpoint::default(), scope_digest(spec));
        let dataset = DatasetState {
            provider: &source.provider,
            source: &source.name,
            spec,
            start: *start,
            checkpoint: &nothing,
            extractor: None,
            requests_per_second: 1.0,
            scope_digest: &scope_digest,
        };
        let ledger = Ledger { dataset, warehouse };
        let planned = planned_dates(plan, &source.name, name);
        match account_for_dataset(&ledger, inquiry, options, &planned, plan.partial, may_ask).await {
            Ok(reconciled) => {
                accounted.mismatched += reconciled.mismatched;
                accounted.refused = accounted.refused.or(reconciled.refused);
            }
            Err(error) => {
                let (source, hint) = (&source.name, error.hint());
                tracing::error!(%source, dataset = %name, hint, "not accounted for: {}", error.chain());
                accounted.error.get_or_insert(error);
            }
        }
    }
    accounted
}

async fn account_for_dataset(
    ledger: &Ledger<'_>,
    inquiry: &Inquiry,
    options: &RunOptions,
    planned: &BTreeMap<NaiveDate, TotalsDue>,
    is_partial: bool,
    may_ask: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Reconciled> {
    let clock = Arc::clone(&options.clock);
    let reconciled = reconcile(ledger, inquiry, clock.now(), planned, may_ask).await;
    let dates = Dates { touched: planned.keys().copied().collect(), only_touched: is_partial };
    // Coverage is right whatever the totals say, and shows what is known of them.
    cover(ledger, clock.now(), &dates).await?;
    reconciled
}

/// The dates of the dataset that `plan` has units of.
fn planned_dates(plan: &Plan, source: &SourceName, dataset: &DatasetName) -> BTreeMap<NaiveDate, TotalsDue> {
    let is_ours = |unit: &Unit| unit.source == *source && unit.dataset == *dataset;
    let ours = plan.units.iter().filter(|planned| is_ours(&planned.unit));
    ours.map(|planned| (planned.unit.date, planned.totals)).collect()
}
