//! `rebuild`: tables from the raw archive, without asking any provider.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use highwater_core::{Result, Unit, Window};
use highwater_pipeline::{RebuildDataset, RebuildOptions, RebuildProgress, RebuildSummary, rebuild};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::{Format, Global, Output, Selection, describe_range, instant};
use crate::config::Secrets;
use crate::output::{Grid, note, print, thousands};
use crate::progress::{bars, is_terminal};
use crate::report::Exit;
use crate::session::Session;
use crate::signals::stop_token;

#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// First instant: a date or RFC 3339, UTC.
    #[arg(long, value_name = "FROM", value_parser = instant)]
    from: DateTime<Utc>,
    /// First instant after the range: a date or RFC 3339, UTC; not included.
    #[arg(long, value_name = "TO", value_parser = instant)]
    to: DateTime<Utc>,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    output: Output,
}

pub(crate) async fn run(global: &Global, args: &RebuildArgs) -> Result<Exit> {
    let range = Window::new(args.from, args.to)?;
    let session = Session::open(global, Secrets::LeaveAlone)?;
    note(&describe_range(range));
    let warehouse = session.warehouse().await?;
    let loaded = session.datasets(&args.selection, &warehouse).await?;
    let mut datasets = Vec::new();
    for dataset in &loaded {
        datasets.push(RebuildDataset { state: dataset.state(), decoder: session.decoder(dataset.source)? });
    }
    let bar = UnitBar::new(global.quiet);
    let options =
        RebuildOptions { range, clock: Arc::clone(&session.clock), cancel: stop_token()?, progress: &bar };
    let summary = rebuild(&datasets, &warehouse, &options).await?;
    drop(bar);
    print(args.output.format, &summary, || grid(&summary))?;
    if args.output.format == Format::Table {
        explain(&summary);
    }
    Ok(if summary.interrupted {
        Exit::Interrupted
    } else if summary.failures.is_empty() {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

fn grid(summary: &RebuildSummary) -> Grid {
    let mut grid = Grid::new(&["rebuilt", "unchanged", "failed", "rows", "objects"]);
    let windows = &summary.windows;
    let counts = [windows.rebuilt, windows.unchanged, windows.failed, summary.rows, summary.objects_written];
    grid.row(counts.map(thousands));
    grid
}

fn explain(summary: &RebuildSummary) {
    for failure in &summary.failures {
        let name = format!("{}/{}", failure.source, failure.dataset);
        note(&format!(
            "{name}: {}: {}\n  hint: {}",
            describe_range(failure.window),
            failure.error,
            failure.hint
        ));
    }
    if summary.windows.rebuilt + summary.windows.unchanged + summary.windows.failed == 0 {
        note("no object names a window of this range; `highwater backfill` loads what is missing");
    }
    if summary.interrupted {
        note("interrupted: what was complete is kept; run the same command again to go on");
    }
}

/// A bar of units on a terminal, nothing elsewhere.
#[derive(Debug)]
pub(super) struct UnitBar(Option<ProgressBar>);

impl UnitBar {
    pub(super) fn new(is_quiet: bool) -> Self {
        const TEMPLATE: &str = "{bar:30.cyan} {pos}/{len} days  {per_sec}  {eta} left  {wide_msg}";
        let style = || ProgressStyle::with_template(TEMPLATE).expect("a literal template");
        let wanted = !is_quiet && is_terminal();
        Self(wanted.then(|| bars().add(ProgressBar::new(0).with_style(style()))))
    }

    /// `done` of `of` units are done; `at` says where it is.
    pub(super) fn show(&self, done: usize, of: usize, at: &str) {
        if let Some(bar) = &self.0 {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
            bar.set_message(at.to_owned());
        }
    }
}

impl RebuildProgress for UnitBar {
    fn unit(&self, done: usize, units: usize, unit: &Unit) {
        self.show(done, units, &unit.to_string());
        tracing::info!(%unit, done, units, "replaying");
    }
}

impl Drop for UnitBar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
