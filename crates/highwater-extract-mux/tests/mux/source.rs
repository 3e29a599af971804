//! A configured source, and pages for it to decode.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use highwater_core::{
    Clock, Context, DatasetSpec, Extractor, PageFacts, PageRequest, Provider, RawPage, Result, Secret,
    SettingValue, Settings, SourceName, Window,
};
use highwater_extract_mux::Mux;

use crate::recording::Recording;
use crate::skipping_clock::SkippingClock;

pub(crate) const TOKEN_ID: &str = "canary-token-id";
pub(crate) const TOKEN_SECRET: &str = "canary-token-secret";

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Noon of the day after the simulated world's last.
pub(crate) fn now() -> DateTime<Utc> {
    at("2026-09-29T12:30:00Z")
}

pub(crate) fn window(start: &str, end: &str) -> Window {
    Window::of(at(start), at(end))
}

/// The hour that the typed pages speak about.
pub(crate) fn hour() -> Window {
    window("2023-11-15T00:00:00Z", "2023-11-15T01:00:00Z")
}

pub(crate) fn settings(base_url: &str, page_size: i64) -> Settings {
    let mut settings = Settings::default();
    for (key, text) in [("token_id", TOKEN_ID), ("token_secret", TOKEN_SECRET)] {
        settings.insert(key, SettingValue::Secret(Some(Secret::new(text.to_owned()))));
    }
    settings.insert("base_url", SettingValue::Text(base_url.to_owned()));
    settings.insert("page_size", SettingValue::Integer(page_size));
    settings
}

pub(crate) fn context() -> Context {
    let clock: Arc<dyn Clock> = Arc::new(SkippingClock::new(now()));
    Context {
        source: SourceName::new("mux-test").unwrap(),
        datasets: Mux.datasets(&Settings::default()),
        clock: Arc::clone(&clock),
        real_clock: clock,
        requests_per_second: 1000.0,
    }
}

pub(crate) fn connect(settings: &Settings) -> Arc<dyn Extractor> {
    Mux.connect(settings, context()).unwrap()
}

/// A source that is never called.
pub(crate) fn offline() -> Arc<dyn Extractor> {
    connect(&settings("http://127.0.0.1:9", 100))
}

pub(crate) fn spec(extractor: &dyn Extractor) -> DatasetSpec {
    extractor.datasets()[0].clone()
}

/// The answer `body` to a request for the first page of [`hour`].
pub(crate) fn page(body: &[u8]) -> RawPage {
    let request = PageRequest::new("delivery_usage", hour()).with_param("page", 1).with_param("limit", 100);
    RawPage { request, body: body.to_vec().into(), fetched_at: now() }
}

pub(crate) fn decode(page: &RawPage) -> Result<(PageFacts, Recording)> {
    let extractor = offline();
    let mut recording = Recording::default();
    let facts = extractor.decode(&spec(extractor.as_ref()), page, &mut recording)?;
    Ok((facts, recording))
}

/// A page with these rows.
pub(crate) fn body(rows: &str) -> String {
    format!(
        r#"{{"total_row_count":1,"timeframe":[1700006400,1700010000],"page":1,"limit":100,"data":[{rows}]}}"#
    )
}
