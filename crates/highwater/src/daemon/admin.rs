//! The admin server: health, readiness, metrics, status as JSON, and the status page. It only reads.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use highwater_core::{DatasetName, Error, ErrorKind, Result, SourceName};
use tokio::net::TcpListener;

use super::Daemon;
use super::metrics;
use super::page::{PageModel, page};
use super::view::View;

/// How long the warehouse may take to answer before it counts as out of reach.
const REACHED_WITHIN: Duration = Duration::from_secs(5);

/// What the page may do: show itself. No script, nothing from elsewhere.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Listens at `address`.
///
/// # Errors
/// `Config` when it cannot be listened at.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|source| {
        Error::new(ErrorKind::Config, format!("cannot listen at `{address}`"))
            .with_hint("set daemon.listen, or --listen, to a free address")
            .with_source(source)
    })
}

/// Serves until the daemon stops.
///
/// # Errors
/// `Internal` when the listener breaks.
pub(super) async fn serve(listener: TcpListener, daemon: Arc<Daemon>) -> Result<()> {
    let stop = daemon.stop.clone();
    axum::serve(listener, router(daemon))
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await
        .map_err(|source| Error::new(ErrorKind::Internal, "the admin server broke").with_source(source))
}

fn router(daemon: Arc<Daemon>) -> Router {
    Router::new()
        .route("/", get(status_page))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_text))
        .route("/api/status", get(status_json))
        .with_state(daemon)
}

async fn ready(State(daemon): State<Arc<Daemon>>) -> Response {
    match daemon.reach().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", error.chain())).into_response()
        }
    }
}

async fn metrics_text(State(daemon): State<Arc<Daemon>>) -> Response {
    match daemon.metrics_text() {
        Ok(text) => answer(metrics::CONTENT_TYPE, text),
        Err(error) => broken(&error),
    }
}

async fn status_json(State(daemon): State<Arc<Daemon>>) -> Response {
    let notes = daemon.board.copy();
    if notes.read_at.is_none() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the state was not read yet\n").into_response();
    }
    let view = View::new(&daemon.session.config, &notes, daemon.session.clock.now());
    match serde_json::to_string(&view.report) {
        Ok(text) => answer("application/json", text + "\n"),
        Err(source) => broken(&Error::new(ErrorKind::Internal, "cannot write JSON").with_source(source)),
    }
}

async fn status_page(State(daemon): State<Arc<Daemon>>) -> Response {
    let notes = daemon.board.copy();
    let view = View::new(&daemon.session.config, &notes, daemon.session.clock.now());
    let html = page(&PageModel::new(&view, &daemon.about())).into_string();
    let mut response = answer("text/html; charset=utf-8", html);
    let policy = HeaderValue::from_static(CONTENT_POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn answer(content_type: &'static str, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, body).into_response()
}

fn broken(error: &Error) -> Response {
    tracing::error!("{}", error.chain());
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response()
}

impl Daemon {
    /// Whether the state was read and the warehouse answers now.
    async fn reach(&self) -> Result<()> {
        let not_yet = |what: &str| Error::new(ErrorKind::Storage, what.to_owned());
        if self.board.notes().read_at.is_none() {
            return Err(not_yet("the state was not read yet"));
        }
        let Some((source, dataset)) = self.any_dataset() else { return Ok(()) };
        tokio::select! {
            read = self.warehouse.checkpoint(&source, &dataset) => read.map(drop),
            () = self.session.real_clock.sleep(REACHED_WITHIN) => Err(not_yet("the warehouse does not answer")),
        }
    }

    fn any_dataset(&self) -> Option<(SourceName, DatasetName)> {
        let source = self.session.config.sources.iter().find(|source| source.enabled().next().is_some())?;
        let dataset = source.enabled().next()?;
        Some((source.name.clone(), dataset.spec.name.clone()))
    }

    /// The metrics as of now.
    pub(super) fn metrics_text(&self) -> Result<String> {
        let notes = self.board.copy();
        let view = View::new(&self.session.config, &notes, self.session.clock.now());
        let limits = self.session.config.sources.iter().map(|source| source.requests_per_second);
        let asked = self.sources.iter().zip(limits);
        let asked =
            asked.map(|(source, limit)| (source.name.clone(), limit, source.extractor.traffic().count()));
        let traffic: Vec<_> = asked.collect();
        self.metrics.text(&view, self.board.is_ready(), &traffic)
    }
}
