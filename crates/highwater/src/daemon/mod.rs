//! The daemon: the schedule with catch-up, and what tells an operator how it is.
//!
//! One reconciler a source loads what is due; the observer keeps the picture of the warehouse fresh; the admin server
//! shows it, the webhook tells what needs attention. None of them keeps anything that a restart would miss.

mod admin;
mod agenda;
mod board;
mod concerns;
mod metrics;
mod observer;
mod page;
mod reconciler;
mod scheduler;
#[cfg(test)]
mod tests;
mod view;
mod wake;
mod webhook;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use highwater_core::{Error, ErrorKind, Result};
use highwater_load::Warehouse;
use highwater_pipeline::Source;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::args::Global;
use crate::config::SourceConfig;
use crate::report::Exit;
use crate::session::Session;
use crate::signals::stop_token;
use board::Board;
use metrics::Metrics;
use observer::Observer;
use page::About;
use reconciler::Reconciler;
use scheduler::Scheduler;
use wake::Wake;
use webhook::Webhook;

/// What all parts of the daemon share.
#[derive(Debug)]
pub(crate) struct Daemon {
    session: Session,
    warehouse: Warehouse,
    /// In the order of the configuration. One extractor, and so one limiter, a source.
    sources: Vec<Source>,
    board: Board,
    metrics: Metrics,
    wake: Wake,
    /// Rung when something was loaded.
    changed: Notify,
    stop: CancellationToken,
    started_at: DateTime<Utc>,
}

/// Runs the daemon until a signal stops it. `listen` goes before what the configuration says.
///
/// # Errors
/// `Config` under `--now`, for an address that cannot be listened at, or a secret that is missing; `Storage` when the
/// warehouse cannot be opened. Once it runs, it outlives its errors.
pub(crate) async fn run(session: Session, listen: Option<SocketAddr>, global: &Global) -> Result<Exit> {
    if global.now.is_some() || session.is_shifted {
        return Err(Error::new(ErrorKind::Config, "the daemon runs in real time and takes no --now")
            .with_hint("use `run --now` to act as if it were then, or leave --now out"));
    }
    let listener = admin::listen(listen.unwrap_or(session.config.daemon.listen)).await?;
    let address = listener.local_addr().map_err(|source| {
        Error::new(ErrorKind::Internal, "the listener has no address").with_source(source)
    })?;
    let daemon = Daemon::new(session, stop_token()?).await?;
    tracing::info!(%address, sources = daemon.sources.len(), "listening at http://{address}/");
    if !address.ip().is_loopback() {
        tracing::warn!(
            "the admin server asks nobody who they are: let only those reach {address} who may see it"
        );
    }
    let schedules = daemon.session.config.sources.iter().flat_map(SourceConfig::enabled);
    let scheduler = Scheduler::start(schedules.map(|dataset| &dataset.schedule), &daemon.wake).await?;
    let mut tasks = daemon.start()?;
    let served = Arc::clone(&daemon);
    tasks.spawn(async move {
        if let Err(error) = admin::serve(listener, served).await {
            tracing::error!(hint = error.hint(), "{}", error.chain());
        }
    });
    daemon.stop.cancelled().await;
    scheduler.stop().await;
    daemon.finish(tasks).await;
    Ok(Exit::Done)
}

impl Daemon {
    /// Opens the warehouse and connects the sources. Asks nothing of any provider.
    ///
    /// # Errors
    /// As [`run`].
    async fn new(session: Session, stop: CancellationToken) -> Result<Arc<Self>> {
        let warehouse = session.warehouse().await?;
        let sources = session.config.sources.iter().map(|source| session.connect(source, 1.0));
        let sources = sources.collect::<Result<Vec<_>>>()?;
        let started_at = session.clock.now();
        Ok(Arc::new(Self {
            board: Board::new(sources.len()),
            metrics: Metrics::new(started_at.timestamp_millis() as f64 / 1_000.0),
            wake: Wake::new(),
            changed: Notify::new(),
            warehouse,
            sources,
            session,
            stop,
            started_at,
        }))
    }

    /// Starts all parts but the scheduler and the admin server. They end when the daemon is stopped.
    ///
    /// # Errors
    /// `Config` when the webhook's address is no URL.
    fn start(self: &Arc<Self>) -> Result<JoinSet<()>> {
        let mut tasks = JoinSet::new();
        let (posts, concerns) = watch::channel(Vec::new());
        if let Some(address) = &self.session.config.daemon.webhook {
            let webhook = Webhook::new(Arc::clone(self), address.clone())?;
            tasks.spawn(webhook.run(concerns));
        }
        for (index, source) in self.session.config.sources.iter().enumerate() {
            if source.enabled().next().is_some() {
                tasks.spawn(Reconciler::new(Arc::clone(self), index).run());
            }
        }
        tasks.spawn(Observer::new(Arc::clone(self), posts).run());
        Ok(tasks)
    }

    /// Waits for all parts to end, for as long as the grace period lasts.
    async fn finish(&self, mut tasks: JoinSet<()>) {
        let ended = async { while tasks.join_next().await.is_some() {} };
        tokio::select! {
            () = ended => tracing::info!("stopped: what was complete is committed"),
            () = self.session.clock.sleep(self.grace()) => {
                tracing::warn!("the grace period is over: what was not complete is abandoned");
            }
        }
    }

    fn grace(&self) -> Duration {
        self.session.config.daemon.grace.to_std().unwrap_or_default()
    }

    /// What the page says of the daemon itself.
    fn about(&self) -> About {
        let requests = self.sources.iter().map(|source| source.extractor.traffic().count()).collect();
        About {
            warehouse: self.session.config.warehouse.url.clone(),
            started_at: self.started_at,
            traffic: requests,
        }
    }
}
