//! `backfill`: all three providers over nine and over ninety days: memory in days, requests beside the plan.

use serde::Deserialize;

use crate::Outcome;
use crate::bench::Bench;
use crate::measured;
use crate::providers;
use crate::report::{Grid, megabytes, thousands};
use crate::subject::Subject;

const NOW: &str = "2026-09-29T12:00:00Z";
const TO: &str = "2026-09-29";
/// Resources of each provider: 300 in all.
const RESOURCES: u32 = 100;
/// Days and the first of them. Mux answers for ninety days, to the hour.
const SPANS: [(u32, &str); 2] = [(9, "2026-09-20"), (90, "2026-07-01")];

#[derive(Deserialize)]
struct Planned {
    requests: u64,
    units: Vec<PlannedUnit>,
}

#[derive(Deserialize)]
struct PlannedUnit {
    windows: Vec<serde_json::Value>,
    requests_exact: bool,
}

#[derive(Deserialize)]
struct Done {
    requests: u64,
    retries: u64,
    rows: u64,
    seconds: f64,
}

/// Runs the workload.
///
/// # Errors
/// When a command fails or says something else than JSON.
pub fn run(bench: &Bench) -> Outcome<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut grid =
        Grid::new(&["", "windows", "requests planned", "exact", "made", "rows", "seconds", "peak memory"]);
    for (days, from) in SPANS {
        let world = runtime.block_on(providers::all_three(RESOURCES, NOW.parse()?))?;
        let subject = Subject::new(bench, "", &world.sources)?;
        for (what, reprocess) in [("backfill", "missing"), ("backfill again", "all")] {
            let arguments =
                ["backfill", "--from", from, "--to", TO, "--reprocess", reprocess, "--format", "json"];
            let command = || {
                let mut command = subject.command(NOW, &arguments);
                command.envs(world.secrets.clone());
                command
            };
            let (_, said) = measured::run(command().arg("--dry-run"))?;
            let planned: Planned = serde_json::from_str(&said)?;
            let (used, said) = measured::run(&command())?;
            let done: Done = serde_json::from_str(&said)?;
            let exact = planned.units.iter().filter(|unit| unit.requests_exact).count();
            let windows: usize = planned.units.iter().map(|unit| unit.windows.len()).sum();
            grid.row([
                format!("{days} days, {what}"),
                thousands(windows as f64),
                thousands(planned.requests as f64),
                format!("{exact} of {} units", planned.units.len()),
                thousands((done.requests - done.retries) as f64),
                thousands(done.rows as f64),
                format!("{:.1}", done.seconds),
                megabytes(used.peak_bytes),
            ]);
        }
    }
    Ok(format!(
        "{RESOURCES} resources of each of the three providers, by the hour where they give it.\n\n{}",
        grid.markdown()
    ))
}
