//! The workloads, one file each.

pub mod analyst;
pub mod backfill;
pub mod day;
pub mod ingest;
pub mod paced;
pub mod year;

use crate::Outcome;
use crate::bench::Bench;
use crate::pages::World;

/// One workload.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// What it is called by, on the command line and in the README.
    pub name: &'static str,
    /// Runs it and gives its results as Markdown.
    pub run: fn(&Bench) -> Outcome<String>,
}

/// All workloads.
pub const ALL: &[Workload] = &[
    Workload { name: "ingest", run: |bench| ingest::run(bench, World::day(), &[100, 1_000]) },
    Workload { name: "paced", run: paced::run },
    Workload { name: "backfill", run: backfill::run },
    Workload { name: "day", run: |bench| day::run(bench, World::day()) },
    Workload { name: "year", run: year::run },
    Workload { name: "analyst", run: |bench| analyst::run(bench, World::day()) },
];
