//! Simulated providers, served on loopback from within the test, so that it can set faults, move their time, and read
//! what was asked of them.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use highwater_core::{Clock, ManualClock};
use highwater_http::SystemClock;
use highwater_simulator::{RunningSimulator, Simulator, api::ProviderApi};
use tokio::runtime::{Builder, Runtime};

/// The threads that serve, and the time that every simulated provider lives in: it stands still until it is moved.
#[derive(Debug)]
pub(crate) struct Simulators {
    runtime: Runtime,
    clock: ManualClock,
}

impl Simulators {
    /// Providers that live at `now`.
    pub(crate) fn at(now: DateTime<Utc>) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Self { runtime: runtime.expect("a runtime can be made"), clock: ManualClock::new(now) }
    }

    /// Moves the time of every provider forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Serves one provider on a port of its own until the handle is dropped; `arrange` sets limits, latency and faults.
    pub(crate) fn serve(
        &self,
        api: Arc<dyn ProviderApi>,
        arrange: impl FnOnce(Simulator) -> Simulator,
    ) -> RunningSimulator {
        let real: Arc<dyn Clock> = Arc::new(SystemClock);
        let simulator = arrange(Simulator::builder(api, Arc::new(self.clock.clone()), real));
        self.runtime.block_on(simulator.start()).expect("a port of the loopback is free")
    }

    /// Serves one provider whose usage goes on as this machine's clock does, whatever time the others live in.
    pub(crate) fn serve_in_real_time(&self, api: Arc<dyn ProviderApi>) -> RunningSimulator {
        let real: Arc<dyn Clock> = Arc::new(SystemClock);
        let simulator = Simulator::builder(api, Arc::clone(&real), real);
        self.runtime.block_on(simulator.start()).expect("a port of the loopback is free")
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpStream,
    };

    use highwater_simulator::{scaleengine::ScaleEngineApi, world::WorldSettings};

    use super::*;

    fn ask(simulator: &RunningSimulator) -> String {
        let mut stream = TcpStream::connect(simulator.address()).expect("it listens");
        stream.write_all(b"GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    #[test]
    fn a_simulator_answers_in_its_own_time_and_keeps_what_was_asked() {
        let simulators = Simulators::at(WorldSettings::demo_now());
        let api = Arc::new(ScaleEngineApi::with_settings(WorldSettings::demo()));
        let simulator = simulators.serve(api, |simulator| simulator);
        assert!(ask(&simulator).starts_with("HTTP/1.1 "));
        simulators.advance(Duration::from_secs(3600));
        ask(&simulator);

        let log = simulator.log();
        assert_eq!(log.len(), 2);
        assert_eq!(log[0].target, "/nothing");
        assert_eq!(log[0].data_time, WorldSettings::demo_now());
        assert_eq!((log[1].data_time - log[0].data_time).num_seconds(), 3600);
    }
}
