//! A simulated environment of Mux, and a warehouse somewhere that the real binary loads it into.

use std::{fs, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use highwater_core::format_instant;
use highwater_simulator::{
    RunningSimulator, Simulator,
    mux::{
        MuxApi, MuxCredentials,
        assets::MuxWorld,
        behaviour::{Change, MuxBehaviour, Revision},
    },
    world::WorldSettings,
};

use super::{at, stores::Store};
use crate::{
    binary::Sandbox,
    duckdb::DuckDb,
    process::{Invocation, Outcome},
    simulators::Simulators,
};

/// The tables that Mux feeds.
pub(super) const TABLES: [&str; 3] = ["resource_usage", "resource_usage_by_rendition", "resources"];
/// The one dataset.
pub(super) const DATASET: &str = "env/delivery_usage";

/// One source and its warehouse.
pub(super) struct Site {
    simulators: Simulators,
    pub(super) api: Arc<MuxApi>,
    pub(super) server: Option<RunningSimulator>,
    pub(super) store: Store,
    pub(super) sandbox: Sandbox,
    base_url: String,
}

impl Site {
    /// `assets` assets in a world that lives at `now`.
    pub(super) fn new(now: &str, assets: u32, store: impl FnOnce(&Sandbox) -> Store) -> Self {
        Self::arranged(now, assets, store, |simulator| simulator)
    }

    pub(super) fn arranged(
        now: &str,
        assets: u32,
        store: impl FnOnce(&Sandbox) -> Store,
        arrange: impl FnOnce(Simulator) -> Simulator,
    ) -> Self {
        let sandbox = Sandbox::new();
        let store = store(&sandbox);
        let simulators = Simulators::at(at(now));
        let world = MuxWorld::new(WorldSettings::new(7, assets));
        let credentials = MuxCredentials::new("token-id", "token-secret");
        let api = Arc::new(MuxApi::new(world, credentials, MuxBehaviour::default()));
        let server = simulators.serve(Arc::clone(&api) as _, arrange);
        let base_url = server.base_url();
        let site = Self { simulators, api, server: Some(server), store, sandbox, base_url };
        site.configure("", "");
        site
    }

    /// Writes the configuration: lines of `[warehouse]`, and of the source.
    pub(super) fn configure(&self, warehouse: &str, source: &str) {
        self.sandbox.configure(&format!(
            "{}[defaults]\nstart = \"2026-09-01\"\n\n[[source]]\nname = \"env\"\nprovider = \"mux\"\nbase_url = \"{}\"\n\
             token_id = {{ env = \"MUX_ID\" }}\ntoken_secret = {{ env = \"MUX_SECRET\" }}\nrequests_per_second = 1000\n{source}",
            self.store.section(warehouse),
            self.base_url
        ));
    }

    /// Moves the provider's time.
    pub(super) fn advance_hours(&self, hours: u64) {
        self.simulators.advance(Duration::from_secs(hours * 3_600));
    }

    /// Half of the usage grows by a tenth once an hour is twenty hours old.
    pub(super) fn revise(&self) {
        self.api.change(|behaviour| {
            let after_age = chrono::TimeDelta::hours(20);
            behaviour.revisions = vec![Revision { after_age, per_mille: 500, change: Change::Scale(1100) }];
        });
    }

    /// Ends the provider.
    pub(super) fn stop_provider(&mut self) {
        self.server = None;
    }

    /// What was asked of the provider until now.
    pub(super) fn requests(&self) -> u64 {
        self.server.as_ref().map_or(0, |server| server.traffic().requests)
    }

    /// `highwater ARGUMENTS --now NOW` with the secrets.
    pub(super) fn highwater(&self, now: &str, arguments: &[&str]) -> Invocation {
        let secrets = [("MUX_ID", "token-id"), ("MUX_SECRET", "token-secret")];
        secrets
            .into_iter()
            .fold(self.without_secrets(now, arguments), |all, (name, value)| all.env(name, value))
    }

    /// The same without what the provider wants.
    pub(super) fn without_secrets(&self, now: &str, arguments: &[&str]) -> Invocation {
        let now = format_instant(at(now));
        self.sandbox.highwater(arguments).args(["--now", &now]).env("S3_SECRET", "test")
    }

    pub(super) fn backfill(&self, now: &str, from: &str, to: &str) -> Outcome {
        self.backfilling(now, from, to).run()
    }

    pub(super) fn backfilling(&self, now: &str, from: &str, to: &str) -> Invocation {
        self.highwater(now, &["backfill", "--from", from, "--to", to, "--format", "json"])
    }

    /// The JSON that a command prints that needs no secrets.
    #[track_caller]
    pub(super) fn json(&self, now: &str, arguments: &[&str]) -> serde_json::Value {
        self.without_secrets(now, arguments).args(["--format", "json"]).run().expect_code(0).json()
    }

    /// The units that are due.
    #[track_caller]
    pub(super) fn due(&self, now: &str) -> serde_json::Value {
        self.json(now, &["plan"])["units"].take()
    }

    /// The checkpoint in full.
    #[track_caller]
    pub(super) fn checkpoint(&self, now: &str) -> serde_json::Value {
        self.json(now, &["checkpoint", "show", DATASET])["checkpoints"][0]["checkpoint"].take()
    }

    /// The tables, as `<table>_reported`.
    pub(super) fn duckdb(&self, tables: &[&str]) -> DuckDb {
        let (duckdb, root) = self.store.duckdb(&self.sandbox);
        tables.iter().fold(duckdb, |duckdb, table| {
            duckdb.first(&format!(
                "CREATE VIEW {table}_reported AS FROM read_parquet('{root}/data/{table}/*/*/*.parquet', \
                 union_by_name = true, hive_partitioning = true, hive_types = {{'provider': VARCHAR, 'usage_date': DATE}})"
            ))
        })
    }

    /// What a reader that stays open needs: whether it goes over HTTP, its first statement, and where the warehouse stands.
    pub(super) fn reach(&self) -> (bool, String, String) {
        self.store.reach(&self.sandbox)
    }

    /// What is loaded equals the world from `from` to `to` as it is told at `told`, and nothing stands twice.
    #[track_caller]
    pub(super) fn assert_equals_world(&self, from: &str, to: &str, told: DateTime<Utc>) {
        let world = self.sandbox.write("world.jsonl", &self.api.dump_at(at(from), at(to), told));
        let columns = [
            ("kind", "VARCHAR"),
            ("asset_id", "VARCHAR"),
            ("hour", "TIMESTAMP"),
            ("rendition", "VARCHAR"),
            ("delivered_seconds", "DECIMAL(18,6)"),
        ];
        let duckdb = self.duckdb(&TABLES).json_lines("world", &world, &columns);
        let sql = "WITH ours AS (SELECT resource_id, bucket_start, '' AS rendition, delivered_seconds FROM resource_usage_reported \
                   UNION ALL SELECT resource_id, bucket_start, rendition, delivered_seconds FROM resource_usage_by_rendition_reported), \
                   theirs AS (SELECT asset_id, hour, '', delivered_seconds FROM world WHERE kind = 'asset_hour' \
                   UNION ALL SELECT asset_id, hour, rendition, delivered_seconds FROM world WHERE kind = 'asset_tier_hour') \
                   SELECT (SELECT count(*) FROM ((FROM ours EXCEPT ALL FROM theirs) UNION ALL (FROM theirs EXCEPT ALL FROM ours))) AS differing, \
                   (SELECT count(*) FROM ours) AS rows, \
                   (SELECT count(*) FROM (SELECT resource_id, bucket_start FROM resources_reported GROUP BY ALL HAVING count(*) > 1)) AS doubled";
        let row = duckdb.query(sql).remove(0);
        assert_eq!((row["differing"].as_i64(), row["doubled"].as_i64()), (Some(0), Some(0)), "{row:?}");
        assert!(row["rows"].as_i64() > Some(20), "{row:?}");
    }

    /// Every file of the warehouse whose path starts with `start`, with its content; for a folder and our own server.
    pub(super) fn files(&self, start: &str) -> Vec<(String, Vec<u8>)> {
        match &self.store {
            Store::Folder => {
                let all = self.sandbox.warehouse("warehouse").files("").into_iter();
                let files = all.filter(|file| file.starts_with(start));
                let read =
                    |file: &String| fs::read(self.sandbox.path("warehouse").join(file)).expect("it is there");
                files.map(|file| (file.clone(), read(&file))).collect()
            }
            _ => {
                let objects = self.store.own().server.objects();
                let keys = objects.keys(&format!("warehouse/{start}")).into_iter();
                let content = |key: &str| objects.get(key).expect("it is there").to_vec();
                keys.map(|key| (key.trim_start_matches("warehouse/").to_owned(), content(&key))).collect()
            }
        }
    }

    /// Puts `content` into the warehouse behind the program's back; takes it away where there is none.
    pub(super) fn put(&self, file: &str, content: Option<&[u8]>) {
        match &self.store {
            Store::Folder => {
                let path = self.sandbox.path("warehouse").join(file);
                match content {
                    Some(content) => fs::write(path, content).expect("it can be written"),
                    None => fs::remove_file(path).expect("it can be removed"),
                }
            }
            _ => {
                let (objects, key) = (self.store.own().server.objects(), format!("warehouse/{file}"));
                match content {
                    Some(content) => objects.insert(&key, content.to_vec().into()),
                    None => objects.remove(&key),
                }
            }
        }
    }
}

/// Each of a folder and S3.
pub(super) fn folder_and_s3() -> [fn(&Sandbox) -> Store; 2] {
    [|_| Store::Folder, |_| Store::s3()]
}
