//! The simulated Mux Video API: `GET /video/v1/delivery-usage` over a world of assets.

mod answer;
pub mod assets;
pub mod behaviour;
mod dump;
pub mod hours;
mod ranking;
mod request;
pub mod seconds;
pub mod usage;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use highwater_core::Secret;

use crate::api::{Moment, ProviderApi};
use answer::{Envelope, Report};
use assets::MuxWorld;
use behaviour::{DescribedAt, MuxBehaviour, Stance};
use hours::Hours;
use ranking::{Rankings, Row, Selection, Telling};
use request::Asked;

const PATH: &str = "/video/v1/delivery-usage";

/// The token that the simulated environment accepts.
#[derive(Clone, Debug)]
pub struct MuxCredentials {
    /// The token's id: the user of Basic authentication.
    pub token_id: String,
    /// The token's secret: its password.
    pub token_secret: Secret,
}

impl MuxCredentials {
    /// The token with this id and secret.
    #[must_use]
    pub fn new(token_id: &str, token_secret: &str) -> Self {
        Self { token_id: token_id.to_owned(), token_secret: Secret::new(token_secret.to_owned()) }
    }
}

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
        if !self.admits(request.headers()) {
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
        let drift = self.disturb(&mut page, &ranked, asked);
        spoil(&mut page, &ranked, asked, behaviour);
        let described_at = match behaviour.described_at {
            DescribedAt::WindowEnd => asked.window.end.start(),
            DescribedAt::Request => moment.data,
        };
        let report =
            |row: &Row| Report::new(&self.world.assets()[row.asset], row, described_at, behaviour.row_shape);
        let envelope = Envelope {
            total_row_count: ranked.len() + usize::from(drift),
            timeframe: [asked.window.start.epoch_seconds(), asked.window.end.epoch_seconds()],
            page: behaviour.page_in_envelope.then_some(asked.page),
            limit: asked.limit,
            data: page.iter().map(report).collect(),
        };
        answer::list(&envelope, number)
    }

    /// Lets a page after the first shift or change its total while such faults are left; true when the total drifts.
    fn disturb(&self, page: &mut [Row], ranked: &[Row], asked: &Asked) -> bool {
        let (Some(first), Some(before)) =
            (page.first_mut(), asked.offset().checked_sub(1).and_then(|place| ranked.get(place)))
        else {
            return false;
        };
        let mut state = self.lock();
        if state.behaviour.shifting_pages > 0 {
            state.behaviour.shifting_pages -= 1;
            *first = *before;
        }
        let drifts = state.behaviour.drifting_totals > 0;
        state.behaviour.drifting_totals -= u32::from(drifts);
        drifts
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

    fn admits(&self, headers: &HeaderMap) -> bool {
        let expected = format!("{}:{}", self.credentials.token_id, self.credentials.token_secret.expose());
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some((scheme, encoded)) = given.and_then(|value| value.split_once(' ')) else { return false };
        scheme.eq_ignore_ascii_case("basic")
            && STANDARD.decode(encoded.trim()).is_ok_and(|decoded| decoded == expected.as_bytes())
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

/// Applies the faults in the figures: under-reported long spans, and the one bad row.
fn spoil(page: &mut [Row], ranked: &[Row], asked: &Asked, behaviour: &MuxBehaviour) {
    let per_mille = behaviour.reported_per_mille_of_long_spans;
    if asked.window.len() > 1 && per_mille != 1000 {
        for row in page.iter_mut() {
            row.by_tier = row.by_tier.map(|tier| tier.scaled(per_mille));
            row.total = row.by_tier.into_iter().sum();
        }
    }
    let spans_bad_hour = behaviour
        .bad_row_in
        .is_some_and(|bad| asked.window.iter().any(|hour| hour == hours::Hour::floor(bad)));
    let last = ranked.last().map(|row| row.asset);
    if let Some(row) = page.last_mut().filter(|row| spans_bad_hour && Some(row.asset) == last) {
        row.total = row.total.spoiled();
    }
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
