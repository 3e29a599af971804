//! `status`: what is there, what is missing and until when it can be had.

use highwater_core::{Result, Window, WindowSet, format_instant};
use highwater_pipeline::{StatusReport, status};

use crate::args::{Format, Global, Require, StatusArgs, describe_range};
use crate::config::Secrets;
use crate::output::{Grid, note, print, span, thousands};
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
        explain(&report);
    }
    Ok(if args.require == Some(Require::Final) && !is_final(&report, range) {
        Exit::Incomplete
    } else {
        Exit::Done
    })
}

/// Whether all of the range is final and reconciled, or, without a range, all that the providers have by now.
fn is_final(report: &StatusReport, range: Option<Window>) -> bool {
    report.sources.iter().flat_map(|source| &source.datasets).all(|dataset| {
        let wanted = range
            .map_or_else(|| dataset.loaded.union(&dataset.missing).union(&dataset.expired), WindowSet::from);
        let is_sound =
            dataset.failed.is_empty() && dataset.held.is_empty() && dataset.mismatched.is_empty();
        is_sound && wanted.difference(&dataset.settled).is_empty()
    })
}

fn grid(report: &StatusReport) -> Grid {
    let mut grid = Grid::new(&[
        "source", "dataset", "grain", "loaded", "final", "missing", "failed", "held", "expired", "rows",
        "behind",
    ]);
    for source in &report.sources {
        for dataset in &source.datasets {
            let hours = |set: &WindowSet| span(set.duration().num_seconds().unsigned_abs());
            grid.row([
                source.source.to_string(),
                dataset.dataset.to_string(),
                dataset.grain.to_string(),
                hours(&dataset.loaded),
                hours(&dataset.settled),
                hours(&dataset.missing),
                dataset.failed.len().to_string(),
                dataset.held.len().to_string(),
                hours(&dataset.expired),
                thousands(dataset.rows),
                dataset.behind_seconds.map(span).unwrap_or_default(),
            ]);
        }
    }
    grid
}

fn explain(report: &StatusReport) {
    for source in &report.sources {
        for dataset in &source.datasets {
            let name = format!("{}/{}", source.source, dataset.dataset);
            let told =
                |what: &str, window: Window| note(&format!("{name}: {what} {}", describe_range(window)));
            dataset.missing.iter().for_each(|window| told("missing", window));
            dataset.expired.iter().for_each(|window| told("lost for good:", window));
            dataset.mismatched.iter().for_each(|window| told("does not reconcile:", window));
            for held in &dataset.held {
                note(&format!("{name}: held {}: {}", describe_range(held.window), held.reason));
            }
            for failed in &dataset.failed {
                note(&format!("{name}: failed {}: {}", describe_range(failed.window), failed.error));
            }
            if let Some(success) = dataset.last_success {
                note(&format!("{name}: last success {}", format_instant(success)));
            }
            if let Some(error) = &dataset.last_error {
                note(&format!("{name}: last error: {error}"));
            }
        }
    }
}
