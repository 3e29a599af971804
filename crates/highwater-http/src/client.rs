//! The client of one source: every request of the source goes through it, so that it can pace and bound them.

use std::sync::Arc;

use bytes::Bytes;
use highwater_core::{Disposition, Error, ErrorKind, Result, Traffic};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::redirect::Policy;

use crate::answer::Answer;
use crate::call::Call;
use crate::pace::Pace;
use crate::redact::Redaction;
use crate::retry::Retries;
use crate::retry_after;
use crate::settings::ClientSettings;

/// Sends the requests of one source: paced, retried within bounds, counted.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    settings: ClientSettings,
    redaction: Redaction,
    pace: Pace,
    traffic: Arc<Traffic>,
}

impl Client {
    /// Makes a client that counts into `traffic`. Sends nothing.
    ///
    /// # Errors
    /// `Config` when the rate is not above zero, `Internal` when the HTTP library cannot be set up.
    pub fn new(settings: ClientSettings, traffic: Arc<Traffic>) -> Result<Self> {
        let http = reqwest::Client::builder()
            .user_agent(settings.user_agent.clone())
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.read_timeout.min(settings.request_timeout))
            .timeout(settings.request_timeout)
            // A redirect would carry a request, perhaps with its credentials, to where nobody meant it to go.
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .gzip(true)
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Internal, "cannot set up the HTTP client")
                    .with_source(error.without_url())
            })?;
        let pace = Pace::new(settings.requests_per_second, settings.burst, Arc::clone(&settings.clock))?;
        let redaction = Redaction::new(settings.secrets.iter().cloned());
        Ok(Self { http, settings, redaction, pace, traffic })
    }

    /// Makes `call`, again where its error allows it, until it is answered or tries and time are used up. The request is
    /// built anew for each try. Dropping the future cancels the request in flight.
    ///
    /// # Errors
    /// The last error, of the kind that [`Call::classify`] gave it, or `Transient` for connections, timeouts and bodies
    /// cut off; `Drift` for a body above the cap.
    pub async fn send(&self, call: &dyn Call) -> Result<Answer> {
        self.pace.turn().await;
        let mut retries = Retries::new(self.settings.retry, self.settings.clock.monotonic());
        loop {
            self.traffic.count_request(retries.failures() > 0);
            let failure = match self.try_once(call).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            self.wait_or_give_up(call, failure, &mut retries).await?;
            self.pace.turn().await;
        }
    }

    /// Waits as long as the failure asks for, and slows the whole source where the provider asked for that.
    async fn wait_or_give_up(&self, call: &dyn Call, failure: Failure, retries: &mut Retries) -> Result<()> {
        let Failure { error, retry_after } = failure;
        let Disposition::Retry { after } = error.kind().disposition() else {
            return Err(in_context(call, retries.failures() + 1, error));
        };
        let asked = after.or(retry_after);
        let pause = retries.failed(asked, self.settings.clock.monotonic());
        let rate_limited = matches!(error.kind(), ErrorKind::RateLimited { .. });
        if rate_limited {
            self.traffic.count_rate_limited();
        }
        if rate_limited || asked.is_some() {
            self.pace.pause(pause.delay);
        }
        if !pause.again {
            return Err(in_context(call, retries.failures(), error));
        }
        tracing::debug!(
            call = call.describe(),
            failures = retries.failures(),
            delay_ms = pause.delay.as_millis(),
            error = error.chain(),
            "a request is tried again"
        );
        self.settings.clock.sleep(pause.delay).await;
        Ok(())
    }

    async fn try_once(&self, call: &dyn Call) -> Result<Answer, Failure> {
        let request = call.build(&self.http)?;
        let origin = request.url().origin().ascii_serialization();
        let mut response = self.http.execute(request).await.map_err(|error| unanswered(&origin, error))?;
        let body = read_body(&mut response, self.settings.body_cap_bytes).await?;
        self.traffic.count_bytes(body.len() as u64);
        let answer = self.answer(response.status().as_u16(), response.headers(), body);
        match call.classify(&answer) {
            Ok(()) => Ok(answer),
            Err(error) => Err(Failure { error, retry_after: answer.retry_after }),
        }
    }

    fn answer(&self, status: u16, headers: &HeaderMap, body: Bytes) -> Answer {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let server_time = text(DATE).and_then(retry_after::http_date);
        let now = server_time.unwrap_or_else(|| self.settings.real_clock.now());
        Answer {
            status,
            body,
            content_type: text(CONTENT_TYPE).map(str::to_owned),
            server_time,
            retry_after: text(RETRY_AFTER).and_then(|text| retry_after::parse(text, now)),
            received_at: self.settings.clock.now(),
            redaction: self.redaction.clone(),
        }
    }
}

/// A failed try: the error, and what the server asked for even where the error does not repeat it.
struct Failure {
    error: Error,
    retry_after: Option<std::time::Duration>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, retry_after: None }
    }
}

/// Reads a body chunk by chunk and stops at `cap_bytes`, whatever its length was announced to be. A body of one chunk is
/// that chunk; every other is copied once, when its length is known.
async fn read_body(response: &mut reqwest::Response, cap_bytes: usize) -> Result<Bytes> {
    if response.content_length().is_some_and(|announced| announced > cap_bytes as u64) {
        return Err(too_long(cap_bytes));
    }
    let (mut chunks, mut length) = (Vec::new(), 0);
    while let Some(chunk) = next_chunk(response).await? {
        length += chunk.len();
        if length > cap_bytes {
            return Err(too_long(cap_bytes));
        }
        chunks.push(chunk);
    }
    Ok(match chunks.len() {
        1 => chunks.remove(0),
        _ => chunks.concat().into(),
    })
}

async fn next_chunk(response: &mut reqwest::Response) -> Result<Option<Bytes>> {
    response.chunk().await.map_err(|error| {
        let message =
            if error.is_timeout() { "the body did not come in time" } else { "the body was cut off" };
        transient(message.to_owned(), error)
    })
}

fn too_long(cap_bytes: usize) -> Error {
    Error::new(ErrorKind::Drift, format!("the answer is longer than {cap_bytes} bytes"))
}

/// The error for a request that got no answer. The library's error loses its URL, which may hold what we keep secret.
fn unanswered(origin: &str, error: reqwest::Error) -> Error {
    let message = if error.is_timeout() {
        format!("{origin} did not answer in time")
    } else if error.is_connect() {
        format!("cannot connect to {origin}")
    } else {
        format!("the connection to {origin} broke before it answered")
    };
    transient(message, error)
}

fn transient(message: String, error: reqwest::Error) -> Error {
    Error::new(ErrorKind::Transient { retry_after: None }, message).with_source(error.without_url())
}

/// `error` as the cause of the failure of `call` after `tries`.
fn in_context(call: &dyn Call, tries: u32, error: Error) -> Error {
    let what = call.describe();
    let message = if tries > 1 { format!("{what} failed {tries} times") } else { format!("{what} failed") };
    Error::new(error.kind(), message).with_hint(error.hint().to_owned()).with_source(error)
}
