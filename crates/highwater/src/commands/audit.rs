//! `audit`: our rows against the providers' own figures.

use std::sync::Arc;

use clap::Args;
use highwater_core::{Result, format_instant};
use highwater_pipeline::{AuditOptions, AuditReport, Check, Source, Verdict, audit, decimal};

use crate::args::{Format, Global, Output, Range, Selection, describe_range};
use crate::config::Secrets;
use crate::output::{Grid, note, print, thousands};
use crate::report::Exit;
use crate::session::{LoadedDataset, Session, new_run_id};
use crate::signals::stop_token;

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) range: Range,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) output: Output,
}

pub(crate) async fn run(global: &Global, args: &AuditArgs) -> Result<Exit> {
    let session = Session::open(global, Secrets::Read)?;
    let range = args.range.window()?;
    if let Some(range) = range {
        note(&describe_range(range));
    }
    let warehouse = session.warehouse().await?;
    let datasets = session.datasets(&args.selection, &warehouse).await?;
    let sources = connect(&session, &datasets)?;
    let states: Vec<_> = datasets.iter().map(LoadedDataset::state).collect();
    let options = AuditOptions {
        run_id: new_run_id(),
        clock: Arc::clone(&session.clock),
        range,
        cancel: stop_token()?,
    };
    let report = audit(&states, &sources, &warehouse, &options).await?;
    print(args.output.format, &report, || grid(&report))?;
    say(&report, args.output.format);
    Ok(if report.auth_refused {
        Exit::Refused
    } else if report.is_clean() {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

fn connect(session: &Session, datasets: &[LoadedDataset<'_>]) -> Result<Vec<Source>> {
    let mut sources: Vec<Source> = Vec::new();
    for dataset in datasets {
        if sources.iter().all(|source| source.name != dataset.source.name) {
            sources.push(session.connect(dataset.source, 1.0)?);
        }
    }
    Ok(sources)
}

fn grid(report: &AuditReport) -> Grid {
    let mut grid = Grid::new(&[
        "source",
        "dataset",
        "from",
        "to",
        "measure",
        "ours",
        "theirs",
        "difference",
        "tolerance",
        "verdict",
    ]);
    report.checks.iter().for_each(|check| grid.row(cells(check)));
    grid
}

fn cells(check: &Check) -> [String; 10] {
    [
        check.source.to_string(),
        check.dataset.to_string(),
        format_instant(check.window.start()),
        format_instant(check.window.end()),
        check.measure.clone(),
        decimal(check.ours),
        decimal(check.theirs),
        decimal(check.difference()),
        decimal(check.tolerance),
        check.verdict().as_str().to_owned(),
    ]
}

/// Says in words what the audit comes to: what could not be compared always, the rest to a person alone.
fn say(report: &AuditReport, format: Format) {
    for unchecked in &report.unchecked {
        let (name, window) =
            (format!("{}/{}", unchecked.source, unchecked.dataset), describe_range(unchecked.window));
        match &unchecked.error {
            Some(error) => note(&format!("{name}: no figures for {window}: {error}")),
            None => note(&format!("{name}: {window} is not the whole of its day, so it was not compared")),
        }
    }
    if format == Format::Table {
        let count = |verdict| thousands(report.with_verdict(verdict).count() as u64);
        note(&format!(
            "{} comparisons: {} match, {} are not itemised by the provider, {} differ",
            thousands(report.checks.len() as u64),
            count(Verdict::Match),
            count(Verdict::NotItemised),
            count(Verdict::Mismatch),
        ));
    }
}
