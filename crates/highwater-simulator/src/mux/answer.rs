//! Bodies and headers in the provider's shapes.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, SERVER};
use axum::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use crate::mux::assets::Asset;
use crate::mux::behaviour::RowShape;
use crate::mux::ranking::Row;
use crate::mux::seconds::Seconds;

/// The body of a list of delivery usage, its fields in the documented order.
#[derive(Debug, Serialize)]
pub(crate) struct Envelope<'a> {
    pub(crate) total_row_count: usize,
    pub(crate) timeframe: [i64; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) page: Option<u32>,
    pub(crate) limit: u32,
    pub(crate) data: Vec<Report<'a>>,
}

/// One row of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    live_stream_id: Option<&'a str>,
    asset_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    passthrough: Option<&'a str>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<String>,
    asset_state: &'static str,
    asset_duration: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset_resolution_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset_encoding_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset_video_quality: Option<&'static str>,
    delivered_seconds: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_seconds_by_resolution: Option<ByResolution>,
}

#[derive(Debug, Serialize)]
struct ByResolution {
    #[serde(skip_serializing_if = "Option::is_none")]
    tier_2160p: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier_1440p: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier_1080p: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier_720p: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier_audio_only: Option<Seconds>,
}

impl<'a> Report<'a> {
    /// The row of `asset`, described as it was at `described_at`.
    pub(crate) fn new(asset: &'a Asset, row: &Row, described_at: DateTime<Utc>, shape: RowShape) -> Self {
        let deleted = asset.deleted_at.filter(|deleted| *deleted <= described_at.timestamp());
        let [tier_2160p, tier_1440p, tier_1080p, tier_720p, tier_audio_only] =
            row.by_tier.map(|tier| (tier != Seconds::ZERO).then_some(tier));
        let by_resolution = ByResolution { tier_2160p, tier_1440p, tier_1080p, tier_720p, tier_audio_only };
        let current = shape == RowShape::Current;
        Self {
            live_stream_id: asset.live_stream_id.as_deref().filter(|_| current),
            asset_id: &asset.id,
            passthrough: asset.passthrough.as_deref(),
            created_at: asset.created_at.to_string(),
            deleted_at: deleted.filter(|_| current).map(|deleted| deleted.to_string()),
            asset_state: state(asset, deleted.is_some()),
            asset_duration: asset.duration,
            asset_resolution_tier: current.then(|| asset.tier.word()),
            asset_encoding_tier: current.then(|| asset.quality.encoding_tier()),
            asset_video_quality: (current && asset.quality_listed).then(|| asset.quality.word()),
            delivered_seconds: row.total,
            delivered_seconds_by_resolution: current.then_some(by_resolution),
        }
    }
}

pub(crate) fn state(asset: &Asset, deleted: bool) -> &'static str {
    match (deleted, asset.errored) {
        (true, _) => "deleted",
        (false, true) => "errored",
        (false, false) => "ready",
    }
}

/// 200 with `envelope`.
pub(crate) fn list(envelope: &Envelope<'_>, request: u64) -> Response<Bytes> {
    match serde_json::to_vec(envelope) {
        Ok(body) => respond(StatusCode::OK, body, request),
        Err(error) => {
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", &error.to_string(), request)
        }
    }
}

/// An error in the shape of all but 429.
pub(crate) fn refuse(status: StatusCode, kind: &str, message: &str, request: u64) -> Response<Bytes> {
    let body = json!({ "error": { "type": kind, "messages": [message] } });
    respond(status, body.to_string().into_bytes(), request)
}

/// 429, which has a shape of its own.
pub(crate) fn too_many_requests(retry_after_seconds: Option<u64>, request: u64) -> Response<Bytes> {
    let body = br#"{"errors":["Too many requests, retry later."]}"#.to_vec();
    let mut response = respond(StatusCode::TOO_MANY_REQUESTS, body, request);
    if let Some(seconds) = retry_after_seconds {
        response.headers_mut().insert(axum::http::header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn respond(status: StatusCode, body: Vec<u8>, request: u64) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=0, private, must-revalidate"));
    headers.insert(SERVER, HeaderValue::from_static("Mux API Server"));
    if let Ok(id) = HeaderValue::from_str(&format!("simulated-{request:08}")) {
        headers.insert("x-request-id", id);
    }
    response
}
