//! The stage of a case: a simulated API that has just started, and a source connected to it.

use std::sync::Arc;
use std::time::Duration;

use highwater_core::PageRequest;

use super::hasty_clock::HastyClock;
use super::pull::Pull;
use super::source::{Credentials, PageSize, Source};
use super::subject::{Scene, Subject};
use super::verdict::{Breach, ensure};
use crate::fault::Fault;
use crate::server::{RunningSimulator, Simulator};

#[derive(Debug)]
pub(super) struct Stage {
    pub(super) server: RunningSimulator,
    pub(super) clock: HastyClock,
    pub(super) source: Source,
}

impl Stage {
    /// The window with rows, with credentials that are accepted, in pages of the default size.
    pub(super) async fn open(subject: &Subject) -> Result<Self, Breach> {
        Self::set(subject, subject.rows, Credentials::Accepted, PageSize::Default).await
    }

    pub(super) async fn set(
        subject: &Subject,
        scene: Scene,
        credentials: Credentials,
        page_size: PageSize,
    ) -> Result<Self, Breach> {
        let clock = HastyClock::new(subject.now);
        let (server_clock, real_clock) = (Arc::new(clock.clone()), Arc::new(clock.clone()));
        let server = Simulator::builder((scene.api)(), server_clock, real_clock).start().await;
        let server =
            server.map_err(|error| Breach::new(format!("the simulated API did not start: {error}")))?;
        let terms = (credentials, page_size);
        let source = Source::connect(subject, &server.base_url(), &clock, terms, scene.window)?;
        ensure(server.traffic().requests == 0, || "connecting sent a request".to_owned())?;
        Ok(Self { server, clock, source })
    }

    /// The same with a fault in force.
    pub(super) async fn with(subject: &Subject, fault: Fault) -> Result<Self, Breach> {
        let stage = Self::open(subject).await?;
        stage.server.faults().add(fault);
        Ok(stage)
    }

    /// Requests that have arrived.
    pub(super) fn asked(&self) -> u64 {
        self.server.traffic().requests
    }

    /// Virtual time that was waited.
    pub(super) fn waited(&self) -> Duration {
        self.clock.slept()
    }

    pub(super) async fn pull(&self) -> Result<Pull, Breach> {
        Ok(self.source.pull().await?)
    }

    /// Fetches `request`, which must fail with a kind called `kind`.
    pub(super) async fn expect_refusal(&self, request: &PageRequest, kind: &str) -> Result<(), Breach> {
        match self.source.fetch(request).await {
            Ok(_) => Err(Breach::new(format!("a page came where {kind} was due"))),
            Err(error) => ensure(error.kind().as_str() == kind, || {
                format!("{kind} was due and came as {}: {}", error.kind().as_str(), error.chain())
            }),
        }
    }
}
