//! The runner: takes a plan's units, source by source side by side, and publishes what it pulls.
//!
//! A unit's pulls are made several at a time; each is normalised, verified and compared with what is published. What is
//! new is archived, then committed to the objects of the unit, then recorded in the checkpoint, so that the checkpoint
//! is never ahead of the data. A pull that fails leaves what is published as it was, and stops no other.

mod budget;
mod dataset_run;
mod gone;
mod open_unit;
mod prepare;
mod progress;
mod publish;
pub(crate) mod seal;
mod source_run;
mod summary;
#[cfg(test)]
mod tests;
mod unit_run;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use highwater_core::{Clock, Error, ErrorKind, Extractor, Result, RunId, SourceName};
use highwater_load::Warehouse;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::account::account;
use crate::plan::{Plan, PlannedUnit};
pub(crate) use budget::Budget;
pub use progress::{Outcome, Progress, ProgressEvent, Unwatched};
use source_run::SourceRun;
pub use summary::{PullCounts, RunSummary, SourceError, SourceSummary};

/// One configured source, ready to be asked.
#[derive(Clone, Debug)]
pub struct Source {
    /// The provider's name, as it stands in the path of objects.
    pub provider: String,
    /// The source's name.
    pub name: SourceName,
    /// What talks to it.
    pub extractor: Arc<dyn Extractor>,
}

/// How to run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The run's id, which every row it publishes carries.
    pub run_id: RunId,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The share of an additive measure that a pull may take away from what is published: `0.10` for a tenth.
    pub shrink_tolerance: f64,
    /// How many requests may be sent, retries included. No pull is started that is expected to exceed it.
    pub max_requests: Option<u64>,
    /// Cancelled when the run is to stop: nothing new is started, and what is complete is committed.
    pub cancel: CancellationToken,
    /// How long pulls on their way may take to finish once `cancel` is cancelled, before they are abandoned.
    pub grace: Duration,
    /// Who watches.
    pub progress: Arc<dyn Progress>,
}

/// Makes the pulls of `plan` and publishes what they bring. Failures of pulls, units and sources are recorded in the
/// checkpoints and counted in the summary. Dropping the future abandons what is on its way; nothing half-visible is
/// left.
///
/// # Errors
/// `Config` when a source or a dataset of the plan is unknown, before anything is asked; `NewerFormat` when the
/// warehouse was written by a newer program.
pub async fn run(
    plan: &Plan,
    sources: &[Source],
    warehouse: &Warehouse,
    options: &RunOptions,
) -> Result<RunSummary> {
    let span = tracing::info_span!("run", run_id = %options.run_id);
    let started = options.clock.monotonic();
    let work = by_source(plan, sources)?;
    let budget =
        Arc::new(Budget::new(options.max_requests, work.iter().map(|(source, _)| &source.extractor)));
    let mut runs = Vec::with_capacity(work.len());
    for (source, units) in work {
        runs.push(SourceRun::new(source, units, warehouse, options, Arc::clone(&budget))?);
    }
    let done = join_all(runs.into_iter().map(|run| {
        let span = tracing::info_span!("source", source = %run.name());
        run.run().instrument(span)
    }));
    let mut summaries = Vec::new();
    for outcome in done.instrument(span.clone()).await {
        summaries.push(outcome?);
    }
    account(plan, sources, warehouse, options, &mut summaries).instrument(span).await;
    let seconds = options.clock.monotonic().saturating_sub(started).as_secs_f64();
    Ok(RunSummary::new(options.run_id.clone(), seconds, summaries))
}

type Work<'a> = Vec<(&'a Source, Vec<PlannedUnit>)>;

/// The plan's units by source, in the order of the plan.
fn by_source<'a>(plan: &Plan, sources: &'a [Source]) -> Result<Work<'a>> {
    let mut work: Work<'a> = Vec::new();
    for planned in &plan.units {
        let name = &planned.unit.source;
        if let Some((_, units)) = work.iter_mut().find(|(source, _)| source.name == *name) {
            units.push(planned.clone());
            continue;
        }
        let source = sources.iter().find(|source| source.name == *name).ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("the plan names an unknown source source=`{name}`"))
        })?;
        work.push((source, vec![planned.clone()]));
    }
    Ok(work)
}
