//! `work`: exactly the named units, with a share of the rate: what a distributed engine calls.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Read as _};

use highwater_core::{Error, ErrorKind, Result, Unit, Window};
use highwater_load::Warehouse;
use highwater_pipeline::{ExpiringSpan, Plan, PlanOrder};
use serde::Deserialize;

use super::execute::{Limits, execute};
use super::plan;
use crate::args::{Global, ReprocessArg, Selection, WorkArgs, describe_range};
use crate::config::Secrets;
use crate::output::note;
use crate::report::Exit;
use crate::session::Session;

/// As much of `plan --format json` as says what to do.
#[derive(Debug, Deserialize)]
struct Ordered {
    units: Vec<OrderedUnit>,
}

#[derive(Debug, Deserialize)]
struct OrderedUnit {
    unit: Unit,
    #[serde(default)]
    reasons: BTreeSet<String>,
}

pub(crate) async fn run(global: &Global, args: &WorkArgs) -> Result<Exit> {
    let ordered = if args.units.is_empty() { read_plan()? } else { named(&args.units) };
    let session = Session::open(global, Secrets::Read)?;
    let warehouse = session.warehouse().await?;
    let plan = plan_of(&session, &warehouse, &ordered).await?;
    tell_lost(&plan, &ordered);
    let limits = Limits { rate_share: args.rate_share, ..Limits::default() };
    execute(global, &session, &warehouse, &plan, limits, args.output.format).await
}

/// What is due of the ordered units. A plan without units is one with nothing to do.
async fn plan_of(session: &Session, warehouse: &Warehouse, ordered: &[OrderedUnit]) -> Result<Plan> {
    let feeds: BTreeSet<_> = ordered.iter().map(|order| (&order.unit.source, &order.unit.dataset)).collect();
    let mut datasets = Vec::new();
    for (source, dataset) in feeds {
        let one = Selection { source: vec![source.clone()], dataset: vec![dataset.clone()] };
        datasets.extend(session.datasets(&one, warehouse).await?);
    }
    let dates = ordered.iter().map(|order| order.unit.date);
    let range = dates
        .clone()
        .min()
        .zip(dates.max())
        .map(|(first, last)| Window::of(Window::day(first).start(), Window::day(last).end()));
    let forced = ordered.iter().all(|order| order.reasons.contains("forced"));
    let reprocess = if forced { ReprocessArg::All } else { ReprocessArg::Missing };
    let wanted: BTreeSet<&Unit> = ordered.iter().map(|order| &order.unit).collect();
    let plan = plan::make(session, &datasets, range, reprocess, PlanOrder::OldestFirst)?;
    Ok(plan.select(|unit| wanted.contains(unit)))
}

fn named(units: &[Unit]) -> Vec<OrderedUnit> {
    let distinct: BTreeSet<&Unit> = units.iter().collect();
    distinct.into_iter().map(|unit| OrderedUnit { unit: unit.clone(), reasons: BTreeSet::new() }).collect()
}

/// Says which of the ordered units hold what no request can bring any more.
fn tell_lost(plan: &Plan, ordered: &[OrderedUnit]) {
    for OrderedUnit { unit, .. } in ordered {
        let day = Window::day(unit.date);
        let of_unit = |span: &&ExpiringSpan| span.source == unit.source && span.dataset == unit.dataset;
        for lost in plan.expired.iter().filter(of_unit).filter_map(|span| span.window.intersection(day)) {
            note(&format!("{unit}: lost for good: {}", describe_range(lost)));
        }
    }
}

fn read_plan() -> Result<Vec<OrderedUnit>> {
    if std::io::stdin().is_terminal() {
        return Err(Error::new(ErrorKind::Config, "no unit was named").with_hint(
            "name units as source/dataset/YYYY-MM-DD, or pipe `highwater plan --format json` in",
        ));
    }
    let wrong = || {
        Error::new(ErrorKind::Config, "standard input is not the JSON of a plan")
            .with_hint("name units, or pipe `highwater plan --format json` in")
    };
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|source| wrong().with_source(source))?;
    let ordered: Ordered = serde_json::from_str(&text).map_err(|source| wrong().with_source(source))?;
    Ok(ordered.units)
}
