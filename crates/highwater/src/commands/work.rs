//! `work`: exactly the named units, with a share of the rate: what a distributed engine calls.

use std::collections::BTreeSet;
use std::io::Read as _;

use highwater_core::{Error, ErrorKind, Result, Unit, Window};
use highwater_pipeline::PlanOrder;
use serde::Deserialize;

use super::execute::{Limits, execute};
use super::plan;
use crate::args::{Global, ReprocessArg, Selection, WorkArgs};
use crate::config::Secrets;
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
    let mut selection = Selection::default();
    for unit in &ordered {
        selection.source.push(unit.unit.source.clone());
        selection.dataset.push(unit.unit.dataset.clone());
    }
    let datasets = session.datasets(&selection, &warehouse).await?;
    let dates = ordered.iter().map(|unit| unit.unit.date);
    let Some((first, last)) = dates.clone().min().zip(dates.max()) else {
        return Err(Error::new(ErrorKind::Config, "no unit was named").with_hint(
            "name units as source/dataset/YYYY-MM-DD, or pipe `highwater plan --format json` in",
        ));
    };
    let range = Window::of(Window::day(first).start(), Window::day(last).end());
    let forced = ordered.iter().all(|unit| unit.reasons.contains("forced"));
    let reprocess = if forced { ReprocessArg::All } else { ReprocessArg::Missing };
    let plan = plan::make(&session, &datasets, Some(range), reprocess, PlanOrder::OldestFirst)
        .select(|unit| ordered.iter().any(|wanted| wanted.unit == *unit));
    let limits = Limits { rate_share: args.rate_share, ..Limits::default() };
    execute(global, &session, &warehouse, &plan, limits, args.output.format).await
}

fn named(units: &[Unit]) -> Vec<OrderedUnit> {
    let distinct: BTreeSet<&Unit> = units.iter().collect();
    distinct.into_iter().map(|unit| OrderedUnit { unit: unit.clone(), reasons: BTreeSet::new() }).collect()
}

fn read_plan() -> Result<Vec<OrderedUnit>> {
    let wrong = || {
        Error::new(ErrorKind::Config, "standard input is not the JSON of a plan")
            .with_hint("name units, or pipe `highwater plan --format json` in")
    };
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|source| wrong().with_source(source))?;
    let ordered: Ordered = serde_json::from_str(&text).map_err(|source| wrong().with_source(source))?;
    Ok(ordered.units)
}
