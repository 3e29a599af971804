//! The seam between the simulated providers and the server that carries them.

use std::fmt;

use axum::http;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

/// What time it is, to a simulated provider.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The instant that decides which usage exists yet (moved by `simulate --now`).
    pub data: DateTime<Utc>,
    /// The machine's own instant: what signatures and tokens are checked against.
    pub real: DateTime<Utc>,
}

/// One provider's HTTP API over a deterministic world. Authentication, routing and error bodies are its own;
/// rate limits and faults are laid around it by the server.
pub trait ProviderApi: fmt::Debug + Send + Sync + 'static {
    /// The provider's name: `mux`, `wowza`, `scaleengine`.
    fn name(&self) -> &'static str;

    /// Answers one request. Never panics on bad input: it answers as the provider would.
    fn respond(&self, request: http::Request<Bytes>, moment: Moment) -> BoxFuture<'_, http::Response<Bytes>>;

    /// The answer to a request beyond the rate limit, in the provider's own shape.
    /// `retry_after_seconds` is set when the provider is configured to send the header.
    fn too_many_requests(&self, retry_after_seconds: Option<u64>) -> http::Response<Bytes>;

    /// The usage of the whole world as newline-delimited JSON objects, one a fact, for tests that compute the
    /// expected figures in SQL. `from` inclusive, `to` exclusive.
    fn dump(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> String;
}
