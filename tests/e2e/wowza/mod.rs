//! The whole way with Wowza Video: a simulated account, the real binary, and a warehouse that DuckDB reads.

mod ages;
mod credentials;
mod equality;
mod expected;
mod fetch;
mod lifecycle;
mod live;
mod many;
mod revisits;
mod tolerance;
mod totals;

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{Secret, format_instant};
use highwater_simulator::{
    RunningSimulator,
    api::ProviderApi,
    world::Seed,
    wowza::{WowzaApi, WowzaBehaviour, WowzaCredentials, WowzaPlan},
};

use crate::{
    binary::Sandbox,
    duckdb::DuckDb,
    process::{Invocation, Outcome},
    simulators::Simulators,
    warehouse::Warehouse,
};

/// When most tests take place: half a day after the last day of [`RANGE`] has all its data.
const NOW: &str = "2026-09-29T12:00:00Z";

/// Ten days in which one transcoder and one VOD stream appear and one of each vanishes.
const RANGE: (&str, &str) = ("2026-09-18", "2026-09-28");

const TOKEN: &str = "canary.wowza.token";

/// The datasets that ask for each resource by itself, but for the live ones.
const BY_RESOURCE: [&str; 7] = [
    "transcoder_viewing",
    "transcoder_countries",
    "transcoder_trend",
    "vod_details",
    "vod_countries",
    "vod_renditions",
    "vod_trend",
];

/// The datasets that sample the present.
const LIVE: [&str; 3] = ["transcoder_live", "account_live", "vod_live"];

/// One simulated account, and a sandbox whose configuration reaches it as the source `wz`.
struct Account {
    simulators: Simulators,
    api: Arc<WowzaApi>,
    server: RunningSimulator,
    sandbox: Sandbox,
    raw_archive: bool,
}

/// An instant, or the midnight of a date.
fn at(text: &str) -> DateTime<Utc> {
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    text.parse().expect("a literal instant")
}

/// A small account with everything that happens to resources: one of each kind is archived, one is created and one
/// deleted within [`RANGE`].
fn eventful() -> WowzaPlan {
    WowzaPlan {
        seed: Seed(5),
        transcoders: 6,
        vod_streams: 8,
        begins: at("2025-01-01"),
        created_at: at("2026-09-21T07:00:00Z"),
        deleted_at: at("2026-09-25T15:00:00Z"),
    }
}

/// Configuration lines that switch datasets on.
fn enabled(datasets: &[&str]) -> String {
    datasets.iter().map(|dataset| format!("datasets.{dataset} = {{ enabled = true }}\n")).collect()
}

impl Account {
    /// The account of `plan`, at `now`, with every dataset switched on.
    fn new(now: &str, plan: &WowzaPlan) -> Self {
        Self::behaving(now, plan, WowzaBehaviour::default())
    }

    fn behaving(now: &str, plan: &WowzaPlan, behaviour: WowzaBehaviour) -> Self {
        let (simulators, api) = (Simulators::at(at(now)), api(plan, behaviour));
        let server = simulators.serve(Arc::clone(&api) as _, |simulator| simulator);
        Self::reached(simulators, api, server)
    }

    /// The account of `plan` as time goes by.
    fn in_real_time(plan: &WowzaPlan, behaviour: WowzaBehaviour) -> Self {
        let (simulators, api) = (Simulators::at(at(NOW)), api(plan, behaviour));
        let server = simulators.serve_in_real_time(Arc::clone(&api) as _);
        Self::reached(simulators, api, server)
    }

    fn reached(simulators: Simulators, api: Arc<WowzaApi>, server: RunningSimulator) -> Self {
        let account = Self { simulators, api, server, sandbox: Sandbox::new(), raw_archive: true };
        account.configure_all();
        account
    }

    /// Without the raw archive, which is most of what a run writes.
    fn without_archive(mut self) -> Self {
        self.raw_archive = false;
        self.configure_all();
        self
    }

    /// Writes the configuration with every dataset switched on.
    fn configure_all(&self) {
        self.configure(&enabled(&[&BY_RESOURCE[..], &LIVE[..]].concat()));
    }

    /// Writes the configuration with a token; `settings` are lines of the source.
    fn configure(&self, settings: &str) {
        self.configure_credentials(&format!("token = {{ env = \"WZ_TOKEN\" }}\n{settings}"));
    }

    fn configure_credentials(&self, settings: &str) {
        self.sandbox.configure(&format!(
            "[warehouse]\nurl = \"warehouse\"\nraw_archive = {}\n[defaults]\nstart = \"{}\"\n\n[[source]]\nname = \"wz\"\n\
             provider = \"wowza\"\nbase_url = \"{}\"\nrequests_per_second = 1000\n{settings}",
            self.raw_archive,
            RANGE.0,
            self.server.base_url()
        ));
    }

    /// `highwater ARGUMENTS` with the right token, under the real clock.
    fn highwater_now(&self, arguments: &[&str]) -> Invocation {
        self.sandbox.highwater(arguments).env("WZ_TOKEN", TOKEN)
    }

    /// `highwater ARGUMENTS --now NOW` with the right token.
    fn highwater(&self, now: &str, arguments: &[&str]) -> Invocation {
        self.highwater_now(arguments).args(["--now", &format_instant(at(now))])
    }

    /// A backfill of `range` at `now`, of the datasets named or of all.
    fn backfill(&self, now: &str, range: (&str, &str), datasets: &[&str]) -> Invocation {
        let arguments = ["backfill", "--from", range.0, "--to", range.1, "--format", "json"];
        let selected = datasets.iter().flat_map(|dataset| ["--dataset", dataset]);
        self.highwater(now, &arguments).args(selected)
    }

    fn warehouse(&self) -> Warehouse {
        self.sandbox.warehouse("warehouse")
    }

    /// The warehouse, and beside it the world of `range` as a list asked at `now` tells it: the table `told`.
    fn duckdb(&self, now: &str, range: (&str, &str)) -> DuckDb {
        self.beside_world(self.warehouse().duckdb(), at(now), at(range.0), at(range.1))
    }

    /// `duckdb`, and in it the world from `from` to `to` as it is told at `now`.
    fn beside_world(
        &self,
        duckdb: DuckDb,
        now: DateTime<Utc>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> DuckDb {
        let world = self.sandbox.write("world.jsonl", &self.api.dump(from, to));
        duckdb.json_lines("world", &world, expected::WORLD).first(&expected::told(now))
    }

    /// The facts of a range, one JSON object a line.
    fn told(&self, range: (&str, &str)) -> String {
        self.api.dump(at(range.0), at(range.1))
    }

    /// Every file below a folder of the warehouse with its content.
    fn contents(&self, below: &str) -> BTreeMap<String, Vec<u8>> {
        let read = |file: &String| fs::read(self.sandbox.path("warehouse").join(file)).expect("it is there");
        self.warehouse().files(below).into_iter().map(|file| (file.clone(), read(&file))).collect()
    }

    /// Objects of usage and descriptions, and the raw archive: what only new data may change.
    fn kept_data(&self) -> BTreeMap<String, Vec<u8>> {
        let of_ours = |file: &String| {
            !["data/coverage/", "data/control_totals/"].iter().any(|folder| file.starts_with(folder))
        };
        let data = self.contents("data").into_iter().filter(|(file, _)| of_ours(file));
        data.chain(self.contents("raw")).collect()
    }

    fn requests(&self) -> u64 {
        self.server.traffic().requests
    }

    /// Moves the account's time forward.
    fn advance_hours(&self, hours: u64) {
        self.simulators.advance(Duration::from_secs(hours * 3600));
    }

    /// The first id among the facts of one name whose resource is neither archived nor ever deleted.
    fn lasting(&self, fact: &str) -> String {
        let facts = self.api.dump(at(RANGE.0), at(RANGE.0) + TimeDelta::hours(1));
        let mut facts =
            facts.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a JSON line"));
        let wanted = |line: &serde_json::Value| {
            line["fact"] == fact && line["archived"] == false && line["deleted_at"].is_null()
        };
        let found = facts.find(wanted).expect("a lasting resource");
        found["resource_id"].as_str().expect("an id").to_owned()
    }
}

fn api(plan: &WowzaPlan, behaviour: WowzaBehaviour) -> Arc<WowzaApi> {
    let credentials =
        WowzaCredentials { token: Secret::new(TOKEN.to_owned()), ..WowzaCredentials::default() };
    Arc::new(WowzaApi::new(plan).with_credentials(credentials).with_behaviour(behaviour))
}

/// The windows that a run's JSON counts.
fn windows(outcome: &Outcome, state: &str) -> u64 {
    outcome.json()["windows"][state].as_u64().expect("a count of windows")
}
