//! The command line.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use highwater_core::{DatasetName, SourceName, Unit, Window, format_instant};

use crate::commands::{AuditArgs, CheckpointCommand, ExplainArgs, HeldCommand, RebuildArgs};
use crate::output::{counted, span};

/// Brings your usage home: hourly and daily usage from video providers into Parquet that adds up.
#[derive(Debug, Parser)]
#[command(
    name = "highwater",
    version,
    max_term_width = 110,
    after_help = "\
Examples:
  highwater demo                                        see it work: no configuration, no network
  highwater init && highwater check                     start a real warehouse
  highwater plan --from 2026-09-01 --to 2026-10-01      what a month would take
  highwater backfill --from 2026-09-01 --to 2026-10-01  load it; run again to resume
  highwater status                                      what is there and what is missing"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The configuration file.
    #[arg(long, global = true, default_value = "highwater.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Act as if it were then: an RFC 3339 instant or a date, UTC.
    #[arg(long, global = true, value_name = "INSTANT", value_parser = instant)]
    pub(crate) now: Option<DateTime<Utc>>,
    /// How log lines look, on standard error.
    #[arg(long, global = true, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
    /// More log lines; twice for all.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Only errors in the log, no progress.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// How results are printed, on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct Output {
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Load a week of simulated usage into a local warehouse and show what landed.
    Demo(DemoArgs),
    /// Write a commented highwater.toml.
    Init(InitArgs),
    /// Check configuration, secrets, providers and warehouse, and say what to fix.
    Check(CheckArgs),
    /// Show what is due, why, and what it will take.
    #[command(
        after_help = "Examples:\n  highwater plan\n  highwater plan --from 2026-09-01 --to 2026-10-01 --format json"
    )]
    Plan(PlanArgs),
    /// Make one pass over all that is due.
    Run(RunArgs),
    /// Load a range; resumes where it stopped.
    #[command(
        after_help = "Examples:\n  highwater backfill --from 2026-09-01 --to 2026-10-01\n  highwater backfill --from 2026-09-01 --to 2026-10-01 --source mux-main --dry-run"
    )]
    Backfill(BackfillArgs),
    /// Load exactly the named units, or those of `plan --format json` on standard input.
    #[command(
        after_help = "Examples:\n  highwater work mux-main/delivery_usage/2026-09-01\n  highwater plan --format json | highwater work --rate-share 1/8"
    )]
    Work(WorkArgs),
    /// Load on schedule, with catch-up; serves health, metrics and the status page.
    #[command(
        after_help = "Examples:\n  highwater daemon\n  highwater daemon --listen 127.0.0.1:9180 --log-format json"
    )]
    Daemon(DaemonArgs),
    /// Show coverage, gaps with their deadlines, freshness and errors for each dataset.
    Status(StatusArgs),
    /// Compare what is loaded with the providers' own figures.
    #[command(
        after_help = "Examples:\n  highwater audit --from 2026-09-01 --to 2026-10-01\n  highwater audit --source mux-main --format json"
    )]
    Audit(AuditArgs),
    /// Show where the numbers of one resource on one day come from.
    #[command(after_help = "Example:\n  highwater explain AbC123 2026-09-01")]
    Explain(ExplainArgs),
    /// Restatements that the shrink guard holds: show them, or have the last word on them.
    #[command(subcommand)]
    Held(HeldCommand),
    /// Checkpoints: what is known to be loaded, restored from the data when it is lost.
    #[command(subcommand)]
    Checkpoint(CheckpointCommand),
    /// Make tables anew from the raw archive: for a mapping that was corrected, or a table that was lost.
    #[command(
        after_help = "Example:\n  highwater rebuild --from 2026-09-01 --to 2026-10-01 --source mux-main"
    )]
    Rebuild(RebuildArgs),
    /// Call one operation of a provider and print its rows; writes nothing.
    #[command(
        after_help = "Examples:\n  highwater fetch mux-main delivery_usage --from 2026-09-01T00:00:00Z --to 2026-09-01T01:00:00Z\n  highwater fetch mux-main delivery_usage --param asset_id=AbC --raw"
    )]
    Fetch(FetchArgs),
    /// Write the data dictionary, SQL and JSON Schemas.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Print the analyst's SQL for this warehouse.
    #[command(
        after_help = "Examples:\n  highwater sql duckdb > highwater.sql && duckdb -init highwater.sql\n  highwater sql athena > tables.sql"
    )]
    Sql(SqlArgs),
    /// Serve the simulated providers on loopback, to rehearse against.
    Simulate(SimulateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where the demo's warehouse is kept.
    #[arg(long, default_value = "highwater-demo", value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Providers to write a source for; all of them when none is named.
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Which datasets a command is about.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Selection {
    /// Only this source; may be given again.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Vec<SourceName>,
    /// Only this dataset; may be given again.
    #[arg(long, value_name = "DATASET")]
    pub(crate) dataset: Vec<DatasetName>,
}

/// A half-open range of time.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Range {
    /// First instant: a date or RFC 3339, UTC.
    #[arg(long, value_name = "FROM", value_parser = instant, requires = "to")]
    pub(crate) from: Option<DateTime<Utc>>,
    /// First instant after the range: a date or RFC 3339, UTC; not included.
    #[arg(long, value_name = "TO", value_parser = instant, requires = "from")]
    pub(crate) to: Option<DateTime<Utc>>,
}

impl Range {
    /// The range as a window, if one was given.
    pub(crate) fn window(self) -> highwater_core::Result<Option<Window>> {
        self.from.zip(self.to).map(|(from, to)| window(from, to)).transpose()
    }
}

/// The window from `--from` to `--to`.
///
/// # Errors
/// `Config` when it does not end after it starts.
pub(crate) fn window(from: DateTime<Utc>, to: DateTime<Utc>) -> highwater_core::Result<Window> {
    Window::new(from, to)
        .map_err(|error| error.with_hint("--to is not included: name an instant or a date after --from"))
}

/// What is loaded again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReprocessArg {
    /// Missing and failed windows, and due revisits.
    #[default]
    Missing,
    /// Failed windows only.
    Failed,
    /// Everything in the range, loaded or not.
    All,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) range: Range,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// What is loaded again.
    #[arg(long, value_enum, default_value = "missing")]
    pub(crate) reprocess: ReprocessArg,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct BackfillArgs {
    /// First instant: a date or RFC 3339, UTC.
    #[arg(long, value_name = "FROM", value_parser = instant)]
    pub(crate) from: DateTime<Utc>,
    /// First instant after the range: a date or RFC 3339, UTC; not included.
    #[arg(long, value_name = "TO", value_parser = instant)]
    pub(crate) to: DateTime<Utc>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// What is loaded again.
    #[arg(long, value_enum, default_value = "missing")]
    pub(crate) reprocess: ReprocessArg,
    /// Show the plan and stop.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Stop starting new windows after this many requests.
    #[arg(long, value_name = "N", value_parser = requests, allow_hyphen_values = true)]
    pub(crate) max_requests: Option<u64>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct WorkArgs {
    /// Units, as source/dataset/YYYY-MM-DD; the JSON of `plan` on standard input when none is named.
    #[arg(value_name = "UNIT")]
    pub(crate) units: Vec<Unit>,
    /// The share of each source's rate that this process may use.
    #[arg(long, value_name = "SHARE", default_value = "1", value_parser = share)]
    pub(crate) rate_share: f64,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct DaemonArgs {
    /// Where the admin server listens, instead of what the configuration says.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<std::net::SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) range: Range,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Exit with 3 unless all of it is final and reconciled: the month-close gate.
    #[arg(long, value_enum, value_name = "STATE")]
    pub(crate) require: Option<Require>,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What `status` can be asked to require.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Require {
    /// Every window is final.
    Final,
}

#[derive(Debug, Args)]
pub(crate) struct FetchArgs {
    /// The source.
    pub(crate) source: SourceName,
    /// The operation; `highwater fetch SOURCE help` lists them.
    pub(crate) operation: String,
    /// The resource, for operations about one.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) range: Range,
    /// A parameter of the operation, as key=value; may be given again.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) param: Vec<(String, String)>,
    /// Print bodies as received, one after another, and nothing else.
    #[arg(long)]
    pub(crate) raw: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Write all of it into a folder; needs no configuration.
    Export {
        /// The folder; files of the same names are replaced.
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SqlArgs {
    /// For which engine.
    #[arg(value_enum)]
    pub(crate) engine: Engine,
}

/// What SQL is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// An init script: views over every table, and what people ask first.
    Duckdb,
    /// External tables with partition projection, and the same views.
    Athena,
    /// A FOCUS-shaped usage view for DuckDB, run after its script. Not conformant: it has no costs.
    Focus,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Address of the first simulated provider; the others take the ports after it. Port 0 takes free ones.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub(crate) listen: std::net::SocketAddr,
    /// Write a highwater.toml that reaches them, with the simulated secrets, into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

pub(crate) fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(date.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    if let Ok(parsed) = DateTime::parse_from_rfc3339(text) {
        return Ok(parsed.to_utc());
    }
    let form = "write a date (2026-09-01) or an RFC 3339 instant (2026-09-01T06:00:00Z)";
    if DateTime::parse_from_rfc3339(&format!("{text}Z")).is_ok() {
        return Err(format!("it names no time zone: write {text}Z for UTC"));
    }
    let looks_like_a_date = text.len() == 10
        && text.chars().enumerate().all(|(index, letter)| {
            if matches!(index, 4 | 7) { letter == '-' } else { letter.is_ascii_digit() }
        });
    Err(if looks_like_a_date { format!("the calendar has no such day; {form}") } else { form.to_owned() })
}

fn requests(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number of requests, such as 500".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let parsed = match text.split_once('/') {
        Some((part, whole)) => {
            part.parse::<f64>().ok().zip(whole.parse::<f64>().ok()).map(|(part, whole)| part / whole)
        }
        None => text.parse().ok(),
    };
    let sound = parsed.filter(|share| *share > 0.0 && *share <= 1.0);
    sound.ok_or_else(|| "write a share above 0 and at most 1, such as 1/8".to_owned())
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    pair.ok_or_else(|| "write key=value".to_owned())
}

/// A range in words: "2026-09-01 up to, not including, 2026-09-30 (29 days)".
pub(crate) fn describe_range(window: Window) -> String {
    let midnight = |instant: DateTime<Utc>| instant.time() == chrono::NaiveTime::MIN;
    let text = |instant: DateTime<Utc>| {
        if midnight(instant) { instant.date_naive().to_string() } else { format_instant(instant) }
    };
    let seconds = u64::try_from(window.duration().num_seconds()).unwrap_or_default();
    let exact = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")]
        .into_iter()
        .find(|(unit, _)| seconds % unit == 0)
        .filter(|(unit, _)| *unit == 86_400 || seconds < 7 * 86_400);
    let length = exact.map_or_else(|| span(seconds), |(unit, name)| counted(seconds / unit, name));
    format!("{} up to, not including, {} ({length})", text(window.start()), text(window.end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_date_is_its_midnight() {
        assert_eq!(instant("2026-09-01"), Ok("2026-09-01T00:00:00Z".parse().unwrap()));
        assert_eq!(instant("2026-09-01T02:00:00+02:00"), Ok("2026-09-01T00:00:00Z".parse().unwrap()));
        assert!(instant("September").unwrap_err().contains("RFC 3339"));
        assert!(instant("2026-02-29").unwrap_err().contains("no such day"));
        assert!(instant("2026-09-01T06:00:00").unwrap_err().contains("write 2026-09-01T06:00:00Z"));
    }

    #[test]
    fn a_share_is_a_fraction_of_one() {
        assert_eq!(share("1/8"), Ok(0.125));
        assert_eq!(share("1"), Ok(1.0));
        for bad in ["0", "2", "1/0", "x", "-1/2"] {
            assert!(share(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_range_says_that_its_end_is_not_included() {
        let window = Window::of(instant("2026-09-01").unwrap(), instant("2026-09-30").unwrap());
        assert_eq!(describe_range(window), "2026-09-01 up to, not including, 2026-09-30 (29 days)");
    }

    #[test]
    fn a_range_tells_its_length_in_words() {
        let length = |from: &str, to: &str| {
            let told = describe_range(Window::of(instant(from).unwrap(), instant(to).unwrap()));
            told[told.find('(').unwrap()..].to_owned()
        };
        assert_eq!(length("2026-09-01T01:00:00Z", "2026-09-01T02:00:00Z"), "(1 hour)");
        assert_eq!(length("2026-09-01", "2026-09-02T12:00:00Z"), "(36 hours)");
        assert_eq!(length("2026-06-01", "2026-07-01T13:00:00Z"), "(30d 13h)");
        assert_eq!(length("2026-09-01T01:30:00Z", "2026-09-01T02:00:00Z"), "(30 minutes)");
    }
}
