//! The REST client that every extractor shares: pacing, retries, timeouts, a bounded body, and what an answer means.
//!
//! A provider crate describes each request as a [`Call`]; [`Client::send`] makes it as often as it takes and is
//! allowed to. Nothing here knows a provider.

mod answer;
mod auth;
mod call;
mod client;
mod json;
mod pace;
mod real_clock;
mod redact;
mod retry;
mod retry_after;
mod settings;
mod status;

pub use answer::Answer;
pub use auth::Auth;
pub use call::Call;
pub use client::Client;
pub use json::{drift, read_json, read_rows};
pub use real_clock::SystemClock;
pub use redact::Redaction;
pub use settings::{ClientSettings, RetrySettings};
pub use status::classify_by_status;

/// The HTTP library, of the version whose requests a [`Call`] builds.
pub use reqwest;
