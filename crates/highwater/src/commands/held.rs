//! `held`: restatements that the shrink guard holds, and the operator's word on them.

use clap::{Args, Subcommand};
use highwater_core::{Error, ErrorKind, Result, Unit, format_instant};
use highwater_pipeline::{Decision, Hold, decide, holds};
use serde_json::json;

use crate::args::{Format, Global, Output, Selection, describe_range};
use crate::config::Secrets;
use crate::output::{Grid, note, print};
use crate::report::Exit;
use crate::session::{LoadedDataset, Session};

#[derive(Debug, Subcommand)]
pub(crate) enum HeldCommand {
    /// Show what is held, what it would change, and what was said to it.
    List(HeldListArgs),
    /// Let the next pull of these units publish whatever it finds.
    #[command(
        after_help = "Example:\n  highwater held accept mux-main/delivery_usage/2026-09-01 && highwater run"
    )]
    Accept(HeldUnits),
    /// Keep what is published of these units.
    #[command(after_help = "Example:\n  highwater held refuse mux-main/delivery_usage/2026-09-01")]
    Refuse(HeldUnits),
}

#[derive(Debug, Args)]
pub(crate) struct HeldListArgs {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct HeldUnits {
    /// Units, as source/dataset/YYYY-MM-DD: all that is held of them.
    #[arg(value_name = "UNIT", required = true)]
    units: Vec<Unit>,
    #[command(flatten)]
    output: Output,
}

pub(crate) async fn run(global: &Global, command: &HeldCommand) -> Result<Exit> {
    let session = Session::open(global, Secrets::LeaveAlone)?;
    match command {
        HeldCommand::List(args) => list(&session, args).await,
        HeldCommand::Accept(args) => say(&session, args, Decision::Accepted).await,
        HeldCommand::Refuse(args) => say(&session, args, Decision::Refused).await,
    }
}

async fn list(session: &Session, args: &HeldListArgs) -> Result<Exit> {
    let warehouse = session.warehouse().await?;
    let datasets = session.datasets(&args.selection, &warehouse).await?;
    let states: Vec<_> = datasets.iter().map(LoadedDataset::state).collect();
    let held = holds(&states);
    show(session, &held, args.output.format)?;
    if held.is_empty() && args.output.format == Format::Table {
        note("nothing is held");
    }
    Ok(Exit::Done)
}

async fn say(session: &Session, args: &HeldUnits, decision: Decision) -> Result<Exit> {
    let warehouse = session.warehouse().await?;
    let mut decided = Vec::new();
    for unit in &args.units {
        let selection = Selection { source: vec![unit.source.clone()], dataset: vec![unit.dataset.clone()] };
        // Refuses names that are not configured, before anything is written.
        session.datasets(&selection, &warehouse).await?;
    }
    for unit in &args.units {
        let held = decide(&warehouse, unit, decision).await?;
        if held.is_empty() {
            return Err(Error::new(ErrorKind::Config, format!("nothing is held of unit `{unit}`"))
                .with_hint("`highwater held list` shows what is held"));
        }
        decided.extend(held);
    }
    show(session, &decided, args.output.format)?;
    if args.output.format == Format::Table {
        note(match decision {
            Decision::Accepted => "the next run pulls these windows again and publishes whatever it finds",
            _ => "what is published stays, until the provider says something else again",
        });
    }
    Ok(Exit::Done)
}

fn show(session: &Session, held: &[Hold], format: Format) -> Result<()> {
    let report = json!({ "as_of": format_instant(session.clock.now()), "held": held });
    print(format, &report, || grid(held))
}

fn grid(held: &[Hold]) -> Grid {
    let mut grid = Grid::new(&["unit", "window", "held at", "due at", "decision", "reason"]);
    for hold in held {
        let decision = match hold.decision {
            Decision::Waiting => "waiting",
            Decision::Accepted => "accepted",
            Decision::Refused => "refused",
        };
        grid.row([
            hold.unit.to_string(),
            describe_range(hold.window),
            format_instant(hold.held_at),
            format_instant(hold.due_at),
            decision.to_owned(),
            hold.reason.clone(),
        ]);
    }
    grid
}
