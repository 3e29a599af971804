//! The daemon as an operator has it: a real process in real time, stopped by signals, asked over HTTP, looked at in a
//! browser.

mod browser;
mod deploy;
mod refused;
mod status_page;
mod stopping;
mod together;

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::Clock;
use highwater_http::SystemClock;
use highwater_simulator::{
    RunningSimulator, Simulator,
    mux::{MuxApi, MuxCredentials, assets::MuxWorld, behaviour::MuxBehaviour},
    world::WorldSettings,
};
use serde_json::Value;

use crate::{
    binary::Sandbox,
    process::{Invocation, Running},
    simulators::Simulators,
};

const TOKEN_ID: &str = "canary-token-id";
const TOKEN_SECRET: &str = "canary-token-secret";

/// Simulated environments that live now, and a sandbox for a daemon.
struct Stage {
    simulators: Simulators,
    sandbox: Sandbox,
    now: DateTime<Utc>,
}

impl Stage {
    fn new() -> Self {
        let now = SystemClock.now();
        Self { simulators: Simulators::at(now), sandbox: Sandbox::new(), now }
    }

    /// Serves an environment with this many assets.
    fn serve(&self, assets: u32, arrange: impl FnOnce(Simulator) -> Simulator) -> RunningSimulator {
        let world = MuxWorld::new(WorldSettings::new(7, assets));
        let credentials = MuxCredentials::new(TOKEN_ID, TOKEN_SECRET);
        self.simulators.serve(Arc::new(MuxApi::new(world, credentials, MuxBehaviour::default())), arrange)
    }

    /// Writes a configuration with these sources, wanted for `days` days.
    fn configure(&self, days: i64, daemon: &str, sources: &[(&str, &RunningSimulator, &str)]) {
        self.configure_on("[warehouse]\nurl = \"warehouse\"\n", days, daemon, sources);
    }

    /// The same with another section `[warehouse]`.
    fn configure_on(
        &self,
        warehouse: &str,
        days: i64,
        daemon: &str,
        sources: &[(&str, &RunningSimulator, &str)],
    ) {
        let start = (self.now - TimeDelta::days(days)).date_naive();
        let mut toml = format!(
            "{warehouse}[daemon]\nlisten = \"127.0.0.1:0\"\ngrace = \"6s\"\n{daemon}\n[defaults]\nstart = \"{start}\"\n"
        );
        for (name, server, settings) in sources {
            toml.push_str(&format!(
                "\n[[source]]\nname = \"{name}\"\nprovider = \"mux\"\nbase_url = \"{}\"\nrequests_per_second = 200\n\
                 token_id = {{ env = \"MUX_ID\" }}\n{settings}\n",
                server.base_url()
            ));
        }
        self.sandbox.configure(&toml);
    }

    fn highwater(&self, arguments: &[&str]) -> Invocation {
        let invocation = self.sandbox.highwater(arguments);
        invocation.env("MUX_ID", TOKEN_ID).env("MUX_SECRET", TOKEN_SECRET).env("WRONG", "canary-wrong")
    }

    fn start(&self) -> Daemon {
        let mut running = self.highwater(&["daemon"]).spawn();
        let line = running.wait_for_line(|line| line.contains("listening at http://"));
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        Daemon { running, address: address.expect("the line names the address").to_owned() }
    }
}

/// A source's setting: its secret, the right one.
const RIGHT: &str = "token_secret = { env = \"MUX_SECRET\" }";
/// The same, the wrong one.
const WRONG: &str = "token_secret = { env = \"WRONG\" }";

/// A daemon at work.
struct Daemon {
    running: Running,
    address: String,
}

impl Daemon {
    /// The status and body of `GET path`.
    fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout can be set");
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, body.to_owned())
    }

    /// The status of the dataset of `source`, once the daemon has read its state.
    fn status(&self, source: &str) -> Option<Value> {
        let (200, body) = self.get("/api/status") else { return None };
        let report: Value = serde_json::from_str(&body).expect("JSON");
        let sources = report["sources"].as_array().expect("sources");
        sources.iter().find(|known| known["source"] == source).map(|known| known["datasets"][0].clone())
    }

    /// Waits until `condition` holds. The harness gives up on a daemon that has fallen silent for minutes.
    fn until(&mut self, condition: impl Fn(&Self) -> bool) {
        let clock = SystemClock;
        let started = clock.monotonic();
        while !condition(self) {
            assert!(!self.running.has_ended(), "the daemon has ended");
            assert!(clock.monotonic() - started < Duration::from_secs(120), "it did not come to that");
            std::thread::yield_now();
        }
    }

    /// Whether all that `source` has is loaded.
    fn has_loaded_all(&self, source: &str) -> bool {
        self.status(source).is_some_and(|status| {
            status["missing"] == Value::Array(Vec::new()) && status["loaded"] != Value::Array(Vec::new())
        })
    }
}
