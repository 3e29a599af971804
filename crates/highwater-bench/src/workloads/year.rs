//! `year`: `status` and `plan` over a year of hours of fifty datasets, on S3.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{Checkpoint, Grain, RunId, SealedUnit, SourceName, Window, WindowRecord};
use highwater_http::SystemClock;
use highwater_load::{ConditionalWrites, Warehouse, WarehouseSettings};
use highwater_s3_testserver::TestServer;
use highwater_transform::scope_digest;

use crate::Outcome;
use crate::bench::Bench;
use crate::measured;
use crate::report::{Grid, megabytes};
use crate::stages;
use crate::subject::{Subject, mux_source};

const SOURCES: usize = 50;
const DAYS: i64 = 365;
/// Days at the end whose windows are still revisited, so that each hour has its own record.
const OPEN_DAYS: i64 = 4;
const NOW: &str = "2026-09-29T12:00:00Z";

/// Runs the workload.
///
/// # Errors
/// When a command fails.
pub fn run(bench: &Bench) -> Outcome<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let server = runtime.block_on(TestServer::start(Arc::new(SystemClock)));
    let url = format!("s3://{}/warehouse", TestServer::BUCKET);
    let now: DateTime<Utc> = NOW.parse()?;
    let start = (now - TimeDelta::days(DAYS)).date_naive().to_string();
    let warehouse = runtime.block_on(Warehouse::open(WarehouseSettings {
        url: url.clone(),
        options: server.options(),
        conditional_writes: ConditionalWrites::ETag,
        raw_archive: false,
        clock: Arc::new(SystemClock),
    }))?;
    let checkpoint = checkpoint(now);
    let mut sources = String::new();
    for number in 0..SOURCES {
        let name = format!("mux-{number:02}");
        sources += &mux_source(&name, "http://127.0.0.1:9", 5, &start);
        let name = SourceName::new(&name)?;
        let dataset = stages::spec().name;
        let stored = warehouse.update_checkpoint(&name, &dataset, |stored| *stored = checkpoint.clone());
        runtime.block_on(stored)?;
    }
    let options = server.options().into_iter().map(|(name, value)| format!("{name} = {value:?}\n"));
    let section = format!("url = {url:?}\n[warehouse.options]\n{}", options.collect::<String>());
    let subject = Subject::elsewhere(bench, &section, &sources)?;
    let mut grid = Grid::new(&["command", "seconds", "CPU seconds", "peak memory"]);
    for arguments in [&["status"][..], &["plan"], &["--version"]] {
        let command = subject.command(NOW, arguments);
        let used = measured::median(bench.repeat, || Ok(measured::run(&command)?.0))?;
        grid.row([
            format!("`{}`", arguments.join(" ")),
            format!("{:.3}", used.wall_seconds),
            format!("{:.3}", used.cpu_seconds),
            megabytes(used.peak_bytes),
        ]);
    }
    Ok(format!(
        "{SOURCES} datasets with {DAYS} days of hours each, the last {OPEN_DAYS} of them not final; the store answers at once, on loopback.\n\n{}",
        grid.markdown()
    ))
}

/// A year of loaded hours: all days final but the last ones.
fn checkpoint(now: DateTime<Utc>) -> Checkpoint {
    let scope = scope_digest(&stages::spec());
    let mut checkpoint =
        Checkpoint { last_success: Some(now), requests_per_window: Some(3), ..Checkpoint::default() };
    for back in (1..=DAYS).rev() {
        let day = Window::day((now - TimeDelta::days(back)).date_naive());
        if back > OPEN_DAYS {
            let unit = SealedUnit {
                windows: day.into(),
                rows: 24_000,
                scope_digest: scope.clone(),
                verdict: Some("match".to_owned()),
                ..SealedUnit::default()
            };
            checkpoint.seal(day.date(), unit);
            continue;
        }
        for hour in day.buckets(Grain::Hour) {
            checkpoint.record(WindowRecord {
                window: hour,
                pulled_at: hour.end() + TimeDelta::hours(12),
                run_id: RunId::new("run"),
                rows: 1_000,
                rejected_rows: 0,
                pulls: 1,
                pull_digest: "0".repeat(32),
                content_digest: "0".repeat(32),
                scope_digest: scope.clone(),
                empty: false,
                verdict: None,
            });
        }
    }
    checkpoint
}
