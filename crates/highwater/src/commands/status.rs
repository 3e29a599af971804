//! `status`: what is there, what is missing and until when it can be had.

use highwater_core::{DatasetSpec, Result, Window, WindowSet, format_instant};
use highwater_pipeline::{DatasetState, DatasetStatus, StatusReport, status};

use crate::args::{Format, Global, Require, StatusArgs, describe_range};
use crate::config::Secrets;
use crate::output::{Cell, Grid, counted, note, print};
use crate::report::Exit;
use crate::session::{LoadedDataset, Session};

pub(crate) async fn run(global: &Global, args: &StatusArgs) -> Result<Exit> {
    let session = Session::open(global, Secrets::LeaveAlone)?;
    let range = args.range.window()?;
    if let Some(range) = range {
        note(&describe_range(range));
    }
    let warehouse = session.warehouse().await?;
    let datasets = session.datasets(&args.selection, &warehouse).await?;
    let states: Vec<_> = datasets.iter().map(LoadedDataset::state).collect();
    let report = status(&states, session.clock.now(), range);
    print(args.output.format, &report, || grid(&report))?;
    if args.output.format == Format::Table {
        explain(&report, &states);
    }
    if args.require != Some(Require::Final) || is_final(&report, range) {
        return Ok(Exit::Done);
    }
    note("not all of it is final and reconciled");
    each_dataset(&report, &states, |name, dataset, spec| {
        for window in dataset.loaded.difference(&dataset.settled).iter() {
            let last = format_instant(spec.final_at(window));
            note(&format!("{name}: loaded, all final at {last} at the earliest: {}", describe_range(window)));
        }
    });
    Ok(Exit::Incomplete)
}

/// Whether all of the range is final and reconciled, or, without a range, all that the providers have by now.
fn is_final(report: &StatusReport, range: Option<Window>) -> bool {
    report.sources.iter().flat_map(|source| &source.datasets).all(|dataset| {
        let wanted = range
            .map_or_else(|| dataset.loaded.union(&dataset.missing).union(&dataset.expired), WindowSet::from);
        let is_sound = dataset.failed.is_empty() && dataset.held.is_empty() && dataset.mismatched.is_empty();
        is_sound && wanted.difference(&dataset.settled).is_empty()
    })
}

fn grid(report: &StatusReport) -> Grid {
    let mut grid = Grid::new(&[
        "source",
        "dataset",
        "grain",
        "loaded",
        "final",
        "missing",
        "failed",
        "held",
        "lost",
        "rows",
        "behind",
        "last success",
    ]);
    for source in &report.sources {
        for dataset in &source.datasets {
            let length = |set: &WindowSet| Cell::Seconds(u64::try_from(set.duration().num_seconds()).ok());
            grid.row([
                source.source.to_string().into(),
                dataset.dataset.to_string().into(),
                dataset.grain.to_string().into(),
                length(&dataset.loaded),
                length(&dataset.settled),
                length(&dataset.missing),
                length(&dataset.failed.iter().map(|failed| failed.window).collect()),
                length(&dataset.held.iter().map(|held| held.window).collect()),
                length(&dataset.expired),
                dataset.rows.into(),
                Cell::Seconds(dataset.behind_seconds),
                dataset.last_success.map(minute).unwrap_or_default().into(),
            ]);
        }
    }
    grid
}

fn minute(instant: chrono::DateTime<chrono::Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%MZ").to_string()
}

/// Says which windows the table's lengths stand for, and until when what is missing can be had.
fn explain(report: &StatusReport, states: &[DatasetState<'_>]) {
    each_dataset(report, states, |name, dataset, spec| {
        findings(name, dataset, spec).iter().for_each(|finding| note(&format!("{name}: {finding}")));
    });
}

fn each_dataset(
    report: &StatusReport,
    states: &[DatasetState<'_>],
    mut tell: impl FnMut(&str, &DatasetStatus, &DatasetSpec),
) {
    for source in &report.sources {
        for dataset in &source.datasets {
            let state = states
                .iter()
                .find(|state| *state.source == source.source && state.spec.name == dataset.dataset)
                .expect("the report is about these datasets");
            tell(&format!("{}/{}", source.source, dataset.dataset), dataset, state.spec);
        }
    }
}

fn findings(name: &str, dataset: &DatasetStatus, spec: &DatasetSpec) -> Vec<String> {
    let missing = dataset.missing.iter().map(|window| {
        let deadline = spec.expires_at(window).map(format_instant);
        let until = deadline.map(|at| format!("; its beginning is lost after {at}")).unwrap_or_default();
        format!("missing {}{until}", describe_range(window))
    });
    let lost = dataset.expired.iter().map(|window| format!("lost for good: {}", describe_range(window)));
    let mismatched =
        dataset.mismatched.iter().map(|window| format!("does not reconcile: {}", describe_range(window)));
    let held =
        dataset.held.iter().map(|held| format!("held {}: {}", describe_range(held.window), held.reason));
    let failed = dataset
        .failed
        .iter()
        .map(|failed| format!("failed {}: {}", describe_range(failed.window), failed.error));
    let told = dataset.failed.iter().any(|failed| dataset.last_error.as_ref() == Some(&failed.error));
    let last_error = dataset.last_error.iter().filter(|_| !told).map(|error| format!("last error: {error}"));
    let mut findings = Vec::new();
    for kind in [missing.collect(), lost.collect(), mismatched.collect(), held.collect(), failed.collect()] {
        findings.extend(shortened(kind));
    }
    if dataset.rejected_rows > 0 {
        let rows = counted(dataset.rejected_rows, "row");
        findings.push(format!("{rows} set aside; they stand below rejects/{name}/ in the warehouse"));
    }
    findings.extend(last_error);
    findings
}

/// The first few of many lines of a kind: JSON has them all.
fn shortened(mut lines: Vec<String>) -> Vec<String> {
    const SHOWN: usize = 4;
    if lines.len() > SHOWN + 1 {
        let more = lines.len() - SHOWN;
        lines.truncate(SHOWN);
        lines.push(format!(
            "and {} more like the last; --format json shows all",
            counted(more as u64, "span")
        ));
    }
    lines
}
