//! `plan`: what is due, why, what it takes, what is lost.

use highwater_core::{Result, Window, format_instant};
use highwater_pipeline::{Plan, PlanOrder, PlanRequest, Reprocess, plan};

use crate::args::{Global, PlanArgs, ReprocessArg, describe_range};
use crate::config::Secrets;
use crate::output::{Grid, note, print, span, thousands};
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
    let plan = make(&session, &datasets, range, args.reprocess, PlanOrder::NewestFirst);
    print(args.output.format, &plan, || grid(&plan))?;
    if args.output.format == crate::args::Format::Table {
        summarise(&plan);
    }
    Ok(Exit::Done)
}

/// Plans `datasets` as of the session's clock.
pub(super) fn make(
    session: &Session,
    datasets: &[LoadedDataset<'_>],
    range: Option<Window>,
    reprocess: ReprocessArg,
    order: PlanOrder,
) -> Plan {
    let states: Vec<_> = datasets.iter().map(LoadedDataset::state).collect();
    let reprocess = match reprocess {
        ReprocessArg::Missing => Reprocess::Missing,
        ReprocessArg::Failed => Reprocess::Failed,
        ReprocessArg::All => Reprocess::All,
    };
    let request =
        PlanRequest { now: session.clock.now(), range, reprocess, order, live: !session.is_shifted };
    plan(&states, &request)
}

/// The units as a table.
pub(super) fn grid(plan: &Plan) -> Grid {
    let mut grid = Grid::new(&["unit", "windows", "why", "requests"]);
    for unit in &plan.units {
        let reasons: Vec<&str> = unit.reasons.iter().map(|reason| reason.as_str()).collect();
        let about = if unit.requests_exact { "" } else { "~" };
        grid.row([
            unit.unit.to_string(),
            unit.windows.len().to_string(),
            reasons.join(", "),
            format!("{about}{}", thousands(unit.requests)),
        ]);
    }
    grid
}

/// Says in words what the plan comes to.
pub(super) fn summarise(plan: &Plan) {
    if plan.units.is_empty() {
        note("nothing is due");
    } else {
        let windows: usize = plan.units.iter().map(|unit| unit.windows.len()).sum();
        note(&format!(
            "{} units, {} windows, about {} requests: {} at the providers' rate limits",
            thousands(plan.units.len() as u64),
            thousands(windows as u64),
            thousands(plan.requests),
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
