//! `demo`: simulated providers on loopback, a week of usage, a local warehouse, and a query to try on it.

use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use highwater_core::{Clock, Error, ErrorKind, ManualClock, Result, Table, Window};
use highwater_http::SystemClock;
use highwater_pipeline::{PlanOrder, status};
use highwater_simulator::RateLimit;
use highwater_simulator::world::WorldSettings;

use super::execute::{Limits, load};
use super::plan;
use crate::args::{DemoArgs, Global, ReprocessArg, Selection, describe_range};
use crate::config::{Config, Secrets};
use crate::output::{Cell, Grid, counted, note, print_text};
use crate::providers::providers;
use crate::rehearsal::Rehearsal;
use crate::report::Exit;
use crate::session::{LoadedDataset, Session};

/// What the demo's providers grant and its sources ask for.
const REQUESTS_PER_SECOND: u32 = 200;

pub(crate) async fn run(global: &Global, args: &DemoArgs) -> Result<Exit> {
    if global.now.is_some() {
        return Err(Error::new(ErrorKind::Config, "the demo's world stands still at a date of its own")
            .with_hint("leave --now out; `highwater simulate` starts a world at any instant"));
    }
    let now = WorldSettings::demo_now();
    let end = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let week = Window::new(end - TimeDelta::days(7), end)?;
    let any_port = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0));
    let limit = RateLimit::new(f64::from(REQUESTS_PER_SECOND), REQUESTS_PER_SECOND);
    let real_clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let rehearsal =
        Rehearsal::start(any_port, Arc::new(ManualClock::new(now)), real_clock, Some(limit)).await?;
    let path = rehearsal.write_configuration(
        &args.dir,
        &week.start().date_naive().to_string(),
        REQUESTS_PER_SECOND,
    )?;
    let session = Session::with_config(Config::load(&path, &providers(), Secrets::Read)?, Some(now));

    print_text(&format!("Simulated providers on loopback, a week of usage:\n{}\n\n", describe_range(week)))?;
    let warehouse = session.warehouse().await?;
    let datasets = session.datasets(&Selection::default(), &warehouse).await?;
    let plan = plan::make(&session, &datasets, Some(week), ReprocessArg::Missing, PlanOrder::OldestFirst)?;
    let exit = if plan.units.is_empty() {
        print_text("All of it is loaded already: nothing was asked, nothing was written.\n\n")?;
        Exit::Done
    } else {
        let summary = load(global, &session, &warehouse, &plan, Limits::default()).await?;
        print_text(&format!(
            "Loaded {}: {}, {}.\n\n",
            counted(summary.windows.loaded + summary.windows.empty, "window"),
            counted(summary.rows, "row"),
            counted(summary.requests, "request"),
        ))?;
        if summary.interrupted {
            note("interrupted: run the same command again to go on");
            return Ok(Exit::Interrupted);
        }
        super::execute::exit(&summary)
    };
    show(&session, &warehouse, week, &args.dir).await?;
    Ok(exit)
}

async fn show(
    session: &Session,
    warehouse: &highwater_load::Warehouse,
    week: Window,
    dir: &Path,
) -> Result<()> {
    let datasets = session.datasets(&Selection::default(), warehouse).await?;
    let states: Vec<_> = datasets.iter().map(LoadedDataset::state).collect();
    let report = status(&states, session.clock.now(), Some(week));
    let mut coverage = Grid::new(&["source", "dataset", "grain", "loaded", "missing", "rows"]);
    for source in &report.sources {
        for dataset in &source.datasets {
            coverage.row([
                source.source.to_string().into(),
                dataset.dataset.to_string().into(),
                dataset.grain.to_string().into(),
                Cell::Seconds(u64::try_from(dataset.loaded.duration().num_seconds()).ok()),
                Cell::Seconds(u64::try_from(dataset.missing.duration().num_seconds()).ok()),
                dataset.rows.into(),
            ]);
        }
    }
    print_text(&coverage.to_text())?;
    let data = dir.join("warehouse").join("data");
    let mut tables = Grid::new(&["table", "objects"]);
    for table in Table::ALL {
        let objects = files_below(&data.join(table.name()));
        if objects > 0 {
            tables.row([Cell::from(table.name().to_owned()), objects.into()]);
        }
    }
    print_text(&format!("\n{}\n{}", tables.to_text(), queries(&data)))
}

fn files_below(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}

fn queries(data: &Path) -> String {
    let sql = format!(
        "SELECT provider, bucket_start::DATE AS day, count(DISTINCT resource_id) AS resources, \
         round(sum(delivered_seconds) / 3600, 1) AS hours_delivered, sum(delivered_bytes) AS bytes_delivered \
         FROM read_parquet('{}/resource_usage/*/*/*.parquet', hive_partitioning = true) \
         GROUP BY ALL ORDER BY ALL",
        data.display()
    );
    format!(
        "Query it with DuckDB's command line (pip install duckdb-cli):\n\n  duckdb -c \"{sql}\"\n\n\
         or with Python (pip install duckdb):\n\n  python3 -c \"import duckdb; duckdb.sql(\\\"\\\"\\\"{sql}\\\"\\\"\\\").show()\"\n\n\
         A warehouse of your own starts with `highwater init`.\n"
    )
}
