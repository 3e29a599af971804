//! The way of one request through a server: arrival, rate limit, faults, the provider, latency.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE};
use axum::http::{HeaderValue, Response, StatusCode, request::Parts};
use bytes::Bytes;
use futures::{StreamExt, stream};
use highwater_core::Clock;

use crate::api::{Moment, ProviderApi};
use crate::connection::Line;
use crate::fault::{Action, Strike};
use crate::fault_plan::FaultPlan;
use crate::rate::{RateLimit, TokenBucket, Verdict};
use crate::retry_after::{RetryAfter, http_date};
use crate::traffic::{Arrival, InHand, Record};

const BODY_CAP_BYTES: usize = 1 << 20;

const MAINTENANCE_PAGE: &str = "<!DOCTYPE html><html><head><title>Back soon</title></head>\
     <body><h1>We are down for maintenance</h1></body></html>";

/// All that the handlers of one server share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) api: Arc<dyn ProviderApi>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) real_clock: Arc<dyn Clock>,
    pub(crate) bucket: Option<Mutex<TokenBucket>>,
    pub(crate) faults: FaultPlan,
    pub(crate) latency: Mutex<Duration>,
    pub(crate) record: Record,
}

/// What leaves the desk.
enum Answer {
    Whole(Response<Bytes>),
    CutOff(Response<Bytes>),
    Reset,
}

/// What the rate limit says, with what the answer's headers tell of it.
enum Passage {
    Unlimited,
    Granted(RateLimit, u32),
    Refused(Response<Bytes>),
}

pub(crate) async fn handle(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_CAP_BYTES).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "the request body is too large").map(Body::from);
    };
    let arrival = desk.arrival();
    let in_hand = desk.record.arrived(&parts, body.clone(), arrival);
    let answer = desk.answer(&in_hand, parts, body, arrival).await;
    match answer {
        Answer::Reset => {
            line.sever();
            Response::new(Body::empty())
        }
        Answer::Whole(response) => {
            in_hand.answered(response.status().as_u16());
            desk.dated(response).map(Body::from)
        }
        Answer::CutOff(response) => {
            in_hand.answered(response.status().as_u16());
            cut_off(desk.dated(response))
        }
    }
}

impl Desk {
    fn arrival(&self) -> Arrival {
        Arrival {
            real: self.real_clock.now(),
            monotonic: self.real_clock.monotonic(),
            data: self.clock.now(),
        }
    }

    async fn answer(&self, in_hand: &InHand<'_>, parts: Parts, body: Bytes, arrival: Arrival) -> Answer {
        let granted = match self.pass_limit(arrival.monotonic) {
            Passage::Unlimited => None,
            Passage::Granted(limit, remaining) => Some((limit, remaining)),
            Passage::Refused(refusal) => {
                self.wait(self.current_latency()).await;
                return Answer::Whole(refusal);
            }
        };
        let strikes = self.faults.strikes(&parts);
        in_hand.struck_by(strikes.iter().map(|strike| strike.name).collect());
        self.wait(self.current_latency() + total_delay(&strikes)).await;
        let mut answer = self.act(strikes, parts, body, arrival).await;
        if let (Some((limit, remaining)), Answer::Whole(response) | Answer::CutOff(response)) =
            (granted, &mut answer)
        {
            TokenBucket::announce(limit, remaining, response.headers_mut());
        }
        answer
    }

    fn pass_limit(&self, now: Duration) -> Passage {
        let Some(bucket) = &self.bucket else { return Passage::Unlimited };
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = bucket.limit();
        match bucket.take(now) {
            Verdict::Granted { remaining } => Passage::Granted(limit, remaining),
            Verdict::Refused { wait } => {
                let mut response = self.too_many_requests(limit.retry_after.after(wait));
                TokenBucket::announce(limit, 0, response.headers_mut());
                Passage::Refused(response)
            }
        }
    }

    async fn act(&self, strikes: Vec<Strike>, parts: Parts, body: Bytes, arrival: Arrival) -> Answer {
        let (mut rewrites, mut cut) = (Vec::new(), false);
        for strike in strikes {
            match strike.action {
                Action::TooManyRequests(retry_after) => {
                    return Answer::Whole(self.too_many_requests(retry_after));
                }
                Action::Status { status, retry_after } => {
                    let mut response = plain(status, "a fault of the simulator");
                    retry_after.put_on(&mut response, self.real_clock.now());
                    return Answer::Whole(response);
                }
                Action::Html => return Answer::Whole(maintenance_page()),
                Action::Reset => return Answer::Reset,
                Action::CutOff => cut = true,
                Action::Rewrite(rewrite) => rewrites.push(rewrite),
                Action::Slow(_) => {}
            }
        }
        let moment = Moment { data: arrival.data, real: arrival.real };
        let mut response = self.api.respond(axum::http::Request::from_parts(parts, body), moment).await;
        if !rewrites.is_empty() {
            response.headers_mut().remove(CONTENT_LENGTH);
            response = response.map(|body| rewrites.iter().fold(body, |body, rewrite| rewrite(body)));
        }
        if cut { Answer::CutOff(response) } else { Answer::Whole(response) }
    }

    fn too_many_requests(&self, retry_after: RetryAfter) -> Response<Bytes> {
        let mut response = self.api.too_many_requests(retry_after.seconds());
        retry_after.put_on(&mut response, self.real_clock.now());
        response
    }

    fn current_latency(&self) -> Duration {
        *self.latency.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait(&self, delay: Duration) {
        if !delay.is_zero() {
            self.real_clock.sleep(delay).await;
        }
    }

    /// The `Date` header follows the injected clock, so that clock skew can be rehearsed.
    fn dated(&self, mut response: Response<Bytes>) -> Response<Bytes> {
        if let Ok(date) = HeaderValue::from_str(&http_date(self.real_clock.now(), Duration::ZERO)) {
            response.headers_mut().insert(DATE, date);
        }
        response
    }
}

fn total_delay(strikes: &[Strike]) -> Duration {
    let delays = strikes.iter().map(|strike| match strike.action {
        Action::Slow(delay) => delay,
        _ => Duration::ZERO,
    });
    delays.sum()
}

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn maintenance_page() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(MAINTENANCE_PAGE.as_bytes()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// Promises the whole body, sends half of it and fails, which makes the server close the connection.
fn cut_off(response: Response<Bytes>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len().max(1)));
    let first_half = body.slice(..body.len() / 2);
    let failure = async {
        // One turn of the scheduler, in which the server flushes what it has.
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    };
    let chunks = stream::once(async { Ok(first_half) }).chain(stream::once(failure));
    Response::from_parts(parts, Body::from_stream(chunks))
}
