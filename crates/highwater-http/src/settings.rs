//! What a client is made with.

use std::sync::Arc;
use std::time::Duration;

use highwater_core::{Clock, Context, Secret};

/// How one source's client behaves.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Requests a second, retries included; spaced evenly.
    pub requests_per_second: f64,
    /// Requests that may go at once after a rest; `None` is a quarter second's worth, at least one.
    pub burst: Option<u32>,
    /// The `User-Agent`.
    pub user_agent: String,
    /// The longest time for a connection to be made.
    pub connect_timeout: Duration,
    /// The longest silence while a body is read.
    pub read_timeout: Duration,
    /// The longest time for one try, from connecting to the body's last byte.
    pub request_timeout: Duration,
    /// When and how often a request is repeated.
    pub retry: RetrySettings,
    /// The longest body taken, decompressed. A longer one is schema drift.
    pub body_cap_bytes: usize,
    /// Credentials that must not appear where the provider's words are quoted.
    pub secrets: Vec<Secret>,
    /// The time that pulls go by. Pacing and retries wait on it.
    pub clock: Arc<dyn Clock>,
    /// The machine's own time: what a `Retry-After` date is measured against when the answer has no `Date`.
    pub real_clock: Arc<dyn Clock>,
}

impl ClientSettings {
    /// The settings for a source, with our defaults for what the context does not say.
    #[must_use]
    pub fn new(context: &Context) -> Self {
        Self {
            requests_per_second: context.requests_per_second,
            burst: None,
            user_agent: concat!("highwater/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(60),
            retry: RetrySettings::default(),
            body_cap_bytes: 64 << 20,
            secrets: Vec::new(),
            clock: Arc::clone(&context.clock),
            real_clock: Arc::clone(&context.real_clock),
        }
    }

    /// The same settings with credentials to keep out of quoted text.
    #[must_use]
    pub fn with_secrets(mut self, secrets: impl IntoIterator<Item = Secret>) -> Self {
        self.secrets.extend(secrets);
        self
    }
}

/// When and how often a request is repeated. Delays are drawn evenly from zero to a bound that doubles each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySettings {
    /// Tries in all, the first included; zero counts as one.
    pub tries: u32,
    /// The bound of the first delay.
    pub first_delay: Duration,
    /// The bound that delays do not grow beyond.
    pub longest_delay: Duration,
    /// The longest time from the first try to the start of the last.
    pub total: Duration,
    /// The longest that a `Retry-After` is obeyed.
    pub retry_after_cap: Duration,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            tries: 5,
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(30),
            total: Duration::from_secs(300),
            retry_after_cap: Duration::from_secs(60),
        }
    }
}
