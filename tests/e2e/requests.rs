//! What a plan says that it takes, beside what is asked of all three providers.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::format_instant;
use highwater_simulator::{
    RunningSimulator,
    mux::{MuxApi, MuxCredentials, assets::MuxWorld, behaviour::MuxBehaviour},
    scaleengine::ScaleEngineApi,
    world::{Seed, WorldSettings},
    wowza::{WowzaApi, WowzaCredentials, WowzaPlan},
};
use serde_json::{Value, json};

use crate::{binary::Sandbox, process::Invocation, simulators::Simulators};

const NOW: &str = "2026-09-12T13:00:00Z";
/// Days of which the first ones are final at [`NOW`] and the last ones are not.
const DAYS: [&str; 4] = ["--from", "2026-09-06", "--to", "2026-09-12"];

/// One account of each provider, and a configuration that reaches them.
struct Accounts {
    simulators: Simulators,
    servers: BTreeMap<&'static str, RunningSimulator>,
    scaleengine: Arc<ScaleEngineApi>,
    sandbox: Sandbox,
    now: DateTime<Utc>,
}

/// Requests by source.
type Requests = BTreeMap<String, u64>;

impl Accounts {
    /// With as many resources in each, whose lists take a page or several of `page_size`.
    fn new(resources: u32, page_size: u32, apps: &str) -> Self {
        let now: DateTime<Utc> = NOW.parse().expect("a literal instant");
        let simulators = Simulators::at(now);
        let settings = WorldSettings::new(7, resources);
        let credentials = MuxCredentials::new("id", "secret");
        let mux = MuxApi::new(MuxWorld::new(settings), credentials, MuxBehaviour::default());
        let half = usize::try_from(resources / 2).expect("few resources");
        let ending = WowzaPlan::ending_at(Seed(7), settings.anchor);
        let plan = WowzaPlan { transcoders: half, vod_streams: half, ..ending };
        let token = WowzaCredentials::default();
        let wowza = WowzaApi::new(&plan).with_credentials(token);
        let scaleengine = Arc::new(ScaleEngineApi::with_settings(settings));
        let servers = BTreeMap::from([
            ("mux", simulators.serve(Arc::new(mux), |simulator| simulator)),
            ("wowza", simulators.serve(Arc::new(wowza), |simulator| simulator)),
            ("scaleengine", simulators.serve(Arc::clone(&scaleengine) as _, |simulator| simulator)),
        ]);
        let sandbox = Sandbox::new();
        let source = |name: &str, settings: &str| {
            format!(
                "[[source]]\nname = \"{name}\"\nprovider = \"{name}\"\nbase_url = \"{}\"\nrequests_per_second = 1000\n\
                 page_size = {page_size}\n{settings}\n",
                servers[name].base_url()
            )
        };
        sandbox.configure(&format!(
            "[warehouse]\nurl = \"warehouse\"\nraw_archive = false\n[defaults]\nstart = \"2026-09-06\"\n\n{}{}{}",
            source("mux", "token_id = { env = \"MUX_ID\" }\ntoken_secret = { env = \"MUX_SECRET\" }"),
            source("wowza", "token = { env = \"WZ_TOKEN\" }"),
            source(
                "scaleengine",
                &format!(
                    "cdn = {}\napps = {apps}\napi_key = {{ env = \"SE_KEY\" }}\nsecret = {{ env = \"SE_SECRET\" }}",
                    scaleengine.account().cdn
                )
            ),
        ));
        Self { simulators, servers, scaleengine, sandbox, now }
    }

    /// Many resources, on pages so small that lists take several, and as many as the hour has it.
    fn on_small_pages() -> Self {
        Self::new(120, 20, "\"all\"")
    }

    fn highwater(&self, arguments: &[&str]) -> Invocation {
        let account = self.scaleengine.account();
        let invocation = self.sandbox.highwater(arguments).args(["--now", &format_instant(self.now)]);
        let invocation = invocation.env("MUX_ID", "id").env("MUX_SECRET", "secret");
        let invocation = invocation.env("SE_KEY", &account.api_key).env("SE_SECRET", account.secret.expose());
        invocation.env("WZ_TOKEN", WowzaCredentials::default().token.expose())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.highwater(arguments).args(["--format", "json"]).run().expect_code(0).json()
    }

    fn pass_hours(&mut self, hours: u32) {
        self.simulators.advance(Duration::from_secs(u64::from(hours) * 3600));
        self.now += TimeDelta::hours(i64::from(hours));
    }

    /// What `act` asks of each provider, as the providers count it.
    fn asked(&self, act: impl FnOnce()) -> Requests {
        let count =
            || self.servers.iter().map(|(name, server)| ((*name).to_owned(), server.traffic().requests));
        let before: Requests = count().collect();
        act();
        count().map(|(name, requests)| (name.clone(), requests - before[&name])).collect()
    }
}

fn units(plan: &Value) -> &[Value] {
    plan["units"].as_array().expect("units")
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a whole number")
}

/// What `of` comes to over the units of each source.
fn by_source<'a>(units: impl IntoIterator<Item = &'a Value>, of: impl Fn(&Value) -> u64) -> Requests {
    let mut sums: Requests = ["mux", "wowza", "scaleengine"].map(|name| (name.to_owned(), 0)).into();
    for unit in units {
        *sums.get_mut(unit["source"].as_str().expect("a source")).expect("one of three") += of(unit);
    }
    sums
}

fn requests(unit: &Value) -> u64 {
    number(&unit["requests"])
}

fn windows(unit: &Value) -> u64 {
    unit["windows"].as_array().expect("windows").len() as u64
}

/// `backfill` of [`DAYS`] with `more` arguments.
fn backfill<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["backfill"], &DAYS[..], more].concat()
}

#[test]
fn a_backfill_made_again_takes_exactly_what_its_plan_says() {
    let accounts = Accounts::on_small_pages();
    accounts.json(&backfill(&[]));
    for _ in 0..2 {
        let plan = accounts.json(&backfill(&["--reprocess", "all", "--dry-run"]));
        assert_eq!(units(&plan).len(), 9 * 6);
        assert!(units(&plan).iter().all(|unit| unit["requests_exact"] == true), "{plan}");
        let asked = accounts.asked(|| {
            accounts.json(&backfill(&["--reprocess", "all"]));
        });
        assert_eq!(asked, by_source(units(&plan), requests));
        assert_eq!(asked.values().sum::<u64>(), number(&plan["requests"]));
        assert!(asked["mux"] > 2 * 24 * 6, "the lists take several pages: {asked:?}");
    }
}

#[test]
fn where_lists_take_a_page_a_first_backfill_takes_what_its_plan_says_too() {
    let accounts = Accounts::new(30, 100, "[\"demo-origin\", \"demo-vod\"]");
    let plan = accounts.json(&backfill(&["--dry-run"]));
    assert!(units(&plan).iter().all(|unit| unit["requests_exact"] == false), "{plan}");
    let asked = accounts.asked(|| {
        accounts.json(&backfill(&[]));
    });
    assert_eq!(asked, by_source(units(&plan), requests), "control totals included");
    let of_windows: u64 = units(&plan).iter().map(windows).sum();
    assert!(number(&plan["requests"]) > of_windows);
}

#[test]
fn day_by_day_what_a_plan_calls_exact_is_exact_and_no_other_figure_is_short_by_more_than_a_page_a_window() {
    let mut accounts = Accounts::on_small_pages();
    accounts.json(&["run"]);
    let mut exact_ones = 0;
    for _ in 0..4 {
        accounts.pass_hours(24);
        let plan = accounts.json(&["plan"]);
        let (exact, guessed): (Vec<&Value>, Vec<&Value>) =
            units(&plan).iter().partition(|unit| unit["requests_exact"] == true);
        let names: Vec<&str> = exact.iter().map(|unit| unit["unit"].as_str().expect("a unit")).collect();
        let asked = accounts.asked(|| {
            accounts.json(&[&["work"], &names[..]].concat());
        });
        assert_eq!(asked, by_source(exact.iter().copied(), requests), "{names:?}");
        exact_ones += names.len();

        let asked = accounts.asked(|| {
            accounts.json(&["run"]);
        });
        let most = by_source(guessed.iter().copied(), |unit| requests(unit) + windows(unit));
        assert!(asked.iter().all(|(name, asked)| *asked <= most[name]), "{asked:?} {most:?}");
    }
    assert!(exact_ones > 4 * 9, "{exact_ones}");
    assert_eq!(accounts.json(&["plan"])["units"], json!([]));
}

#[test]
fn control_totals_that_a_budget_left_out_are_planned_and_can_be_worked_on() {
    let accounts = Accounts::new(30, 100, "[\"demo-origin\"]");
    let day = ["--from", "2026-09-06", "--to", "2026-09-07", "--source", "mux"];
    let limited = [&["backfill"], &day[..], &["--max-requests", "24"]].concat();
    accounts.json(&limited);
    let plan = accounts.json(&[&["plan"], &day[..]].concat());
    let due = json!({
        "unit": "mux/delivery_usage/2026-09-06",
        "source": "mux",
        "dataset": "delivery_usage",
        "usage_date": "2026-09-06",
        "windows": [],
        "reasons": ["totals"],
        "requests": 1,
        "requests_exact": false,
    });
    assert_eq!(plan["units"], json!([due]));
    let asked = accounts.asked(|| {
        let work = accounts.highwater(&["work"]).input(&plan.to_string()).run();
        work.expect_code(0);
    });
    assert_eq!(asked.values().sum::<u64>(), 1);
    assert_eq!(accounts.json(&[&["plan"], &day[..]].concat())["units"], json!([]));
}

#[test]
fn a_range_that_cannot_be_meant_is_refused_at_once_and_with_its_size() {
    let accounts = Accounts::new(30, 100, "\"all\"");
    let ever = ["--from", "0001-01-01", "--to", "9999-12-31"];
    for command in ["plan", "backfill"] {
        let outcome = accounts.highwater(&[&[command], &ever[..]].concat()).run().expect_code(2);
        assert!(outcome.stderr.contains("wowza/transcoders"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("windows=`17"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("hint: name a later --from"), "{}", outcome.stderr);
    }
    let mux = [&["plan"], &ever[..], &["--source", "mux"]].concat();
    let plan = accounts.json(&mux);
    let hours: u64 = units(&plan).iter().map(windows).sum();
    assert!((80 * 24..=90 * 24).contains(&hours), "past retention all is lost: {hours}");
}
