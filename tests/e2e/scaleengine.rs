//! ScaleEngine from outside: signed requests to a simulated account, and a warehouse that DuckDB reads.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use highwater_core::format_instant;
use highwater_simulator::{
    RunningSimulator,
    api::ProviderApi,
    scaleengine::{CountMeaning, NumberForm, ScaleEngineApi, SignatureVerification},
    world::WorldSettings,
};
use serde_json::json;

use crate::{binary::Sandbox, duckdb::DuckDb, process::Invocation, simulators::Simulators};

const NOW: &str = "2026-09-08T12:00:00Z";

struct Account {
    /// Serves as long as it is kept.
    _simulators: Simulators,
    api: Arc<ScaleEngineApi>,
    server: RunningSimulator,
    sandbox: Sandbox,
}

impl Account {
    fn new() -> Self {
        let simulators = Simulators::at(now());
        let api = Arc::new(ScaleEngineApi::with_settings(WorldSettings::new(11, 90)));
        let server = simulators.serve(Arc::clone(&api) as _, |simulator| simulator);
        let account = Self { _simulators: simulators, api, server, sandbox: Sandbox::new() };
        account.configure("apps = \"all\"\npage_size = 20\n");
        account
    }

    fn configure(&self, settings: &str) {
        self.sandbox.configure(&format!(
            "[warehouse]\nurl = \"warehouse\"\n[defaults]\nstart = \"2026-08-01\"\n\n[[source]]\nname = \"cdn\"\n\
             provider = \"scaleengine\"\nbase_url = \"{}\"\napi_key = {{ env = \"SE_KEY\" }}\nsecret = {{ env = \"SE_SECRET\" }}\n\
             cdn = {}\nrequests_per_second = 500\n{settings}",
            self.server.base_url(),
            self.api.account().cdn
        ));
    }

    fn highwater(&self, arguments: &[&str]) -> Invocation {
        let account = self.api.account();
        self.sandbox
            .highwater(arguments)
            .args(["--now", &format_instant(now())])
            .env("SE_KEY", &account.api_key)
            .env("SE_SECRET", account.secret.expose())
    }

    /// The warehouse and the world of `from..to` as the table `world`.
    fn duckdb(&self, from: &str, to: &str) -> DuckDb {
        let instant = |date: &str| format!("{date}T00:00:00Z").parse().expect("a date");
        let world = self.sandbox.write("world.jsonl", &self.api.dump(instant(from), instant(to)));
        let columns = [
            ("app", "VARCHAR"),
            ("video_url", "VARCHAR"),
            ("usage_date", "DATE"),
            ("bytes", "HUGEINT"),
            ("requests", "HUGEINT"),
        ];
        self.sandbox.warehouse("warehouse").duckdb().json_lines("world", &world, &columns)
    }
}

fn now() -> DateTime<Utc> {
    NOW.parse().expect("a literal instant")
}

const OURS: &str = "SELECT parent_id, name, u.usage_date, delivered_bytes::HUGEINT, requests::HUGEINT \
                    FROM resource_usage_reported u JOIN resources_reported r USING (resource_id, bucket_start)";
const THEIRS: &str = "SELECT app, video_url, usage_date, bytes, requests FROM world";

fn differing_rows(duckdb: &DuckDb) -> serde_json::Value {
    duckdb.value(&format!(
        "WITH ours AS ({OURS}), theirs AS ({THEIRS}) SELECT count(*) FROM \
         ((FROM ours EXCEPT ALL FROM theirs) UNION ALL (FROM theirs EXCEPT ALL FROM ours))"
    ))
}

#[test]
fn thirty_days_over_three_apps_equal_the_world_under_each_verification() {
    for (verification, count, numbers) in [
        (SignatureVerification::Raw, CountMeaning::Total, NumberForm::Text),
        (SignatureVerification::Reencode, CountMeaning::Page, NumberForm::Number),
    ] {
        let account = Account::new();
        account.api.alter(|behaviour| {
            behaviour.verification = verification;
            behaviour.count = count;
            behaviour.number_form = numbers;
        });
        let range = ["backfill", "--from", "2026-08-02", "--to", "2026-09-01", "--format", "json"];
        let summary = account.highwater(&range).run().expect_code(0).json();
        assert_eq!(
            summary["windows"]["loaded"]
                .as_u64()
                .zip(summary["windows"]["empty"].as_u64())
                .map(|(a, b)| a + b),
            Some(30)
        );
        let duckdb = account.duckdb("2026-08-02", "2026-09-01");
        assert_eq!(differing_rows(&duckdb), 0, "{verification:?}");
        assert_eq!(duckdb.value("SELECT count(DISTINCT app) FROM world"), 3);
        let beyond = "SELECT count(*) FROM resource_usage_reported WHERE delivered_bytes > 9007199254740992";
        assert!(duckdb.value(beyond).as_i64() > Some(0), "figures beyond what a double holds");

        let asked = account.server.traffic().requests;
        account.highwater(&range).run().expect_code(0);
        assert_eq!(account.server.traffic().requests, asked, "a second backfill asks for nothing");
    }
}

#[test]
fn an_app_added_to_the_configuration_makes_its_history_due() {
    let account = Account::new();
    account.configure("apps = [\"demo-origin\"]\n");
    let range = ["backfill", "--from", "2026-08-20", "--to", "2026-08-25"];
    account.highwater(&range).run().expect_code(0);
    account.configure("apps = [\"demo-origin\", \"demo-vod\"]\n");
    let plan = account.highwater(&["plan", "--from", "2026-08-20", "--to", "2026-08-25", "--format", "json"]);
    let plan = plan.run().expect_code(0).json();
    assert_eq!(plan["units"].as_array().map(Vec::len), Some(5));
    assert_eq!(plan["units"][0]["reasons"], json!(["scope"]));
    account.highwater(&range).run().expect_code(0);
    let duckdb =
        account.duckdb("2026-08-20", "2026-08-25").first("DELETE FROM world WHERE app = 'demo-live'");
    assert_eq!(differing_rows(&duckdb), 0);
}

#[test]
fn a_month_asked_for_as_a_whole_equals_the_sum_of_its_days() {
    let account = Account::new();
    account.highwater(&["backfill", "--from", "2026-08-01", "--to", "2026-09-01"]).run().expect_code(0);
    let month = [
        "fetch",
        "cdn",
        "video_usage",
        "--from",
        "2026-08-01",
        "--to",
        "2026-09-01",
        "--param",
        "app=demo-origin",
        "--format",
        "json",
    ];
    let month = account.highwater(&month).run().expect_code(0).json();
    let rows = month["resource_usage"].as_array().expect("rows");
    let bytes: i128 =
        rows.iter().map(|row| i128::from(row["delivered_bytes"].as_i64().expect("bytes"))).sum();
    let days = "SELECT sum(delivered_bytes)::HUGEINT::VARCHAR FROM resource_usage_reported WHERE resource_id LIKE 'demo-origin/%'";
    let duckdb = account.duckdb("2026-08-01", "2026-09-01");
    assert_eq!(duckdb.value(days), bytes.to_string().as_str());
}

#[test]
fn a_wrong_secret_costs_at_most_three_requests_and_is_never_repeated() {
    let account = Account::new();
    let outcome =
        account.highwater(&["run", "-vv"]).env("SE_SECRET", "canary-wrong-secret").env("RUST_LOG", "trace");
    let outcome = outcome.run().expect_code(4);
    assert!(account.server.traffic().requests <= 3);
    let said = outcome.stderr.to_lowercase();
    assert!(said.contains("secret") && said.contains("clock"), "{said}");
    assert!(
        !said.contains("canary-wrong-secret")
            && !said.contains(&account.api.account().api_key.to_lowercase())
    );
}

#[test]
fn nothing_signed_is_kept_in_the_raw_archive() {
    let account = Account::new();
    account.highwater(&["backfill", "--from", "2026-08-20", "--to", "2026-08-22"]).run().expect_code(0);
    let raw = account.sandbox.warehouse("warehouse").files("raw");
    assert_eq!(raw.len(), 2);
    for file in raw {
        let bytes = std::fs::read(account.sandbox.path("warehouse").join(&file)).expect("it is there");
        let text = String::from_utf8(zstd::decode_all(&bytes[..]).expect("zstd")).expect("text");
        let secrets =
            [account.api.account().api_key.as_str(), account.api.account().secret.expose(), "signature"];
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{file}");
    }
}
