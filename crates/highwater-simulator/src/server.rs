//! Servers: one loopback listener for each simulated provider API.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use highwater_core::Clock;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::answering::{self, Desk};
use crate::api::ProviderApi;
use crate::connection::{Line, Port};
use crate::fault_plan::FaultPlan;
use crate::rate::{RateLimit, TokenBucket};
use crate::traffic::{LoggedRequest, Record, Traffic};

/// A simulated provider that has not started yet.
#[derive(Debug)]
pub struct Simulator {
    api: Arc<dyn ProviderApi>,
    clock: Arc<dyn Clock>,
    real_clock: Arc<dyn Clock>,
    address: SocketAddr,
    rate_limit: Option<RateLimit>,
    latency: Duration,
    faults: FaultPlan,
}

impl Simulator {
    /// A server for `api` on a free port of 127.0.0.1, without rate limit, latency or faults.
    ///
    /// `clock` says which usage exists yet; `real_clock` is what signatures are checked against, and what the rate
    /// limit, latency and slow answers run with.
    #[must_use]
    pub fn builder(api: Arc<dyn ProviderApi>, clock: Arc<dyn Clock>, real_clock: Arc<dyn Clock>) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (latency, faults) = (Duration::ZERO, FaultPlan::new());
        Self { api, clock, real_clock, address, rate_limit: None, latency, faults }
    }

    /// Listens on `address`; port 0 takes a free one. The port of a server that was stopped can be taken again: so a
    /// provider is made unreachable for a while.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Refuses requests beyond `limit`; `None` grants all.
    #[must_use]
    pub fn rate_limit(mut self, limit: impl Into<Option<RateLimit>>) -> Self {
        self.rate_limit = limit.into();
        self
    }

    /// Delays every answer by `latency`, counted from the request's arrival.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Uses `faults`, which the caller may keep a clone of and change later.
    #[must_use]
    pub fn faults(mut self, faults: FaultPlan) -> Self {
        self.faults = faults;
        self
    }

    /// Binds the port and serves until the returned handle is stopped or dropped.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(self) -> io::Result<RunningSimulator> {
        let listener = TcpListener::bind(self.address).await?;
        let address = listener.local_addr()?;
        let now = self.real_clock.monotonic();
        let desk = Arc::new(Desk {
            api: self.api,
            clock: self.clock,
            real_clock: self.real_clock,
            bucket: self.rate_limit.map(|limit| Mutex::new(TokenBucket::new(limit, now))),
            faults: self.faults,
            latency: Mutex::new(self.latency),
            record: Record::default(),
        });
        let router = Router::new().fallback(answering::handle).with_state(Arc::clone(&desk));
        let service = router.into_make_service_with_connect_info::<Line>();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = axum::serve(Port(listener), service).with_graceful_shutdown(async move {
            // An error means that the handle is gone, which is a stop as well.
            let _ = stopped.await;
        });
        let task = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::warn!(%error, "a simulated provider stopped serving");
            }
        });
        tracing::debug!(provider = desk.api.name(), %address, "a simulated provider listens");
        Ok(RunningSimulator { desk, address, stop: Some(stop), task })
    }
}

/// A simulated provider at work. It stops when dropped.
#[derive(Debug)]
pub struct RunningSimulator {
    desk: Arc<Desk>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl RunningSimulator {
    /// `http://127.0.0.1:<port>`, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The provider behind it.
    #[must_use]
    pub fn api(&self) -> &Arc<dyn ProviderApi> {
        &self.desk.api
    }

    /// The faults in force; may be changed at any time.
    #[must_use]
    pub fn faults(&self) -> &FaultPlan {
        &self.desk.faults
    }

    /// Changes the delay of every answer from the next request on.
    pub fn set_latency(&self, latency: Duration) {
        *self.desk.latency.lock().unwrap_or_else(PoisonError::into_inner) = latency;
    }

    /// The counts so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.desk.record.traffic()
    }

    /// The requests so far, in the order they arrived; the latest 200,000.
    #[must_use]
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.desk.record.log()
    }

    /// Stops listening and returns when the port is free. Connections end after the answer they are at.
    pub async fn stop(mut self) {
        self.end();
        // The task was aborted just now: its end, not its outcome, is of interest.
        let _ = (&mut self.task).await;
    }

    fn end(&mut self) {
        drop(self.stop.take());
        self.task.abort();
    }
}

impl Drop for RunningSimulator {
    fn drop(&mut self) {
        self.end();
    }
}
