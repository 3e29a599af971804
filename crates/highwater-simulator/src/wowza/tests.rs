//! The API as a client meets it: whole requests, whole answers.

mod consistency;
mod deviating;
mod facts;
mod paging;
mod refusals;
mod series;

use axum::http::{Request, StatusCode};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::executor::block_on;
use serde_json::Value;

use super::{WowzaApi, WowzaBehaviour, WowzaCredentials};
use crate::api::{Moment, ProviderApi};

/// When the questions are asked: half a day after the world's last full day.
pub(super) fn now() -> DateTime<Utc> {
    instant("2026-09-29T12:00:00Z")
}

pub(super) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

pub(super) fn behaving(change: impl FnOnce(&mut WowzaBehaviour)) -> WowzaApi {
    let api = WowzaApi::default();
    api.set_behaviour(change);
    api
}

pub(super) fn send(
    api: &WowzaApi,
    path: &str,
    headers: &[(&str, &str)],
    at: DateTime<Utc>,
) -> (StatusCode, Value) {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Bytes::new()).expect("a request");
    let response = block_on(api.respond(request, Moment { data: at, real: at }));
    (response.status(), serde_json::from_slice(response.body()).expect("a JSON body"))
}

/// Asks with the token, below `/api/v1.10/usage/`.
pub(super) fn ask_at(api: &WowzaApi, path: &str, at: DateTime<Utc>) -> (StatusCode, Value) {
    let token = format!("Bearer {}", WowzaCredentials::default().token.expose());
    send(api, &format!("/api/v1.10/usage/{path}"), &[("authorization", &token)], at)
}

pub(super) fn ask(api: &WowzaApi, path: &str) -> Value {
    let (status, body) = ask_at(api, path, now());
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}

pub(super) fn refused(api: &WowzaApi, path: &str) -> String {
    let (status, body) = ask_at(api, path, now());
    let code = body["meta"]["code"].as_str().expect("a code").to_owned();
    assert!(code.starts_with(&format!("ERR-{}-", status.as_u16())), "{status} {code}");
    assert_eq!(body["meta"]["status"], status.as_u16());
    code
}

pub(super) fn rows<'a>(body: &'a Value, key: &str) -> &'a [Value] {
    body[key].as_array().unwrap_or_else(|| panic!("no {key} in {body}"))
}

pub(super) fn number(object: &Value, field: &str) -> u64 {
    object[field].as_u64().unwrap_or_else(|| panic!("no {field} in {object}"))
}

pub(super) fn sum(rows: &[Value], field: &str) -> u64 {
    rows.iter().map(|row| number(row, field)).sum()
}
