//! The whole way with Mux: a simulated environment, the real binary, and a warehouse that DuckDB reads.

mod additivity;
mod asking;
mod increments;
mod kills;
mod rate;
mod refusals;
mod secrets;
mod totals;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{Window, format_instant};
use highwater_simulator::{
    RunningSimulator, Simulator,
    mux::{MuxApi, MuxCredentials, assets::MuxWorld, behaviour::MuxBehaviour},
    world::WorldSettings,
};

use crate::{
    binary::Sandbox,
    duckdb::DuckDb,
    process::{Invocation, Outcome},
    simulators::Simulators,
    warehouse::Warehouse,
};

const TOKEN_ID: &str = "canary-token-id";
const TOKEN_SECRET: &str = "canary-token-secret";

/// One simulated environment, and a sandbox whose configuration reaches it.
struct Mux {
    simulators: Simulators,
    api: Arc<MuxApi>,
    server: RunningSimulator,
    sandbox: Sandbox,
}

/// An instant of the simulated world's September.
fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a literal instant")
}

/// The timeframe that a request asks for.
fn timeframe(target: &str) -> Option<Window> {
    let mut instants = target.split("timeframe").skip(1).map(|part| {
        let seconds = part.trim_start_matches("%5B%5D=").trim_start_matches("[]=").get(..10)?;
        DateTime::from_timestamp(seconds.parse().ok()?, 0)
    });
    Some(Window::of(instants.next()??, instants.next()??))
}

impl Mux {
    /// `assets` assets at `now`, reached by a source that asks for small pages.
    fn new(now: DateTime<Utc>, assets: u32) -> Self {
        Self::arranged(now, assets, |simulator| simulator)
    }

    fn arranged(now: DateTime<Utc>, assets: u32, arrange: impl FnOnce(Simulator) -> Simulator) -> Self {
        let simulators = Simulators::at(now);
        let world = MuxWorld::new(WorldSettings::new(7, assets));
        let credentials = MuxCredentials::new(TOKEN_ID, TOKEN_SECRET);
        let api = Arc::new(MuxApi::new(world, credentials, MuxBehaviour::default()));
        let server = simulators.serve(Arc::clone(&api) as _, arrange);
        let mux = Self { simulators, api, server, sandbox: Sandbox::new() };
        mux.configure("page_size = 25\nrequests_per_second = 500\n");
        mux
    }

    /// Writes the configuration; `settings` are lines of the source.
    fn configure(&self, settings: &str) {
        self.sandbox.configure(&format!(
            "[warehouse]\nurl = \"warehouse\"\n[defaults]\nstart = \"2026-09-01\"\n\n[[source]]\nname = \"env\"\nprovider = \"mux\"\n\
             base_url = \"{}\"\ntoken_id = {{ env = \"MUX_ID\" }}\ntoken_secret = {{ env = \"MUX_SECRET\" }}\n{settings}",
            self.server.base_url()
        ));
    }

    /// `highwater ARGUMENTS --now NOW` with the right secrets.
    fn highwater(&self, now: DateTime<Utc>, arguments: &[&str]) -> Invocation {
        let invocation = self.sandbox.highwater(arguments).args(["--now", &format_instant(now)]);
        invocation.env("MUX_ID", TOKEN_ID).env("MUX_SECRET", TOKEN_SECRET)
    }

    fn backfill(&self, now: DateTime<Utc>, from: &str, to: &str) -> Outcome {
        self.highwater(now, &["backfill", "--from", from, "--to", to, "--format", "json"]).run()
    }

    fn warehouse(&self) -> Warehouse {
        self.sandbox.warehouse("warehouse")
    }

    /// The warehouse, and beside it the world from `from` to `to` as the table `world`.
    fn duckdb(&self, from: &str, to: &str) -> DuckDb {
        self.duckdb_at(from, to, at("2030-01-01T00:00:00Z"))
    }

    /// The same, with the world as it is told at `told`.
    fn duckdb_at(&self, from: &str, to: &str, told: DateTime<Utc>) -> DuckDb {
        let world = self.sandbox.write("world.jsonl", &self.api.dump_at(at(from), at(to), told));
        self.warehouse().duckdb().json_lines(
            "world",
            &world,
            &[
                ("kind", "VARCHAR"),
                ("asset_id", "VARCHAR"),
                ("live_stream_id", "VARCHAR"),
                ("passthrough", "VARCHAR"),
                ("duration_seconds", "DECIMAL(18,6)"),
                ("resolution_tier", "VARCHAR"),
                ("video_quality", "VARCHAR"),
                ("encoding_tier", "VARCHAR"),
                ("created_at", "TIMESTAMP"),
                ("hour", "TIMESTAMP"),
                ("rendition", "VARCHAR"),
                ("delivered_seconds", "DECIMAL(18,6)"),
            ],
        )
    }
}

/// How many rows stand in one of the two queries and not in the other.
#[track_caller]
fn differing_rows(duckdb: &DuckDb, ours: &str, theirs: &str) -> i64 {
    let sql = format!(
        "WITH ours AS ({ours}), theirs AS ({theirs}) SELECT count(*) FROM \
         ((FROM ours EXCEPT ALL FROM theirs) UNION ALL (FROM theirs EXCEPT ALL FROM ours))"
    );
    duckdb.value(&sql).as_i64().expect("a count")
}

/// Usage by hour, asset and tier is what the world says, and there is some.
#[track_caller]
fn assert_equals_world(duckdb: &DuckDb) {
    let hours =
        "SELECT resource_id, bucket_start, bucket_end, delivered_seconds FROM resource_usage_reported";
    let world_hours = "SELECT asset_id, hour, hour + INTERVAL 1 HOUR, delivered_seconds FROM world WHERE kind = 'asset_hour'";
    assert_eq!(differing_rows(duckdb, hours, world_hours), 0, "by hour and asset");
    let tiers = "SELECT resource_id, bucket_start, rendition, delivered_seconds FROM resource_usage_by_rendition_reported";
    let world_tiers =
        "SELECT asset_id, hour, rendition, delivered_seconds FROM world WHERE kind = 'asset_tier_hour'";
    assert_eq!(differing_rows(duckdb, tiers, world_tiers), 0, "by hour, asset and tier");
    assert!(duckdb.value("SELECT count(*) FROM resource_usage_reported").as_i64() > Some(100));
}

/// The windows that a run's JSON counts.
fn windows(outcome: &Outcome, state: &str) -> u64 {
    outcome.json()["windows"][state].as_u64().expect("a count of windows")
}

/// A whole number of hours.
fn hours(count: i64) -> TimeDelta {
    TimeDelta::hours(count)
}
