//! Reconciliation from outside: control totals, coverage, the month-close gate, and the way from a number to its source.

mod coverage;
mod explain;
mod mismatch;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use highwater_core::format_instant;
use highwater_simulator::{
    RunningSimulator,
    mux::{MuxApi, MuxCredentials, assets::MuxWorld, behaviour::MuxBehaviour},
    world::WorldSettings,
};

use crate::{
    binary::Sandbox,
    process::{Invocation, Outcome},
    simulators::Simulators,
    warehouse::Warehouse,
};

/// A simulated environment whose days are final as soon as they are there.
struct Books {
    _simulators: Simulators,
    api: Arc<MuxApi>,
    server: RunningSimulator,
    sandbox: Sandbox,
    now: DateTime<Utc>,
}

impl Books {
    /// At `now`, with days wanted from `start` on; `settings` are lines of the source.
    fn new(now: &str, start: &str, settings: &str) -> Self {
        let now: DateTime<Utc> = now.parse().expect("a literal instant");
        let simulators = Simulators::at(now);
        let credentials = MuxCredentials::new("id", "secret");
        let world = MuxWorld::new(WorldSettings::new(7, 40));
        let api = Arc::new(MuxApi::new(world, credentials, MuxBehaviour::default()));
        let server = simulators.serve(Arc::clone(&api) as _, |simulator| simulator);
        let sandbox = Sandbox::new();
        sandbox.configure(&format!(
            "[warehouse]\nurl = \"warehouse\"\n[defaults]\nstart = \"{start}\"\n\n[[source]]\nname = \"env\"\nprovider = \"mux\"\n\
             base_url = \"{}\"\ntoken_id = {{ env = \"MUX_ID\" }}\ntoken_secret = {{ env = \"MUX_SECRET\" }}\n\
             requests_per_second = 500\n{settings}",
            server.base_url()
        ));
        Self { _simulators: simulators, api, server, sandbox, now }
    }

    /// Hourly, final at once.
    fn of_final_days(now: &str, start: &str) -> Self {
        Self::new(now, start, "datasets.delivery_usage = { revisit = [] }\n")
    }

    fn highwater(&self, arguments: &[&str]) -> Invocation {
        let invocation = self.sandbox.highwater(arguments).args(["--now", &format_instant(self.now)]);
        invocation.env("MUX_ID", "id").env("MUX_SECRET", "secret")
    }

    fn json(&self, arguments: &[&str]) -> Outcome {
        self.highwater(arguments).args(["--format", "json"]).run()
    }

    /// Long spans report nine tenths of the truth from now on.
    fn under_report(&self) {
        self.api.change(|behaviour| behaviour.reported_per_mille_of_long_spans = 900);
    }

    fn warehouse(&self) -> Warehouse {
        self.sandbox.warehouse("warehouse")
    }
}
