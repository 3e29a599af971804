//! The webhook: one JSON POST for each thing that begins to need attention. What was told is kept in memory: a restart
//! tells again of what still stands, and nothing is told twice while it stays the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use highwater_core::{Context, Error, ErrorKind, Result, Secret, SourceName, Traffic, format_instant};
use highwater_http::reqwest::{self, Url};
use highwater_http::{Call, Client, ClientSettings};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Daemon;
use super::concerns::{Concern, Kind};

/// Posts a second at most: a receiver is told calmly.
const POSTS_PER_SECOND: f64 = 1.0;

/// Tells one address.
#[derive(Debug)]
pub(super) struct Webhook {
    daemon: Arc<Daemon>,
    client: Client,
    address: Secret,
    told: BTreeSet<Fingerprint>,
}

type Fingerprint = (Kind, Option<SourceName>, Option<String>, String);

impl Webhook {
    /// A webhook that posts to `address`. Sends nothing.
    ///
    /// # Errors
    /// `Config` when `address` is no http URL.
    pub(super) fn new(daemon: Arc<Daemon>, address: Secret) -> Result<Self> {
        parse(&address)?;
        let session = &daemon.session;
        let context = Context {
            source: SourceName::new("webhook").expect("a literal name"),
            datasets: Vec::new(),
            clock: Arc::clone(&session.clock),
            real_clock: Arc::clone(&session.real_clock),
            requests_per_second: POSTS_PER_SECOND,
        };
        let settings = ClientSettings::new(&context).with_secrets([address.clone()]);
        let client = Client::new(settings, Arc::new(Traffic::default()))?;
        Ok(Self { daemon, client, address, told: BTreeSet::new() })
    }

    /// Tells what appears in `concerns` until the daemon stops. What could not be told is tried again at the next look.
    pub(super) async fn run(mut self, mut concerns: watch::Receiver<Vec<Concern>>) {
        let stop = self.daemon.stop.clone();
        loop {
            let standing = concerns.borrow_and_update().clone();
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.tell(&standing) => {}
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                changed = concerns.changed() => if changed.is_err() { return },
            }
        }
    }

    async fn tell(&mut self, standing: &[Concern]) {
        let fingerprints: BTreeSet<Fingerprint> = standing.iter().map(fingerprint).collect();
        self.told.retain(|known| fingerprints.contains(known));
        for concern in standing {
            let fingerprint = fingerprint(concern);
            if self.told.contains(&fingerprint) {
                continue;
            }
            let body = body(concern, self.daemon.session.clock.now());
            let posted = self.client.send(&Post { address: &self.address, body: &body }).await;
            self.daemon.metrics.posted(concern.kind.as_str(), posted.is_ok());
            match posted {
                Ok(_) => drop(self.told.insert(fingerprint)),
                Err(error) => tracing::warn!(kind = concern.kind.as_str(), "not told: {}", error.chain()),
            }
        }
    }
}

fn fingerprint(concern: &Concern) -> Fingerprint {
    let dataset = concern.dataset.as_ref().map(ToString::to_string);
    (concern.kind, concern.source.clone(), dataset, concern.fingerprint.clone())
}

/// The post about `concern`. Chat services show its `text`.
fn body(concern: &Concern, now: chrono::DateTime<chrono::Utc>) -> Value {
    json!({
        "event": concern.kind,
        "source": concern.source,
        "dataset": concern.dataset,
        "at": format_instant(now),
        "text": concern.headline,
        "advice": concern.advice,
    })
}

/// One post. Its address is a secret, so it is never described.
struct Post<'a> {
    address: &'a Secret,
    body: &'a Value,
}

impl Call for Post<'_> {
    fn build(&self, http: &reqwest::Client) -> Result<reqwest::Request> {
        let cannot = |error: reqwest::Error| {
            Error::new(ErrorKind::Config, "the webhook's request cannot be built")
                .with_source(error.without_url())
        };
        let request = http.post(parse(self.address)?).header("content-type", "application/json");
        request.body(self.body.to_string()).build().map_err(cannot)
    }

    fn describe(&self) -> String {
        "POST to the webhook".to_owned()
    }
}

fn parse(address: &Secret) -> Result<Url> {
    let parsed = Url::parse(address.expose()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    parsed.ok_or_else(|| {
        Error::new(ErrorKind::Config, "daemon.webhook is not an http URL")
            .with_hint("let the variable or file that daemon.webhook names hold the whole address, https://…")
    })
}
