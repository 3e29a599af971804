//! `run` and `backfill`: plan, then load.

use std::sync::Arc;

use highwater_core::{Result, SourceName};
use highwater_load::Warehouse;
use highwater_pipeline::{Plan, PlanOrder, RunOptions, RunSummary, Source};

use super::plan;
use crate::args::{BackfillArgs, Format, Global, ReprocessArg, RunArgs, describe_range, window};
use crate::config::Secrets;
use crate::output::{Cell, Grid, counted, note, print, span, thousands};
use crate::progress::RunProgress;
use crate::report::Exit;
use crate::session::{Session, new_run_id};
use crate::signals::stop_token;

/// Backfills that take longer than this say so before they start.
const LONG_BACKFILL_SECONDS: u64 = 3_600;

pub(crate) async fn run(global: &Global, args: &RunArgs) -> Result<Exit> {
    let session = Session::open(global, Secrets::Read)?;
    let warehouse = session.warehouse().await?;
    let datasets = session.datasets(&args.selection, &warehouse).await?;
    let plan = plan::make(&session, &datasets, None, ReprocessArg::Missing, PlanOrder::NewestFirst)?;
    let exit = execute(global, &session, &warehouse, &plan, Limits::default(), args.output.format).await?;
    session.sweep_raw(&warehouse, &datasets).await;
    Ok(exit)
}

pub(crate) async fn backfill(global: &Global, args: &BackfillArgs) -> Result<Exit> {
    let range = window(args.from, args.to)?;
    let secrets = if args.dry_run { Secrets::LeaveAlone } else { Secrets::Read };
    let session = Session::open(global, secrets)?;
    note(&describe_range(range));
    let warehouse = session.warehouse().await?;
    let datasets = session.datasets(&args.selection, &warehouse).await?;
    let plan = plan::make(&session, &datasets, Some(range), args.reprocess, PlanOrder::OldestFirst)?;
    if args.dry_run {
        plan::show(&plan, &datasets, Some(range), args.output.format)?;
        return Ok(Exit::Done);
    }
    if plan.seconds_at_rate_limit > LONG_BACKFILL_SECONDS || !plan.expired.is_empty() {
        plan::summarise(&plan);
    }
    plan::tell_what_is_to_come(&datasets, range, plan.as_of);
    let limits = Limits { max_requests: args.max_requests, ..Limits::default() };
    execute(global, &session, &warehouse, &plan, limits, args.output.format).await
}

/// What a run may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) max_requests: Option<u64>,
    pub(super) rate_share: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_requests: None, rate_share: 1.0 }
    }
}

/// Loads `plan`, prints the summary and says how it went.
pub(super) async fn execute(
    global: &Global,
    session: &Session,
    warehouse: &Warehouse,
    plan: &Plan,
    limits: Limits,
    format: Format,
) -> Result<Exit> {
    let summary = load(global, session, warehouse, plan, limits).await?;
    print(format, &summary, || grid(&summary))?;
    if format == Format::Table {
        summarise(&summary);
    }
    Ok(exit(&summary))
}

/// Loads `plan`.
pub(super) async fn load(
    global: &Global,
    session: &Session,
    warehouse: &Warehouse,
    plan: &Plan,
    limits: Limits,
) -> Result<RunSummary> {
    let sources = connect(session, plan, limits.rate_share)?;
    let options = RunOptions {
        run_id: new_run_id(),
        clock: Arc::clone(&session.clock),
        grace: session.config.daemon.grace.to_std().unwrap_or_default(),
        shrink_tolerance: session.config.warehouse.shrink_tolerance,
        max_requests: limits.max_requests,
        cancel: stop_token()?,
        progress: Arc::new(RunProgress::new(plan, global.quiet)),
    };
    highwater_pipeline::run(plan, &sources, warehouse, &options).await
}

fn connect(session: &Session, plan: &Plan, rate_share: f64) -> Result<Vec<Source>> {
    let has_work = |name: &SourceName| plan.units.iter().any(|unit| unit.unit.source == *name);
    let sources = session.config.sources.iter().filter(|source| has_work(&source.name));
    sources.map(|source| session.connect(source, rate_share)).collect()
}

/// How a run with this summary ends the program.
pub(super) fn exit(summary: &RunSummary) -> Exit {
    if summary.auth_refused {
        Exit::Refused
    } else if summary.interrupted {
        Exit::Interrupted
    } else if summary.is_complete() {
        Exit::Done
    } else {
        Exit::Incomplete
    }
}

fn grid(summary: &RunSummary) -> Grid {
    let mut grid = Grid::new(&[
        "source",
        "loaded",
        "empty",
        "unchanged",
        "failed",
        "held",
        "rows",
        "rejected",
        "requests",
    ]);
    for source in &summary.sources {
        let windows = &source.windows;
        let counts = [windows.loaded, windows.empty, windows.unchanged, windows.failed, windows.held];
        let totals = [source.rows, source.rejected_rows, source.traffic.requests];
        let cells = counts.into_iter().chain(totals).map(Cell::Count);
        grid.row(std::iter::once(source.source.to_string().into()).chain(cells));
    }
    grid
}

fn summarise(summary: &RunSummary) {
    if summary.sources.is_empty() {
        note("nothing was due");
        return;
    }
    let retries = match summary.retries {
        0 => String::new(),
        retries => format!(" ({} of them retries)", thousands(retries)),
    };
    note(&format!(
        "{} in {}, {}{retries}, {}",
        counted(summary.rows, "row"),
        counted(summary.objects_written, "object"),
        counted(summary.requests, "request"),
        span(summary.seconds.ceil() as u64),
    ));
    // What happened stands in the log; what to do about it is said once, last.
    let failed = summary.sources.iter().filter(|source| source.windows.failed > 0 || source.error.is_some());
    for source in failed {
        let todo = source.error.as_ref().map_or("`highwater status` says why", |error| &error.hint);
        note(&format!("{}: {todo}", source.source));
    }
    if summary.windows.held > 0 {
        note("held: what would shrink; `highwater held list` shows it");
    }
    if summary.mismatched > 0 {
        note("final, but not what the providers add up to; `highwater audit` shows where");
    }
    if summary.left > 0 && !summary.interrupted {
        note(&format!("{} left; run again to go on", counted(summary.left, "window")));
    }
    if summary.interrupted {
        note("interrupted: what was complete is kept; run the same command again to go on");
    }
}
