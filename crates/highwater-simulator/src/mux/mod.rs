//! The simulated Mux Video API: `GET /video/v1/delivery-usage` over a world of assets.

mod answer;
pub mod assets;
pub mod behaviour;
pub mod credentials;
mod disturbance;
mod dump;
pub mod hours;
mod ranking;
mod request;
pub mod seconds;
pub mod usage;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::http::{Method, Request, Response, StatusCode};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::api::{Moment, ProviderApi};
use answer::{Envelope, Report};
use assets::MuxWorld;
use behaviour::{DescribedAt, MuxBehaviour, Stance};
pub use credentials::MuxCredentials;
use hours::Hours;
use ranking::{Rankings, Row, Selection, Telling};
use request::Asked;

const PATH: &str = "/video/v1/delivery-usage";

/// The API of one environment.
#[derive(Debug)]
pub struct MuxApi {
    world: MuxWorld,
    credentials: MuxCredentials,
    state: Mutex<State>,
    rankings: Rankings,
    requests: AtomicU64,
}

/// The behaviour at one moment, numbered so that rankings computed under another are not mistaken for its own.
#[derive(Clone, Debug)]
struct State {
    behaviour: MuxBehaviour,
    generation: u64,
}

impl MuxApi {
    /// The API of `world`, open to `credentials`.
    #[must_use]
    pub fn new(world: MuxWorld, credentials: MuxCredentials, behaviour: MuxBehaviour) -> Self {
        let state = Mutex::new(State { behaviour, generation: 0 });
        Self { world, credentials, state, rankings: Rankings::default(), requests: AtomicU64::new(0) }
    }

    /// The world it tells of.
    #[must_use]
    pub fn world(&self) -> &MuxWorld {
        &self.world
    }

    /// Changes the behaviour from the next request on.
    pub fn change(&self, change: impl FnOnce(&mut MuxBehaviour)) {
        let mut state = self.lock();
        change(&mut state.behaviour);
        state.generation += 1;
    }

    /// [`ProviderApi::dump`] as the provider would tell it at `at`: revisions that are due by then, and no others.
    #[must_use]
    pub fn dump_at(&self, from: DateTime<Utc>, to: DateTime<Utc>, at: DateTime<Utc>) -> String {
        self.told(from, to, Some(at))
    }

    fn told(&self, from: DateTime<Utc>, to: DateTime<Utc>, at: Option<DateTime<Utc>>) -> String {
        let revisions = self.lock().behaviour.revisions.clone();
        let telling = Telling { world: &self.world, revisions: &revisions, shrunken: &[], at };
        dump::dump(telling, Hours::inside(from, to))
    }

    fn answer(&self, request: &Request<Bytes>, moment: Moment) -> Response<Bytes> {
        let number = self.next_request();
        let refuse = |status, kind, message: &str| answer::refuse(status, kind, message, number);
        if request.uri().path() != PATH {
            return refuse(StatusCode::NOT_FOUND, "not_found", "The requested path does not exist");
        }
        if request.method() != Method::GET {
            // unknown: what the provider says to another method.
            return refuse(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "The method is not allowed");
        }
        if !self.credentials.admit(request.headers()) {
            return refuse(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized request");
        }
        let state = self.lock().clone();
        let asked = match Asked::read(request.uri(), &state.behaviour, moment.data) {
            Ok(asked) => asked,
            Err(message) => return refuse(StatusCode::BAD_REQUEST, "invalid_parameters", &message),
        };
        let Some(selection) = self.select(&asked, &state.behaviour) else {
            return refuse(StatusCode::NOT_FOUND, "not_found", "The requested resource does not exist");
        };
        self.list(&asked, selection, &state, moment, number)
    }

    fn list(
        &self,
        asked: &Asked,
        selection: Selection,
        state: &State,
        moment: Moment,
        number: u64,
    ) -> Response<Bytes> {
        let behaviour = &state.behaviour;
        let telling = Telling {
            world: &self.world,
            revisions: &behaviour.revisions,
            shrunken: &behaviour.shrunken,
            at: Some(moment.data),
        };
        let ranked = self.rankings.rank(telling, (behaviour, state.generation), asked.window, selection);
        let mut page: Vec<Row> =
            ranked.iter().skip(asked.offset()).take(page_length(asked)).copied().collect();
        let drift = disturbance::unsettle(&mut self.lock().behaviour, &mut page, &ranked, asked);
        disturbance::spoil(&mut page, &ranked, asked, behaviour);
        let described_at = match behaviour.described_at {
            DescribedAt::WindowEnd => asked.window.end.start(),
            DescribedAt::Request => moment.data,
        };
        let report =
            |row: &Row| Report::new(&self.world.assets()[row.asset], row, described_at, behaviour.row_shape);
        let envelope = Envelope {
            total_row_count: ranked.len() + drift,
            timeframe: [asked.window.start.epoch_seconds(), asked.window.end.epoch_seconds()],
            page: behaviour.page_in_envelope.then_some(asked.page),
            limit: asked.limit,
            data: page.iter().map(report).collect(),
        };
        answer::list(&envelope, number)
    }

    /// The assets asked for; `None` is a 404.
    fn select(&self, asked: &Asked, behaviour: &MuxBehaviour) -> Option<Selection> {
        let by_asset =
            asked.asset_id.as_deref().map(|id| self.world.asset_index(id).map(|index| vec![index]));
        let by_stream =
            asked.live_stream_id.as_deref().map(|id| self.world.recordings_of(id).map(<[usize]>::to_vec));
        let strict = behaviour.unknown_id == Stance::Strict;
        if strict && (by_asset == Some(None) || by_stream == Some(None)) {
            return None;
        }
        Some(match (by_asset.map(Option::unwrap_or_default), by_stream.map(Option::unwrap_or_default)) {
            (None, None) => Selection::All,
            (Some(assets), None) | (None, Some(assets)) => Selection::Some(assets),
            (Some(assets), Some(recordings)) => {
                Selection::Some(assets.into_iter().filter(|asset| recordings.contains(asset)).collect())
            }
        })
    }

    fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn page_length(asked: &Asked) -> usize {
    usize::try_from(asked.limit).unwrap_or(usize::MAX)
}

impl ProviderApi for MuxApi {
    fn name(&self) -> &'static str {
        "mux"
    }

    fn respond(&self, request: Request<Bytes>, moment: Moment) -> BoxFuture<'_, Response<Bytes>> {
        async move { self.answer(&request, moment) }.boxed()
    }

    fn too_many_requests(&self, retry_after_seconds: Option<u64>) -> Response<Bytes> {
        answer::too_many_requests(retry_after_seconds, self.next_request())
    }

    /// The final truth: after every revision, untouched by faults. The kinds of lines: `asset`, `asset_hour` and
    /// `asset_tier_hour`; only whole hours inside the range count.
    fn dump(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
        self.told(from, to, None)
    }
}
