//! Cases about secrets: canaries that must not come out anywhere.

use std::error::Error as _;

use axum::http::StatusCode;
use bytes::Bytes;
use highwater_core::{Error, SettingValue};
use serde_json::Value;

use super::capture;
use super::hasty_clock::HastyClock;
use super::source::{Credentials, PageSize, Source};
use super::stage::Stage;
use super::subject::{Scene, Subject};
use super::verdict::{Breach, Outcome, Verdict, ensure};
use crate::fault::Fault;
use crate::fault_plan::FaultPlan;
use crate::retry_after::RetryAfter;

/// Debug of provider, extractor, datasets and requests, the JSON of requests, and Debug, Display, hint and causes of
/// every kind of error, also where the provider's own words repeat the credentials.
pub async fn no_secret_is_in_anything_that_can_be_printed(subject: &Subject) -> Outcome {
    let stage = Stage::set(subject, subject.rows, Credentials::Accepted, PageSize::Small).await?;
    let pull = stage.pull().await?;
    let source = &stage.source;
    let whole = [
        ("the provider", format!("{:?}", subject.provider)),
        ("the extractor", format!("{:?} {:#?}", source.extractor, source.extractor)),
        ("the dataset", format!("{:?}", source.spec)),
    ];
    for (what, text) in &whole {
        clean(subject, what, text)?;
    }
    for page in &pull.pages {
        let json = serde_json::to_string(&page.request);
        let json = json.map_err(|error| Breach::new(format!("a request has no JSON: {error}")))?;
        clean(subject, "a request", &format!("{:?} {json}", page.request))?;
    }
    let desk = Desk::of(subject, &stage);
    for (what, error) in desk.failures().await? {
        clean(subject, &format!("the error after {what}"), &all_words(&error))?;
    }
    Ok(Verdict::Kept)
}

/// Events and spans of every level while pages are pulled and while every kind of failure is met.
pub async fn no_secret_is_traced(subject: &Subject) -> Outcome {
    let stage = Stage::open(subject).await?;
    let desk = Desk::of(subject, &stage);
    let text = capture::at_trace(move || async move {
        if let Ok(source) = desk.connect(Credentials::Accepted) {
            let _pulled = source.pull().await;
        }
        let _failures = desk.failures().await;
    });
    let text = text.await?;
    ensure(stage.asked() > 1, || "nothing was asked for while the traces were captured".to_owned())?;
    let leaky = |line: &&str| subject.canaries.iter().any(|canary| line.contains(canary.as_str()));
    match text.lines().find(leaky) {
        Some(line) => Err(Breach::new(format!("a secret is in a trace: {}", masked(subject, line)))),
        None => Ok(Verdict::Kept),
    }
}

/// What it takes to connect anew to the server of a stage, from any thread.
#[derive(Clone, Debug)]
struct Desk {
    subject: Subject,
    scene: Scene,
    base_url: String,
    clock: HastyClock,
    faults: FaultPlan,
}

impl Desk {
    fn of(subject: &Subject, stage: &Stage) -> Self {
        Self {
            subject: subject.clone(),
            scene: subject.rows,
            base_url: stage.server.base_url(),
            clock: stage.clock.clone(),
            faults: stage.server.faults().clone(),
        }
    }

    fn connect(&self, credentials: Credentials) -> Result<Source, Breach> {
        let terms = (credentials, PageSize::Default);
        Source::connect(&self.subject, &self.base_url, &self.clock, terms, self.scene.window)
    }

    /// One error of every kind, each under what caused it.
    async fn failures(&self) -> Result<Vec<(String, Error)>, Breach> {
        let words = own_secrets(&self.subject).join(" and ");
        let spoken = format!("no access for {words}");
        let shouted = Bytes::from(format!("the request of {words} was refused"));
        let causes = [
            ("refused credentials", Credentials::Refused, None),
            (
                "a refusal that repeats the credentials",
                Credentials::Refused,
                Some(Fault::edit_json(move |page| speak(page, &spoken))),
            ),
            (
                "a refusal in plain text that repeats the credentials",
                Credentials::Refused,
                Some(Fault::rewrite(move |_| shouted.clone())),
            ),
            ("400", Credentials::Accepted, Some(Fault::status(StatusCode::BAD_REQUEST))),
            ("403", Credentials::Accepted, Some(Fault::status(StatusCode::FORBIDDEN))),
            ("404", Credentials::Accepted, Some(Fault::status(StatusCode::NOT_FOUND))),
            ("429", Credentials::Accepted, Some(Fault::too_many_requests(RetryAfter::Absent))),
            ("500", Credentials::Accepted, Some(Fault::status(StatusCode::INTERNAL_SERVER_ERROR))),
            ("a body cut off", Credentials::Accepted, Some(Fault::cut_off())),
            ("a reset connection", Credentials::Accepted, Some(Fault::reset())),
            ("HTML", Credentials::Accepted, Some(Fault::html())),
        ];
        let mut failures = Vec::new();
        for (cause, credentials, fault) in causes {
            self.faults.clear();
            fault.into_iter().for_each(|fault| self.faults.add(fault));
            match self.connect(credentials)?.read_opening().await? {
                Ok(()) => return Err(Breach::new(format!("nothing failed in spite of {cause}"))),
                Err(error) => failures.push((cause.to_owned(), error)),
            }
        }
        self.faults.clear();
        Ok(failures)
    }
}

/// The credentials that the refused source has. A source cannot keep quiet about others.
fn own_secrets(subject: &Subject) -> Vec<String> {
    let given = (subject.refused)().into_iter();
    let secrets = given.filter_map(|(_, value)| match value {
        SettingValue::Secret(secret) => secret,
        _ => None,
    });
    secrets.map(|secret| secret.expose().to_owned()).collect()
}

/// Replaces every text that looks like prose.
fn speak(value: &mut Value, words: &str) {
    match value {
        Value::String(text) if text.contains(' ') => *text = words.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| speak(item, words)),
        Value::Object(members) => members.values_mut().for_each(|member| speak(member, words)),
        _ => {}
    }
}

fn all_words(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?} {} {}", error.hint(), error.chain());
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?} {cause:#?}"));
        source = cause.source();
    }
    text
}

fn clean(subject: &Subject, what: &str, text: &str) -> Result<(), Breach> {
    let leaks = subject.canaries.iter().any(|canary| text.contains(canary.as_str()));
    ensure(!leaks, || format!("{what} shows a secret: {}", masked(subject, text)))
}

fn masked(subject: &Subject, text: &str) -> String {
    subject.canaries.iter().fold(text.to_owned(), |text, canary| text.replace(canary.as_str(), "<SECRET>"))
}
