//! `checkpoint`: what is known to be loaded, and how it is restored from the data.

use std::str::FromStr;

use clap::{Args, Subcommand};
use highwater_core::{
    Checkpoint, DatasetName, Error, ErrorKind, Result, SourceName, WindowRecord, format_instant,
};
use highwater_pipeline::{DatasetState, rebuild_checkpoint};
use highwater_transform::scope_digest;
use serde_json::{Value, json};

use super::rebuild::UnitBar;
use crate::args::{Format, Global, Output, Selection};
use crate::config::{DatasetConfig, Secrets, SourceConfig};
use crate::output::{Grid, note, print, thousands};
use crate::report::Exit;
use crate::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum CheckpointCommand {
    /// Show what the checkpoints hold: all in short, or one in full.
    Show(CheckpointShowArgs),
    /// Restore checkpoints from the data alone: exactly for final days; of others a revisit may be asked once more.
    Rebuild(CheckpointRebuildArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CheckpointShowArgs {
    /// One dataset, as source/dataset.
    #[arg(value_name = "SOURCE/DATASET")]
    dataset: Option<DatasetPath>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct CheckpointRebuildArgs {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    output: Output,
}

/// `source/dataset`.
#[derive(Clone, Debug)]
struct DatasetPath {
    source: SourceName,
    dataset: DatasetName,
}

impl FromStr for DatasetPath {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let (source, dataset) = text.split_once('/').ok_or_else(|| {
            Error::new(ErrorKind::Config, "write source/dataset, such as mux-main/delivery_usage")
        })?;
        Ok(Self { source: SourceName::new(source)?, dataset: DatasetName::new(dataset)? })
    }
}

pub(crate) async fn run(global: &Global, command: &CheckpointCommand) -> Result<Exit> {
    let session = Session::open(global, Secrets::LeaveAlone)?;
    match command {
        CheckpointCommand::Show(args) => show(&session, args).await,
        CheckpointCommand::Rebuild(args) => rebuild(global, &session, args).await,
    }
}

async fn show(session: &Session, args: &CheckpointShowArgs) -> Result<Exit> {
    let selection = args.dataset.as_ref().map_or_else(Selection::default, |path| Selection {
        source: vec![path.source.clone()],
        dataset: vec![path.dataset.clone()],
    });
    let warehouse = session.warehouse().await?;
    let loaded = session.datasets(&selection, &warehouse).await?;
    let known: Vec<Known<'_>> = loaded
        .into_iter()
        .map(|loaded| Known { source: loaded.source, dataset: loaded.dataset, checkpoint: loaded.checkpoint })
        .collect();
    let whole = args.dataset.is_some();
    print(
        args.output.format,
        &report(session, &known),
        || if whole { windows(&known) } else { grid(&known) },
    )?;
    Ok(Exit::Done)
}

async fn rebuild(global: &Global, session: &Session, args: &CheckpointRebuildArgs) -> Result<Exit> {
    let warehouse = session.warehouse().await?;
    let mut known = Vec::new();
    for (source, dataset) in session.selected(&args.selection)? {
        let name = format!("{}/{}", source.name, dataset.spec.name);
        let bar = UnitBar::new(global.quiet);
        let progress = |done: usize, of: usize| bar.show(done, of, &name);
        let (nothing, scope_digest) = (Checkpoint::default(), scope_digest(&dataset.spec));
        let state = DatasetState {
            provider: source.provider.name(),
            source: &source.name,
            spec: &dataset.spec,
            start: dataset.start,
            checkpoint: &nothing,
            extractor: None,
            requests_per_second: source.requests_per_second,
            scope_digest: &scope_digest,
        };
        let checkpoint = rebuild_checkpoint(state, &warehouse, &progress).await?;
        drop(bar);
        if args.output.format == Format::Table {
            let days = checkpoint.sealed.len() + open_days(&checkpoint);
            note(&format!("{name}: restored from the objects of {} days", thousands(days as u64)));
        }
        known.push(Known { source, dataset, checkpoint });
    }
    print(args.output.format, &report(session, &known), || grid(&known))?;
    Ok(Exit::Done)
}

/// A dataset and its checkpoint.
struct Known<'a> {
    source: &'a SourceConfig,
    dataset: &'a DatasetConfig,
    checkpoint: Checkpoint,
}

fn report(session: &Session, known: &[Known<'_>]) -> Value {
    let checkpoint = |known: &Known<'_>| {
        json!({
            "source": known.source.name,
            "dataset": known.dataset.spec.name,
            "checkpoint": known.checkpoint,
        })
    };
    let checkpoints: Vec<Value> = known.iter().map(checkpoint).collect();
    json!({ "as_of": format_instant(session.clock.now()), "checkpoints": checkpoints })
}

fn open_days(checkpoint: &Checkpoint) -> usize {
    let mut days: Vec<_> = checkpoint.open.iter().map(|record| record.window.date()).collect();
    days.dedup();
    days.len()
}

fn grid(known: &[Known<'_>]) -> Grid {
    let mut grid = Grid::new(&[
        "source",
        "dataset",
        "sealed days",
        "open days",
        "open pulls",
        "failed",
        "held",
        "rows",
        "last success",
    ]);
    for Known { source, dataset, checkpoint } in known {
        let sealed: u64 = checkpoint.sealed.values().map(|unit| unit.rows).sum();
        let open: u64 = checkpoint.open.iter().map(|record| record.rows).sum();
        let counts = [
            checkpoint.sealed.len(),
            open_days(checkpoint),
            checkpoint.open.len(),
            checkpoint.failed.len(),
            checkpoint.held.len(),
        ];
        let names = [source.name.to_string(), dataset.spec.name.to_string()];
        let cells = names.into_iter().chain(counts.map(|count| thousands(count as u64)));
        let last = checkpoint.last_success.map(format_instant).unwrap_or_default();
        grid.row(cells.chain([thousands(sealed + open), last]));
    }
    grid
}

fn windows(known: &[Known<'_>]) -> Grid {
    let mut grid = Grid::new(&["state", "from", "to", "rows", "pulls", "pulled at", "pull digest", "note"]);
    for Known { checkpoint, .. } in known {
        for unit in checkpoint.sealed.values() {
            for (index, window) in unit.windows.iter().enumerate() {
                let rows = if index == 0 { thousands(unit.rows) } else { String::new() };
                let [from, to] = [window.start(), window.end()].map(format_instant);
                let verdict = unit.verdict.clone().unwrap_or_default();
                let empty = [String::new(), String::new(), String::new()];
                grid.row(["sealed".to_owned(), from, to, rows].into_iter().chain(empty).chain([verdict]));
            }
        }
        for WindowRecord { window, rows, pulls, pulled_at, pull_digest, verdict, .. } in &checkpoint.open {
            let [from, to] = [window.start(), window.end()].map(format_instant);
            let pulled = [pulls.to_string(), format_instant(*pulled_at), pull_digest.clone()];
            let head = ["open".to_owned(), from, to, thousands(*rows)];
            grid.row(head.into_iter().chain(pulled).chain([verdict.clone().unwrap_or_default()]));
        }
        let others = checkpoint.failed.iter().map(|failed| ("failed", failed.window, &failed.error));
        for (state, window, text) in
            others.chain(checkpoint.held.iter().map(|held| ("held", held.window, &held.reason)))
        {
            let [from, to] = [window.start(), window.end()].map(format_instant);
            let empty = [String::new(), String::new(), String::new(), String::new()];
            grid.row([state.to_owned(), from, to].into_iter().chain(empty).chain([text.clone()]));
        }
    }
    grid
}
