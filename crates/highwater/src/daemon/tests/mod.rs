//! The daemon under a clock that only moves when told to, with providers that do as they are told.

mod accelerated;
mod fake;
mod metrics;
mod page;
mod reconciling;
mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{Clock, ManualClock, Registry, Window, WindowSet};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::Daemon;
use super::reconciler::Reconciler;
use crate::config::{Config, Secrets};
use crate::session::Session;
use fake::{Fake, World};

pub(crate) const SOURCES: [&str; 2] = ["good", "other"];

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn window(start: &str, end: &str) -> Window {
    Window::of(at(start), at(end))
}

/// A daemon on a warehouse of its own, and the worlds of its sources.
pub(crate) struct Rig {
    pub(crate) folder: TempDir,
    pub(crate) clock: ManualClock,
    pub(crate) worlds: BTreeMap<&'static str, Arc<World>>,
    pub(crate) daemon: Arc<Daemon>,
    retention: TimeDelta,
    reconcilers: Vec<Reconciler>,
}

impl Rig {
    /// Two sources with an hourly and a daily dataset each, wanted from `start`, at `now`.
    pub(crate) async fn new(now: &str, start: &str) -> Self {
        Self::with_daemon_settings(now, start, "").await
    }

    pub(crate) async fn with_daemon_settings(now: &str, start: &str, settings: &str) -> Self {
        Self::with_settings(now, start, settings, "").await
    }

    /// The same with the daily datasets alone.
    pub(crate) async fn of_days(now: &str, start: &str) -> Self {
        Self::with_settings(now, start, "", "datasets.hourly = { enabled = false }\n").await
    }

    async fn with_settings(now: &str, start: &str, settings: &str, of_source: &str) -> Self {
        Self::with_retention(now, start, settings, of_source, TimeDelta::days(90)).await
    }

    /// With a provider that answers as far back as `retention`.
    async fn with_retention(
        now: &str,
        start: &str,
        settings: &str,
        of_source: &str,
        retention: TimeDelta,
    ) -> Self {
        let folder = folder();
        let mut toml = format!(
            "[warehouse]\nurl = \"{}\"\n[daemon]\n{settings}\n[defaults]\nstart = \"{start}\"\n",
            folder.path().join("warehouse").display()
        );
        for source in SOURCES {
            toml.push_str(&format!(
                "[[source]]\nname = \"{source}\"\nprovider = \"fake\"\ndatasets.daily = {{ schedule = \"30 4 * * *\" }}\n{of_source}"
            ));
        }
        std::fs::write(folder.path().join("highwater.toml"), toml).unwrap();
        let worlds: BTreeMap<_, _> = SOURCES.into_iter().map(|source| (source, World::new())).collect();
        let clock = ManualClock::new(at(now));
        let daemon = daemon(&folder, &clock, &worlds, retention).await;
        let reconcilers = reconcilers(&daemon);
        Self { folder, clock, worlds, daemon, retention, reconcilers }
    }

    /// Ends the daemon and starts it again on the same warehouse.
    pub(crate) async fn restart(&mut self) {
        self.daemon.stop.cancel();
        self.reconcilers.clear();
        self.daemon = daemon(&self.folder, &self.clock, &self.worlds, self.retention).await;
        self.reconcilers = reconcilers(&self.daemon);
    }

    pub(crate) fn world(&self, source: &str) -> &Arc<World> {
        &self.worlds[source]
    }

    pub(crate) fn advance(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(60 * minutes));
    }

    /// What a wake does, for every source, side by side.
    pub(crate) async fn wake(&mut self) {
        futures::future::join_all(self.reconcilers.iter_mut().map(Reconciler::turn)).await;
        self.daemon.read_state().await;
    }
}

/// A folder in memory where there is such a thing: what these tests are about does not depend on a disk.
fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

async fn daemon(
    folder: &TempDir,
    clock: &ManualClock,
    worlds: &BTreeMap<&'static str, Arc<World>>,
    retention: TimeDelta,
) -> Arc<Daemon> {
    let registry = Registry::default().with(Fake { worlds: worlds.clone(), retention });
    let config = Config::load(&folder.path().join("highwater.toml"), &registry, Secrets::Read).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let session = Session { config, real_clock: Arc::clone(&clock), clock, is_shifted: false };
    Daemon::new(session, CancellationToken::new()).await.unwrap()
}

fn reconcilers(daemon: &Arc<Daemon>) -> Vec<Reconciler> {
    (0..SOURCES.len()).map(|index| Reconciler::new(Arc::clone(daemon), index)).collect()
}
