//! The accounts of a run, once its pulls are over: control totals of the units that became final, then coverage.

use std::sync::Arc;

use futures::future::join_all;
use highwater_core::{Checkpoint, DatasetName, Error, Result, SourceName, TrafficCount};
use highwater_load::Warehouse;
use highwater_transform::scope_digest;

use crate::admission::Admission;
use crate::control::{Inquiry, PAGES_IN_FLIGHT, Reconciled, reconcile};
use crate::coverage::{Dates, cover};
use crate::dataset_state::DatasetState;
use crate::ledger::Ledger;
use crate::plan::Plan;
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
        let may_ask = |requests: u64| {
            let allowed = !stopped && !options.cancel.is_cancelled() && budget.allows(requests, false);
            // For good: once sent they count twice, so that many units at once do not exceed what is left.
            if allowed {
                budget.reserve(requests);
            }
            allowed
        };
        let (mismatched, error) = account_for(plan, source, warehouse, options, &may_ask).await;
        summary.mismatched += mismatched;
        summary.traffic = together(summary.traffic, source.extractor.traffic().count() - before);
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

async fn account_for(
    plan: &Plan,
    source: &Source,
    warehouse: &Warehouse,
    options: &RunOptions,
    may_ask: &(dyn Fn(u64) -> bool + Sync),
) -> (u64, Option<Error>) {
    let admission = Admission::of_answering(PAGES_IN_FLIGHT, options.cancel.child_token());
    let inquiry = Inquiry::new(source, &options.run_id, &options.clock, admission);
    let (mut mismatched, mut first_error) = (0, None);
    for ((_, name), start) in plan.starts.iter().filter(|((planned, _), _)| *planned == source.name) {
        let Some(spec) = source.extractor.datasets().iter().find(|spec| spec.name == *name) else { continue };
        let (nothing, scope_digest) = (Checkpoint::default(), scope_digest(spec));
        let dataset = DatasetState {
            provider: &source.provider,
            source: &source.name,
            spec,
            start: *start,
            checkpoint: &nothing,
            requests_per_second: 1.0,
            scope_digest: &scope_digest,
        };
        let ledger = Ledger { dataset, warehouse };
        let mut dates = planned_dates(plan, &source.name, name);
        match account_for_dataset(&ledger, &inquiry, options, &mut dates, may_ask).await {
            Ok(reconciled) => mismatched += reconciled.mismatched,
            Err(error) => {
                let (source, hint) = (&source.name, error.hint());
                tracing::error!(%source, dataset = %name, hint, "not accounted for: {}", error.chain());
                first_error.get_or_insert(error);
            }
        }
    }
    (mismatched, first_error)
}

async fn account_for_dataset(
    ledger: &Ledger<'_>,
    inquiry: &Inquiry,
    options: &RunOptions,
    dates: &mut Dates,
    may_ask: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Reconciled> {
    let clock = Arc::clone(&options.clock);
    let reconciled = reconcile(ledger, inquiry, clock.now(), dates, may_ask).await;
    if let Ok(reconciled) = &reconciled {
        dates.touched.extend(&reconciled.dates);
    }
    // Coverage is right whatever the totals say, and shows what is known of them.
    cover(ledger, clock.now(), dates).await?;
    reconciled
}

fn planned_dates(plan: &Plan, source: &SourceName, dataset: &DatasetName) -> Dates {
    let units = plan.units.iter().map(|planned| &planned.unit);
    let ours = units.filter(|unit| unit.source == *source && unit.dataset == *dataset);
    Dates { touched: ours.map(|unit| unit.date).collect(), only_touched: plan.partial }
}
