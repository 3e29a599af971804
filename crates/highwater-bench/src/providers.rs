//! The simulated providers that workloads ask, and the sources that reach them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use highwater_core::{Clock, ShiftedClock};
use highwater_http::SystemClock;
use highwater_simulator::api::ProviderApi;
use highwater_simulator::mux::assets::MuxWorld;
use highwater_simulator::mux::behaviour::MuxBehaviour;
use highwater_simulator::mux::{MuxApi, MuxCredentials};
use highwater_simulator::scaleengine::ScaleEngineApi;
use highwater_simulator::world::{Seed, WorldSettings};
use highwater_simulator::wowza::{WowzaApi, WowzaCredentials, WowzaPlan};
use highwater_simulator::{RateLimit, RunningSimulator, Simulator};

use crate::Outcome;
use crate::subject::{UNLIMITED, mux_source};

/// The first day that sources of the simulated world want.
const START: &str = "2026-06-01";
/// The seed of every world here.
const SEED: u64 = 20_260_901;

/// A simulated provider without limits unless given, whose usage runs on from `now`.
///
/// # Errors
/// When it cannot listen.
pub async fn start(
    api: Arc<dyn ProviderApi>,
    now: DateTime<Utc>,
    limit: Option<RateLimit>,
    latency: Duration,
) -> Outcome<RunningSimulator> {
    let real: Arc<dyn Clock> = Arc::new(SystemClock);
    let clock = Arc::new(ShiftedClock::starting_at(now, Arc::clone(&real)));
    Ok(Simulator::builder(api, clock, real).rate_limit(limit).latency(latency).start().await?)
}

/// Mux with `assets` assets.
#[must_use]
pub fn mux(assets: u32) -> Arc<dyn ProviderApi> {
    let world = MuxWorld::new(WorldSettings::new(SEED, assets));
    Arc::new(MuxApi::new(world, MuxCredentials::new("bench-id", "bench-secret"), MuxBehaviour::default()))
}

/// Simulated providers at work.
#[derive(Debug)]
pub struct Providers {
    /// Their servers.
    pub servers: Vec<RunningSimulator>,
    /// The sources that reach them.
    pub sources: String,
    /// The variables that those take secrets from, beside the usual ones.
    pub secrets: [(&'static str, String); 2],
}

/// The three providers with `resources` resources each.
///
/// # Errors
/// When one cannot listen.
pub async fn all_three(resources: u32, now: DateTime<Utc>) -> Outcome<Providers> {
    let begin = |api| start(api, now, None, Duration::ZERO);
    let mux = begin(mux(resources)).await?;
    let mut sources = mux_source("mux", &mux.base_url(), UNLIMITED, START);

    let settings = WorldSettings::new(SEED, resources);
    let half = usize::try_from(resources / 2)?;
    let plan = WowzaPlan {
        transcoders: half,
        vod_streams: half,
        ..WowzaPlan::ending_at(Seed(SEED), settings.anchor)
    };
    let token = highwater_core::Secret::new("bench-secret".to_owned());
    let credentials = WowzaCredentials { token, ..WowzaCredentials::default() };
    let wowza = begin(Arc::new(WowzaApi::new(&plan).with_credentials(credentials))).await?;
    sources += &format!(
        "[[source]]\nname = \"wowza\"\nprovider = \"wowza\"\nbase_url = \"{}\"\nrequests_per_second = {UNLIMITED}\nstart = \"{START}\"\n\
         token = {{ env = \"BENCH_SECRET\" }}\n",
        wowza.base_url()
    );

    let api = ScaleEngineApi::with_settings(settings);
    let account = api.account();
    let cdn = account.cdn;
    let secrets =
        [("BENCH_SE_KEY", account.api_key.clone()), ("BENCH_SE_SECRET", account.secret.expose().to_owned())];
    let scaleengine = begin(Arc::new(api)).await?;
    sources += &format!(
        "[[source]]\nname = \"scaleengine\"\nprovider = \"scaleengine\"\nbase_url = \"{}\"\nrequests_per_second = {UNLIMITED}\n\
         start = \"{START}\"\ncdn = {cdn}\napps = \"all\"\napi_key = {{ env = \"BENCH_SE_KEY\" }}\nsecret = {{ env = \"BENCH_SE_SECRET\" }}\n",
        scaleengine.base_url()
    );
    Ok(Providers { servers: vec![mux, wowza, scaleengine], sources, secrets })
}
