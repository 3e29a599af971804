//! Accounts with all three providers, and a warehouse of their usage in a folder or on S3.

use std::{fs, sync::Arc};

use highwater_http::SystemClock;
use highwater_s3_testserver::TestServer;
use highwater_simulator::{
    RunningSimulator,
    api::ProviderApi,
    mux::{MuxApi, MuxCredentials, assets::MuxWorld, behaviour::MuxBehaviour},
    scaleengine::ScaleEngineApi,
    world::{Seed, WorldSettings},
    wowza::{WowzaApi, WowzaCredentials, WowzaPlan},
};
use tokio::runtime::{Builder, Runtime};

use super::{FROM, NOW, TO, at};
use crate::{
    binary::Sandbox,
    duckdb::DuckDb,
    process::{Invocation, Outcome},
    simulators::Simulators,
};

/// Where a warehouse is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Folder,
    S3,
}

/// An S3 server, and the threads that serve it.
struct Store {
    server: TestServer,
    _runtime: Runtime,
}

/// Three sources: `env` of Mux, `wz` of Wowza, `cdn` of ScaleEngine.
pub(super) struct Estate {
    _simulators: Simulators,
    pub(super) mux: Arc<MuxApi>,
    wowza: Arc<WowzaApi>,
    scaleengine: Arc<ScaleEngineApi>,
    pub(super) servers: [RunningSimulator; 3],
    store: Option<Store>,
    pub(super) sandbox: Sandbox,
}

/// The source that each of the three is configured as.
pub(super) const SOURCES: [&str; 3] = ["env", "wz", "cdn"];

impl Estate {
    /// Nothing is loaded yet.
    pub(super) fn empty(place: Place) -> Self {
        let simulators = Simulators::at(at(NOW));
        let world = MuxWorld::new(WorldSettings::new(7, 40));
        let mux = Arc::new(MuxApi::new(world, MuxCredentials::new("id", "secret"), MuxBehaviour::default()));
        let plan = WowzaPlan {
            seed: Seed(5),
            transcoders: 5,
            vod_streams: 6,
            begins: at("2025-01-01"),
            created_at: at("2026-09-25T07:00:00Z"),
            deleted_at: at("2026-09-26T15:00:00Z"),
        };
        let wowza = Arc::new(WowzaApi::new(&plan));
        let scaleengine = Arc::new(ScaleEngineApi::with_settings(WorldSettings::new(11, 30)));
        let apis: [Arc<dyn ProviderApi>; 3] =
            [Arc::clone(&mux) as _, Arc::clone(&wowza) as _, Arc::clone(&scaleengine) as _];
        let servers = apis.map(|api| simulators.serve(api, |simulator| simulator));
        let store = (place == Place::S3).then(|| {
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.expect("a runtime can be made");
            Store { server: runtime.block_on(TestServer::start(Arc::new(SystemClock))), _runtime: runtime }
        });
        let sandbox = Sandbox::new();
        let estate = Self { _simulators: simulators, mux, wowza, scaleengine, servers, store, sandbox };
        estate.configure(&SOURCES, FROM);
        estate
    }

    /// All of [`FROM`] to [`TO`] is loaded.
    pub(super) fn loaded(place: Place) -> Self {
        let estate = Self::empty(place);
        estate.backfill(FROM, TO).expect_code(0);
        estate
    }

    /// Writes the configuration, with some of [`SOURCES`], for days from `start` on.
    pub(super) fn configure(&self, sources: &[&str], start: &str) {
        let account = self.scaleengine.account();
        let settings = [
            "provider = \"mux\"\ntoken_id = { env = \"MUX_ID\" }\ntoken_secret = { env = \"MUX_SECRET\" }\npage_size = 25\n".to_owned(),
            "provider = \"wowza\"\ntoken = { env = \"WZ_TOKEN\" }\n".to_owned(),
            format!(
                "provider = \"scaleengine\"\napi_key = {{ env = \"SE_KEY\" }}\nsecret = {{ env = \"SE_SECRET\" }}\n\
                 cdn = {}\napps = \"all\"\n",
                account.cdn
            ),
        ];
        let mut text = format!("{}\n[defaults]\nstart = \"{start}\"\n", self.warehouse_section());
        for ((name, server), settings) in SOURCES.iter().zip(&self.servers).zip(settings) {
            if sources.contains(name) {
                text.push_str(&format!(
                    "\n[[source]]\nname = \"{name}\"\nbase_url = \"{}\"\nrequests_per_second = 500\n{settings}",
                    server.base_url()
                ));
            }
        }
        self.sandbox.configure(&text);
    }

    fn warehouse_section(&self) -> String {
        let Some(store) = &self.store else { return "[warehouse]\nurl = \"warehouse\"\n".to_owned() };
        format!(
            "[warehouse]\nurl = \"s3://{}/usage\"\n[warehouse.options]\naws_endpoint = \"{}\"\naws_region = \"us-east-1\"\n\
             aws_allow_http = \"true\"\naws_skip_signature = \"true\"\n",
            TestServer::BUCKET,
            store.server.endpoint()
        )
    }

    /// `highwater ARGUMENTS --now NOW` with the right secrets.
    pub(super) fn highwater(&self, arguments: &[&str]) -> Invocation {
        let account = self.scaleengine.account();
        let invocation = self.sandbox.highwater(arguments).args(["--now", NOW]);
        let invocation = invocation.env("MUX_ID", "id").env("MUX_SECRET", "secret");
        let invocation = invocation.env("WZ_TOKEN", WowzaCredentials::default().token.expose());
        invocation.env("SE_KEY", &account.api_key).env("SE_SECRET", account.secret.expose())
    }

    pub(super) fn backfill(&self, from: &str, to: &str) -> Outcome {
        self.highwater(&["backfill", "--from", from, "--to", to, "--format", "json"]).run()
    }

    /// What `highwater sql ENGINE` prints.
    pub(super) fn sql(&self, engine: &str) -> String {
        self.highwater(&["sql", engine]).run().expect_code(0).stdout
    }

    /// A session that has run the script of `sql duckdb`.
    pub(super) fn duckdb(&self) -> DuckDb {
        self.duckdb_after("SELECT 1")
    }

    /// The same, with statements before the script.
    pub(super) fn duckdb_after(&self, statements: &str) -> DuckDb {
        let duckdb = if self.store.is_some() { DuckDb::new().httpfs() } else { DuckDb::new() };
        duckdb.first(statements).first(&self.sql("duckdb"))
    }

    /// Adds the providers' worlds of [`FROM`] to [`TO`] as the tables `mux`, `wowza` and `scaleengine`.
    pub(super) fn beside_the_worlds(&self, duckdb: DuckDb) -> DuckDb {
        let apis: [(&dyn ProviderApi, Columns); 3] =
            [(&*self.mux, MUX), (&*self.wowza, WOWZA), (&*self.scaleengine, SCALEENGINE)];
        apis.iter().fold(duckdb, |duckdb, (api, columns)| {
            let dump = api.dump(at(FROM), at(TO));
            let file = self.sandbox.write(&format!("{}.jsonl", api.name()), &dump);
            duckdb.json_lines(api.name(), &file, columns)
        })
    }

    /// The places of all objects of one table, from the root of a warehouse in a folder.
    pub(super) fn objects(&self, table: &str) -> Vec<String> {
        self.sandbox.warehouse("warehouse").files(&format!("data/{table}"))
    }

    /// Copies one file of a warehouse in a folder to another place in it.
    pub(super) fn copy(&self, from: &str, to: &str) {
        let to = self.sandbox.write(&format!("warehouse/{to}"), "");
        fs::copy(self.sandbox.path("warehouse").join(from), to).expect("the file can be copied");
    }
}

/// Fields of a world's facts, with their SQL types.
type Columns = &'static [(&'static str, &'static str)];

const MUX: Columns = &[
    ("kind", "VARCHAR"),
    ("asset_id", "VARCHAR"),
    ("hour", "TIMESTAMP"),
    ("rendition", "VARCHAR"),
    ("delivered_seconds", "DECIMAL(18,6)"),
];

const WOWZA: Columns = &[
    ("fact", "VARCHAR"),
    ("hour", "TIMESTAMP"),
    ("day", "TIMESTAMP"),
    ("resource_type", "VARCHAR"),
    ("resource_id", "VARCHAR"),
    ("scope", "VARCHAR"),
    ("viewing_seconds", "DECIMAL(18,6)"),
    ("viewing_bytes", "BIGINT"),
    ("egress_seconds", "DECIMAL(18,6)"),
    ("egress_bytes", "BIGINT"),
    ("egress_seconds_additional_targets", "DECIMAL(18,6)"),
];

const SCALEENGINE: Columns = &[
    ("app", "VARCHAR"),
    ("video_url", "VARCHAR"),
    ("usage_date", "DATE"),
    ("bytes", "HUGEINT"),
    ("requests", "HUGEINT"),
];
