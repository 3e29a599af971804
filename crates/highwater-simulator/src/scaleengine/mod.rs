//! The simulated ScaleEngine legacy API: one POST endpoint, signed JSON in a form field, usage a video URL.

mod account;
mod answer;
mod apps;
mod behaviour;
mod call;
mod dump;
mod failure;
mod figures;
mod form;
mod php_json;
mod query;
mod seen;
mod signature;
mod usage;
mod video_urls;
mod world;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;

pub use self::account::Account;
pub use self::behaviour::{
    CodeForm, CountMeaning, FailureStatus, NumberForm, ScaleEngineBehaviour, SignatureVerification,
};
pub use self::failure::FailureCode;
pub use self::figures::Usage;
pub use self::world::{App, World};

use self::call::Call;
use self::failure::Failure;
use crate::api::{Moment, ProviderApi};
use crate::world::WorldSettings;

/// The legacy API over one [`World`] and one [`Account`].
///
/// A request is judged in this order: the endpoint, failures queued by [`fail_next`](Self::fail_next), the form and
/// its members, the account, the timestamp, the signature, the permission, the command, the command's own members.
#[derive(Debug)]
pub struct ScaleEngineApi {
    account: Account,
    world: World,
    behaviour: RwLock<ScaleEngineBehaviour>,
    queued_failures: Mutex<VecDeque<FailureCode>>,
    answers: AtomicU64,
}

impl ScaleEngineApi {
    /// An API that knows one account and answers from one world.
    #[must_use]
    pub fn new(account: Account, world: World, behaviour: ScaleEngineBehaviour) -> Self {
        Self {
            account,
            world,
            behaviour: RwLock::new(behaviour),
            queued_failures: Mutex::default(),
            answers: AtomicU64::new(0),
        }
    }

    /// The default account and behaviour over a world with those settings.
    #[must_use]
    pub fn with_settings(settings: WorldSettings) -> Self {
        Self::new(Account::default(), World::new(settings), ScaleEngineBehaviour::default())
    }

    /// The account that requests have to be signed for.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The usage behind the answers.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// How it behaves at this moment.
    #[must_use]
    pub fn behaviour(&self) -> ScaleEngineBehaviour {
        self.behaviour.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the behaviour for every request from here on.
    pub fn alter(&self, change: impl FnOnce(&mut ScaleEngineBehaviour)) {
        change(&mut self.behaviour.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Lets the next `requests` requests fail with `code`, whatever they ask, after those that are already queued.
    pub fn fail_next(&self, code: FailureCode, requests: usize) {
        self.queue().extend(std::iter::repeat_n(code, requests));
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<FailureCode>> {
        self.queued_failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Bytes>, moment: Moment) -> Response<Bytes> {
        if !matches!(request.uri().path().trim_end_matches('/'), "/stable" | "/dev") {
            return plain(StatusCode::NOT_FOUND, "Not Found");
        }
        if request.method() != Method::POST {
            return plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
        }
        let behaviour = self.behaviour();
        match self.handle(request, moment, &behaviour).await {
            Ok(body) => answer::json(StatusCode::OK, &body),
            Err(failure) => answer::failure(&failure, &behaviour),
        }
    }

    async fn handle(
        &self,
        request: Request<Bytes>,
        moment: Moment,
        behaviour: &ScaleEngineBehaviour,
    ) -> Result<php_json::Json, Failure> {
        if let Some(code) = self.queue().pop_front() {
            return Err(Failure::of(code));
        }
        let text = form::json_field(request).await.ok_or_else(|| Failure::missing("json"))?;
        let call = Call::parse(&text)?;
        self.account.admit(&call, &text, moment.real, behaviour)?;
        let command = call.required_text("command")?;
        if behaviour.forbidden_commands.iter().any(|forbidden| forbidden == command) {
            return Err(Failure::of(FailureCode::UnauthorizedAccess));
        }
        let handle_time = answer::handle_time(self.answers.fetch_add(1, Ordering::Relaxed));
        match command {
            "video.usage" => usage::answer(&self.world, &call, moment.data, behaviour, handle_time),
            "video.getapps" => Ok(apps::answer(&self.world, handle_time)),
            _ => Err(Failure::of(FailureCode::UnrecognisedCommand)),
        }
    }
}

impl ProviderApi for ScaleEngineApi {
    fn name(&self) -> &'static str {
        "scaleengine"
    }

    fn respond(&self, request: Request<Bytes>, moment: Moment) -> BoxFuture<'_, Response<Bytes>> {
        async move {
            let mut response = self.answer(request, moment).await;
            response.headers_mut().insert(header::DATE, http_date(moment.real));
            response
        }
        .boxed()
    }

    /// The API documents no rate limit; code 1000 is its only word for "too much".
    fn too_many_requests(&self, retry_after_seconds: Option<u64>) -> Response<Bytes> {
        let mut response = answer::failure(&Failure::of(FailureCode::HighTraffic), &self.behaviour());
        if let Some(seconds) = retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// The final figures of every UTC day whose midnight lies in the range, one line for each app, video URL and
    /// day with usage: `app`, `app_id`, `video_url`, `usage_date`, and `bytes` and `requests` as decimal strings.
    /// Switches that withhold, revise or shrink answers do not touch it.
    fn dump(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
        self.world.dump(from, to)
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

fn http_date(instant: DateTime<Utc>) -> HeaderValue {
    HeaderValue::try_from(instant.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .expect("a formatted date is visible ASCII")
}

#[cfg(test)]
mod tests;
