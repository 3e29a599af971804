//! Several writers on one warehouse, and a store that refuses for a while: what is there in the end is the world.

use std::fs;

use highwater_s3_testserver::{Fault, TestServer};
use nix::sys::signal::Signal;
use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::duckdb::DuckDb;

/// So often that nobody is ever long at rest.
const EVERY_OTHER_SECOND: &str = "schedule = \"*/2 * * * * *\"\n";
const DAYS: i64 = 6;

/// An S3 server with one bucket, and the thread that serves it.
struct Bucket {
    server: TestServer,
    _runtime: Runtime,
}

impl Bucket {
    fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime can be made");
        Self { server: runtime.block_on(TestServer::start(Arc::new(SystemClock))), _runtime: runtime }
    }

    fn section(&self) -> String {
        format!(
            "[warehouse]\nurl = \"s3://{}/warehouse\"\n[warehouse.options]\naws_endpoint = \"{}\"\n\
             aws_allow_http = \"true\"\naws_region = \"us-east-1\"\naws_skip_signature = \"true\"\n",
            TestServer::BUCKET,
            self.server.endpoint()
        )
    }

    /// Writes the data into the folder where a warehouse on disk would stand.
    fn download(&self, stage: &Stage) {
        let objects = self.server.objects();
        for key in objects.keys("warehouse/data/") {
            let path = stage.sandbox.path(&key);
            fs::create_dir_all(path.parent().expect("a key has a folder")).expect("folders can be made");
            fs::write(path, objects.get(&key).expect("it is there")).expect("it can be written");
        }
    }
}

/// An environment, its source, and where it is loaded to.
struct Site {
    stage: Stage,
    server: RunningSimulator,
    bucket: Option<Bucket>,
}

impl Site {
    fn new(bucket: Option<Bucket>) -> Self {
        let stage = Stage::new();
        let server = stage.serve(40, |simulator| simulator.latency(Duration::from_millis(30)));
        let warehouse =
            bucket.as_ref().map_or_else(|| "[warehouse]\nurl = \"warehouse\"\n".to_owned(), Bucket::section);
        let source = format!("{EVERY_OTHER_SECOND}{RIGHT}");
        stage.configure_on(&warehouse, DAYS, "", &[("env", &server, &source)]);
        Self { stage, server, bucket }
    }

    /// The dataset's status as the command tells it, as of the start: an hour that came since is nobody's fault.
    fn status(&self) -> Value {
        let now = highwater_core::format_instant(self.stage.now);
        let outcome =
            self.stage.highwater(&["status", "--format", "json", "--now", &now]).run().expect_code(0);
        outcome.json()["sources"][0]["datasets"][0].take()
    }

    /// All that is available is loaded without a gap, and every hour of it is as the world has it.
    #[track_caller]
    fn assert_equals_world(&self) {
        let status = self.status();
        for wrong in ["missing", "failed", "held", "expired"] {
            assert_eq!(status[wrong], serde_json::json!([]), "{wrong}");
        }
        assert_eq!(status["loaded"].as_array().map(Vec::len), Some(1), "{}", status["loaded"]);
        let instant = |index: usize| -> DateTime<Utc> {
            status["loaded"][0][index].as_str().and_then(|text| text.parse().ok()).expect("an instant")
        };
        let (from, to) = (instant(0), instant(1));
        assert!((to - from).num_days() >= DAYS - 1, "{from} to {to}");
        if let Some(bucket) = &self.bucket {
            bucket.download(&self.stage);
        }
        let world = self.stage.sandbox.write("world.jsonl", &self.server.api().dump(from, to));
        let columns = [
            ("kind", "VARCHAR"),
            ("asset_id", "VARCHAR"),
            ("hour", "TIMESTAMP"),
            ("rendition", "VARCHAR"),
            ("delivered_seconds", "DECIMAL(18,6)"),
        ];
        let duckdb = self.stage.sandbox.warehouse("warehouse").duckdb().json_lines("world", &world, &columns);
        assert_same(
            &duckdb,
            "SELECT resource_id, bucket_start, '' AS rendition, delivered_seconds FROM resource_usage_reported \
             UNION ALL SELECT resource_id, bucket_start, rendition, delivered_seconds FROM resource_usage_by_rendition_reported",
            "SELECT asset_id, hour, '', delivered_seconds FROM world WHERE kind = 'asset_hour' \
             UNION ALL SELECT asset_id, hour, rendition, delivered_seconds FROM world WHERE kind = 'asset_tier_hour'",
        );
        self.stage.highwater(&["check"]).run().expect_code(0);
    }
}

/// The two queries have the same rows, as often, and not few.
#[track_caller]
fn assert_same(duckdb: &DuckDb, ours: &str, theirs: &str) {
    let row = duckdb
        .query(&format!(
            "WITH ours AS ({ours}), theirs AS ({theirs}) SELECT (SELECT count(*) FROM ours) AS rows, \
             (SELECT count(*) FROM ((FROM ours EXCEPT ALL FROM theirs) UNION ALL (FROM theirs EXCEPT ALL FROM ours))) AS differing"
        ))
        .remove(0);
    assert_eq!(row["differing"].as_i64(), Some(0), "{row:?}");
    assert!(row["rows"].as_i64() > Some(500), "{row:?}");
}

/// The sum of the samples of `metric` whose labels contain `label`.
fn sum(daemon: &Daemon, metric: &str, label: &str) -> f64 {
    let (_, text) = daemon.get("/metrics");
    let lines = text.lines().filter(|line| line.starts_with(metric) && line.contains(label));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// Ends a daemon as its supervisor would.
#[track_caller]
fn terminate(daemon: Daemon) {
    daemon.running.signal(Signal::SIGTERM);
    let outcome = daemon.running.wait().expect_code(0);
    assert!(outcome.stderr.contains("stopped: what was complete is committed"), "{}", outcome.stderr);
}

#[track_caller]
fn two_daemons_and_a_backfill(bucket: Option<Bucket>) {
    let site = Site::new(bucket);
    let date = |days: i64| (site.stage.now - TimeDelta::days(days)).date_naive().to_string();
    let (from, to) = (date(DAYS), date(0));
    let backfill = ["backfill", "--from", &from, "--to", &to, "--format", "json"];
    let mut daemons = [site.stage.start(), site.stage.start()];
    let backfill = site.stage.highwater(&backfill).spawn();
    for daemon in &mut daemons {
        daemon.until(|daemon| daemon.has_loaded_all("env"));
        assert!(sum(daemon, "highwater_pulls_total", "state=\"loaded\"") > 0.0, "each had its part");
    }
    let outcome = backfill.wait().expect_code(0).json();
    assert_eq!((&outcome["windows"]["failed"], &outcome["windows"]["held"]), (&0.into(), &0.into()));
    assert!(outcome["requests"].as_u64() > Some(10), "{outcome}");
    for daemon in daemons {
        assert_eq!(sum(&daemon, "highwater_pulls_total", "state=\"failed\""), 0.0);
        terminate(daemon);
    }
    site.assert_equals_world();
}

#[test]
fn two_daemons_and_a_backfill_on_one_folder_are_exact() {
    two_daemons_and_a_backfill(None);
}

#[test]
fn two_daemons_and_a_backfill_on_one_bucket_are_exact() {
    two_daemons_and_a_backfill(Some(Bucket::new()));
}

#[test]
fn a_store_that_refuses_writes_for_a_while_costs_nothing_but_time() {
    let site = Site::new(Some(Bucket::new()));
    let bucket = site.bucket.as_ref().expect("it was given");
    // The first writes pass, so that it happens in the midst of the work; no client tries a refusal again by itself.
    (15..5_000).for_each(|nth| bucket.server.faults().on_put(nth, Fault::RefusedBefore));
    let mut daemon = site.stage.start();
    let refusals = |daemon: &Daemon| {
        sum(daemon, "highwater_pulls_total", "state=\"failed\"")
            + sum(daemon, "highwater_source_stops_total", "")
            + sum(daemon, "highwater_errors_total", "kind=\"storage\"")
    };
    daemon.until(|daemon| refusals(daemon) >= 3.0);
    assert!(!daemon.has_loaded_all("env"), "it was in the midst of its work");
    bucket.server.faults().clear();
    daemon.until(|daemon| {
        daemon.has_loaded_all("env")
            && daemon.status("env").is_some_and(|status| status["failed"] == serde_json::json!([]))
    });
    terminate(daemon);
    site.assert_equals_world();
}
