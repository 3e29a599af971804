//! The Wowza Video account: its twenty usage operations in the versions v1.8, v1.9, v1.10 and beta.

mod answer;
mod as_of;
mod auth;
mod behaviour;
mod deviations;
mod dice;
pub mod dump;
mod errors;
mod feeds;
mod live;
mod members;
mod paging;
mod plan;
mod query;
mod route;
mod rows;
mod stamp;
mod tally;
#[cfg(test)]
mod tests;
mod trend;
mod usage;
mod viewers;
mod window;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use axum::http::{Method, Request, Response, StatusCode, header};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::future::{self, BoxFuture};
use highwater_core::Secret;
use serde_json::Value;

use crate::api::{Moment, ProviderApi};
use crate::world::WorldSettings;

pub use behaviour::{
    AccountState, ArchivedIds, BadWindow, DateOnly, LastPage, LateRevision, LiveStamps, OverCap,
    PayloadVersion, Remainder, Shrink, Straddle, TrendGaps, WowzaBehaviour,
};
pub use plan::{WowzaCredentials, WowzaPlan};
pub use world::FOREIGN_ID;

use errors::Refusal;

/// One simulated account. What it answers is a function of its plan, its behaviour, the request and the moment;
/// the only state is the count of requests a token has served.
#[derive(Debug)]
pub struct WowzaApi {
    world: world::World,
    settings: RwLock<Settings>,
    token_uses: AtomicU64,
}

#[derive(Clone, Debug, Default)]
struct Settings {
    behaviour: WowzaBehaviour,
    credentials: WowzaCredentials,
}

impl WowzaApi {
    /// The account of a plan, with the default credentials and behaviour.
    #[must_use]
    pub fn new(plan: &WowzaPlan) -> Self {
        Self { world: world::World::new(plan), settings: RwLock::default(), token_uses: AtomicU64::new(0) }
    }

    /// The usual account, with the seed of a world and its eventful resources shortly before the world's anchor.
    #[must_use]
    pub fn with_settings(settings: WorldSettings) -> Self {
        Self::new(&WowzaPlan::ending_at(settings.seed, settings.anchor))
    }

    /// The same account with other credentials.
    #[must_use]
    pub fn with_credentials(self, credentials: WowzaCredentials) -> Self {
        self.change(|settings| settings.credentials = credentials);
        self
    }

    /// The same account with another behaviour.
    #[must_use]
    pub fn with_behaviour(self, behaviour: WowzaBehaviour) -> Self {
        self.change(|settings| settings.behaviour = behaviour);
        self
    }

    /// Changes the behaviour from the next request on.
    pub fn set_behaviour(&self, change: impl FnOnce(&mut WowzaBehaviour)) {
        self.change(|settings| change(&mut settings.behaviour));
    }

    /// Accepts a new token from now on; the old one counts as expired. A limit on a token's requests starts over.
    pub fn renew_token(&self, token: Secret) {
        self.change(|settings| {
            settings.credentials.expired_token = std::mem::replace(&mut settings.credentials.token, token);
        });
        self.token_uses.store(0, Ordering::SeqCst);
    }

    fn change(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn settings(&self) -> Settings {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer(&self, request: &Request<Bytes>, moment: Moment) -> Result<Value, Refusal> {
        let settings = self.settings();
        let path = request.uri().path();
        let (version, segments) = route::version(path).ok_or(Refusal::NotFound)?;
        auth::check(request.headers(), path, version, &settings.credentials, moment.real)?;
        if request.headers().contains_key(header::AUTHORIZATION) {
            self.spend_token(settings.behaviour.token_lives_for)?;
        }
        match settings.behaviour.account_state {
            AccountState::Good => {}
            AccountState::BadStatus => return Err(Refusal::BadAccountStatus),
            AccountState::TrialExceeded => return Err(Refusal::TrialExceeded),
            AccountState::FeatureNotEnabled => return Err(Refusal::FeatureNotEnabled),
        }
        let operation = route::operation(&segments).filter(|_| request.method() == Method::GET);
        let operation = operation.ok_or(Refusal::NotFound)?;
        let query = query::Query::parse(request.uri().query().unwrap_or_default());
        let behaviour = &settings.behaviour;
        let question = answer::Question { world: &self.world, behaviour, version, query, now: moment.data };
        Ok(deviations::bend(question.answer(&operation)?, behaviour))
    }

    fn spend_token(&self, lives_for: Option<u64>) -> Result<(), Refusal> {
        let uses = self.token_uses.fetch_add(1, Ordering::SeqCst);
        if lives_for.is_some_and(|limit| uses >= limit) { Err(Refusal::ExpiredToken) } else { Ok(()) }
    }
}

impl Default for WowzaApi {
    fn default() -> Self {
        Self::new(&WowzaPlan::default())
    }
}

impl ProviderApi for WowzaApi {
    fn name(&self) -> &'static str {
        "wowza"
    }

    fn respond(&self, request: Request<Bytes>, moment: Moment) -> BoxFuture<'_, Response<Bytes>> {
        let response = match self.answer(&request, moment) {
            Ok(body) => errors::respond(StatusCode::OK, &body),
            Err(refusal) => refusal.response(),
        };
        Box::pin(future::ready(response))
    }

    fn too_many_requests(&self, retry_after_seconds: Option<u64>) -> Response<Bytes> {
        let mut response = Refusal::TooManyRequests.response();
        if let Some(seconds) = retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }

    /// The facts and their fields are described in [`dump`].
    fn dump(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
        dump::dump(&self.world, &self.settings().behaviour, from, to)
    }
}
