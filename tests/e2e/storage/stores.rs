//! Where a warehouse can stand: a folder, an S3 server of ours with faults, and one that is not ours.

use std::sync::Arc;

use highwater_http::SystemClock;
use highwater_s3_testserver::TestServer;
use tokio::runtime::{Builder, Runtime};

use crate::{
    binary::Sandbox,
    duckdb::{DuckDb, python},
    process::{Invocation, Running},
};

/// A place for a warehouse.
pub(super) enum Store {
    /// A folder of the sandbox.
    Folder,
    /// Our own server, in this process.
    S3(OwnServer),
    /// `moto`, in a process of its own.
    Moto { endpoint: String, _process: Running },
}

/// Our own S3 server and the threads that serve it.
pub(super) struct OwnServer {
    pub(super) server: TestServer,
    runtime: Runtime,
}

impl OwnServer {
    /// Waits for something that the server does.
    pub(super) fn wait_for<T>(&self, event: impl Future<Output = T>) -> T {
        self.runtime.block_on(event)
    }
}

const SCHEME: &str = "http://";

impl Store {
    pub(super) fn s3() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime can be made");
        let server = runtime.block_on(TestServer::start(Arc::new(SystemClock)));
        Self::S3(OwnServer { server, runtime })
    }

    /// `moto` with an empty bucket.
    pub(super) fn moto(sandbox: &Sandbox) -> Self {
        let server = python().with_file_name("moto_server");
        let arguments = ["-H", "127.0.0.1", "-p", "0"];
        let invocation = Invocation::of(server, &sandbox.path("")).args(arguments);
        let mut process = invocation.env("NO_COLOR", "1").spawn();
        let line = process.wait_for_line(|line| line.contains("Running on http://"));
        let from = line.find(SCHEME).expect("the line names the address");
        let endpoint = line[from..].split_whitespace().next().unwrap_or_default().to_owned();
        let make =
            "import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[1] + '/bucket', method='PUT'))";
        Invocation::of(python(), &sandbox.path("")).args(["-c", make, &endpoint]).run().expect_code(0);
        Self::Moto { endpoint, _process: process }
    }

    /// Our own server.
    #[track_caller]
    pub(super) fn own(&self) -> &OwnServer {
        match self {
            Self::S3(own) => own,
            _ => panic!("the warehouse stands elsewhere"),
        }
    }

    fn endpoint(&self) -> Option<&str> {
        match self {
            Self::Folder => None,
            Self::S3(own) => Some(own.server.endpoint()),
            Self::Moto { endpoint, .. } => Some(endpoint),
        }
    }

    /// `[warehouse]`, with further lines of it.
    pub(super) fn section(&self, lines: &str) -> String {
        let Some(endpoint) = self.endpoint() else {
            return format!("[warehouse]\nurl = \"warehouse\"\n{lines}");
        };
        let credentials = match self {
            Self::Moto { .. } => {
                "aws_access_key_id = \"test\"\naws_secret_access_key = { env = \"S3_SECRET\" }\n"
            }
            _ => "aws_skip_signature = \"true\"\n",
        };
        format!(
            "[warehouse]\nurl = \"s3://bucket/warehouse\"\n{lines}[warehouse.options]\naws_endpoint = \"{endpoint}\"\n\
             aws_allow_http = \"true\"\naws_region = \"us-east-1\"\n{credentials}"
        )
    }

    /// Whether a DuckDB goes over HTTP to the store, the statement that tells it how, and where the warehouse stands.
    pub(super) fn reach(&self, sandbox: &Sandbox) -> (bool, String, String) {
        let Some(endpoint) = self.endpoint() else {
            return (false, String::new(), sandbox.path("warehouse").display().to_string());
        };
        let host = endpoint.trim_start_matches(SCHEME);
        let secret = match self {
            Self::Moto { .. } => "KEY_ID 'test', SECRET 'test', ",
            _ => "",
        };
        let reach = format!(
            "CREATE SECRET (TYPE s3, {secret}ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false, REGION 'us-east-1')"
        );
        (true, reach, "s3://bucket/warehouse".to_owned())
    }

    /// A DuckDB that reaches the store, and where the warehouse stands for it.
    pub(super) fn duckdb(&self, sandbox: &Sandbox) -> (DuckDb, String) {
        let (httpfs, reach, root) = self.reach(sandbox);
        let duckdb = if httpfs { DuckDb::new().httpfs().first(&reach) } else { DuckDb::new() };
        (duckdb, root)
    }
}
