//! `paced`: a provider that permits so many requests a second, and how many of them are used.

use std::time::Duration;

use highwater_simulator::RateLimit;

use crate::Outcome;
use crate::bench::Bench;
use crate::providers;
use crate::report::{Grid, thousands};
use crate::subject::{Subject, mux_source};

/// How long the provider takes for an answer.
const LATENCY: Duration = Duration::from_millis(200);
const NOW: &str = "2026-09-29T12:00:00Z";

/// Each rate with the first day of a backfill that keeps it busy for about a minute.
const RATES: [(u32, &str); 2] = [(5, "2026-09-25T00:00:00Z"), (50, "2026-08-18T00:00:00Z")];

/// Runs the workload.
///
/// # Errors
/// When a backfill fails.
pub fn run(bench: &Bench) -> Outcome<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut grid =
        Grid::new(&["permitted a second", "requests", "seconds", "used", "answered 429", "peak memory"]);
    for (rate, from) in RATES {
        let limit = RateLimit::new(f64::from(rate), rate);
        let simulator =
            runtime.block_on(providers::start(providers::mux(300), NOW.parse()?, Some(limit), LATENCY))?;
        let subject = Subject::new(bench, "", &mux_source("mux", &simulator.base_url(), rate, "2026-07-01"))?;
        let backfill = subject.command(NOW, &["backfill", "--from", from, "--to", "2026-09-29T00:00:00Z"]);
        let (used, _) = crate::measured::run(&backfill)?;
        let log = simulator.log();
        let first = log.first().ok_or("nothing was asked")?.arrived;
        let seconds = log.last().map_or(Duration::ZERO, |last| last.arrived - first).as_secs_f64();
        let share = (log.len() - 1) as f64 / seconds / f64::from(rate);
        grid.row([
            rate.to_string(),
            thousands(log.len() as f64),
            format!("{seconds:.1}"),
            format!("{:.1} %", share * 100.0),
            simulator.traffic().answered_429.to_string(),
            crate::report::megabytes(used.peak_bytes),
        ]);
    }
    Ok(format!(
        "A Mux account of 300 assets that takes {} ms for an answer; its limit is a token bucket of one second's worth. \
         Used: requests a second from the first to the last, of those permitted.\n\n{}",
        LATENCY.as_millis(),
        grid.markdown()
    ))
}
