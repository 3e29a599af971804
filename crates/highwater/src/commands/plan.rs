//! `plan`: what is due, why, what it takes, what is lost.

use highwater_core::{Grain, Result, Window, format_instant};
use highwater_pipeline::{DatasetState, Plan, PlanOrder, PlanRequest, Reprocess, check_extent, plan};

use crate::args::{Format, Global, PlanArgs, ReprocessArg, describe_range};
use crate::config::Secrets;
use crate::output::{Cell, Grid, counted, note, print, span};
use crate::report::Exit;
use crate::session::{LoadedDataset, Session};

pub(crate) async fn run(global: &Global, args: &PlanArgs) -> Result<Exit> {
    let session = Session::open(global, Secrets::LeaveAlone)?;
    let range = args.range.window()?;
    if let Some(range) = range {
        note(&describe_range(range));
    }
    let warehouse = session.warehouse().await?;
    let datasets = session.datasets(&args.selection, &warehouse).await?;
    let plan = make(&session, &datasets, range, args.reprocess, PlanOrder::NewestFirst)?;
    show(&plan, &datasets, range, args.output.format)?;
    Ok(Exit::Done)
}

/// Prints the plan; to people also what it comes to.
pub(super) fn show(
    plan: &Plan,
    datasets: &[LoadedDataset<'_>],
    range: Option<Window>,
    format: Format,
) -> Result<()> {
    print(format, plan, || grid(plan, format))?;
    if format == Format::Table {
        summarise(plan);
        range.into_iter().for_each(|range| tell_what_is_to_come(datasets, range, plan.as_of));
    }
    Ok(())
}

/// Plans `datasets` as of the session's clock. Needs no secret.
///
/// # Errors
/// `Config` when there is more to plan than can be meant.
pub(super) fn make(
    session: &Session,
    datasets: &[LoadedDataset<'_>],
    range: Option<Window>,
    reprocess: ReprocessArg,
    order: PlanOrder,
) -> Result<Plan> {
    let decoders = session.decoders(datasets)?;
    let states = datasets.iter().zip(&decoders);
    let states: Vec<_> = states
        .map(|(loaded, decoder)| DatasetState { extractor: Some(&**decoder), ..loaded.state() })
        .collect();
    if session.is_shifted && datasets.iter().any(|loaded| loaded.dataset.spec.live) {
        note("live datasets are left out under --now: they sample the present");
    }
    let reprocess = match reprocess {
        ReprocessArg::Missing => Reprocess::Missing,
        ReprocessArg::Failed => Reprocess::Failed,
        ReprocessArg::All => Reprocess::All,
    };
    let request =
        PlanRequest { now: session.clock.now(), range, reprocess, order, live: !session.is_shifted };
    check_extent(&states, &request)?;
    Ok(plan(&states, &request))
}

fn grid(plan: &Plan, format: Format) -> Grid {
    let for_machines = format == Format::Csv;
    let names: &[&str] = if for_machines {
        &["unit", "source", "dataset", "usage_date", "windows", "reasons", "requests", "requests_exact"]
    } else {
        &["unit", "windows", "why", "requests"]
    };
    let mut grid = Grid::new(names);
    for planned in &plan.units {
        let (unit, windows) = (&planned.unit, Cell::Count(planned.windows.len() as u64));
        let reasons: Vec<&str> = planned.reasons.iter().map(|reason| reason.as_str()).collect();
        if for_machines {
            grid.row([
                unit.to_string().into(),
                unit.source.to_string().into(),
                unit.dataset.to_string().into(),
                unit.date.to_string().into(),
                windows,
                reasons.join(" ").into(),
                planned.requests.into(),
                planned.requests_exact.to_string().into(),
            ]);
        } else {
            grid.row([unit.to_string().into(), windows, reasons.join(", ").into(), planned.requests.into()]);
        }
    }
    grid
}

/// Says in words what the plan comes to.
pub(super) fn summarise(plan: &Plan) {
    if plan.units.is_empty() {
        note("nothing is due");
    } else {
        let windows: usize = plan.units.iter().map(|unit| unit.windows.len()).sum();
        let guessed = plan.units.iter().any(|unit| !unit.requests_exact);
        note(&format!(
            "{}, {}, {}{}: {} at the providers' rate limits",
            counted(plan.units.len() as u64, "unit"),
            counted(windows as u64, "window"),
            if guessed { "at least " } else { "" },
            counted(plan.requests, "request"),
            span(plan.seconds_at_rate_limit),
        ));
    }
    for soon in &plan.expiring_soon {
        let (name, until) = (format!("{}/{}", soon.source, soon.dataset), format_instant(soon.expires_at));
        note(&format!("lost soon unless loaded by {until}: {name} {}", describe_range(soon.window)));
    }
    for lost in &plan.expired {
        note(&format!("lost for good: {}/{} {}", lost.source, lost.dataset, describe_range(lost.window)));
    }
}

/// Says which part of `range` the providers cannot have yet: nobody should wonder why it is not in the plan.
pub(super) fn tell_what_is_to_come(
    datasets: &[LoadedDataset<'_>],
    range: Window,
    now: chrono::DateTime<chrono::Utc>,
) {
    let mut told: Vec<(chrono::DateTime<chrono::Utc>, Vec<String>)> = Vec::new();
    for loaded in datasets.iter().filter(|loaded| !loaded.dataset.spec.live) {
        let spec = &loaded.dataset.spec;
        let there = spec.step.floor(now - spec.lag);
        if there >= spec.step.floor(range.end()) {
            continue;
        }
        let name = format!("{}/{}", loaded.source.name, spec.name);
        match told.iter_mut().find(|(until, _)| *until == there) {
            Some((_, names)) => names.push(name),
            None => told.push((there, vec![name])),
        }
    }
    for (until, names) in told {
        let until = if Grain::Day.floor(until) == until {
            until.date_naive().to_string()
        } else {
            format_instant(until)
        };
        note(&format!("not due yet, the provider has it up to {until}: {}", names.join(", ")));
    }
}
