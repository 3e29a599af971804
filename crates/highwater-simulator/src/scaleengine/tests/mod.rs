//! The simulated API as its clients meet it: whole requests in, whole answers out.

mod admission;
mod rows;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{NaiveDate, TimeDelta};
use futures::FutureExt;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha2::Sha256;

use super::php_json::Json;
use super::*;

const NOW: &str = "2026-11-20T09:30:00Z";

fn moment() -> Moment {
    let now = NOW.parse().unwrap();
    Moment { data: now, real: now }
}

fn api() -> ScaleEngineApi {
    ScaleEngineApi::with_settings(WorldSettings::new(7, 120))
}

/// The members every call has, signed for the default account at [`NOW`], with `more` before the signature.
fn signed(command: &str, more: &[(&str, Json)]) -> String {
    let account = Account::default();
    let timestamp = Json::Int(moment().real.timestamp());
    let mut members = vec![
        ("command", Json::text(command)),
        ("api_key", Json::text(&account.api_key)),
        ("timestamp", timestamp),
        ("cdn", Json::Int(account.cdn)),
    ];
    members.extend(more.iter().cloned());
    sign(members, account.secret.expose())
}

fn sign(members: Vec<(&str, Json)>, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(Json::members(members.clone()).encode().as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    Json::members(members.into_iter().chain([("signature", Json::Text(signature))])).encode()
}

fn urlencoded(path: &str, json: &str) -> Request<Bytes> {
    let body = format!("json={}", utf8_percent_encode(json, NON_ALPHANUMERIC));
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(body))
        .unwrap()
}

fn multipart(path: &str, json: &str) -> Request<Bytes> {
    let body = format!(
        "--XX\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n\
         --XX\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{json}\r\n--XX--\r\n"
    );
    Request::post(path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=XX")
        .body(Bytes::from(body))
        .unwrap()
}

#[track_caller]
fn send(api: &ScaleEngineApi, request: Request<Bytes>, moment: Moment) -> Response<Bytes> {
    api.respond(request, moment).now_or_never().expect("an answer without waiting")
}

#[track_caller]
fn post(api: &ScaleEngineApi, json: &str) -> Value {
    body(&send(api, urlencoded("/stable/", json), moment()))
}

#[track_caller]
fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).expect("a JSON body")
}

fn day(app: &str, day: u32) -> Vec<(&'static str, Json)> {
    vec![
        ("app", Json::text(app)),
        ("year", Json::Int(2026)),
        ("month", Json::Int(11)),
        ("day", Json::Int(day.into())),
    ]
}

fn month(app: &str, month: i64) -> Vec<(&'static str, Json)> {
    vec![("app", Json::text(app)), ("year", Json::Int(2026)), ("month", Json::Int(month))]
}

fn with(mut members: Vec<(&'static str, Json)>, more: &[(&'static str, Json)]) -> Vec<(&'static str, Json)> {
    members.extend(more.iter().cloned());
    members
}

#[track_caller]
fn usage(api: &ScaleEngineApi, members: &[(&str, Json)]) -> Value {
    let answer = post(api, &signed("video.usage", members));
    assert_eq!(answer["status"], "success", "{answer}");
    answer
}

#[track_caller]
fn code(api: &ScaleEngineApi, json: &str) -> String {
    let answer = post(api, json);
    assert_eq!(answer["status"], "failure", "{answer}");
    answer["code"].as_str().expect("a code in text").to_owned()
}

fn figures(rows: &Value) -> BTreeMap<String, Usage> {
    let mut sums = BTreeMap::new();
    for row in rows["usage"].as_array().expect("rows") {
        let figure = |name: &str| row[name].as_str().expect("decimal text").parse().unwrap();
        let usage = Usage { bytes: figure("bytes_total"), requests: figure("requests_total") };
        let sum: &mut Usage = sums.entry(row["video_url"].as_str().unwrap().to_owned()).or_default();
        *sum = sum.plus(usage);
    }
    sums
}

fn figures_of_world(
    world: &World,
    app: &str,
    days: std::ops::RangeInclusive<u32>,
) -> BTreeMap<String, Usage> {
    let app = world.apps().iter().find(|known| known.name == app).unwrap();
    let sum = |url: &String| {
        days.clone()
            .map(|day| world.usage(&app.name, url, NaiveDate::from_ymd_opt(2026, 11, day).unwrap()))
            .fold(Usage::default(), Usage::plus)
    };
    let figures = app.video_urls.iter().map(|url| (url.clone(), sum(url)));
    figures.filter(|(_, usage)| !usage.is_nothing()).collect()
}

/// A day of November 2026 with at least ten video URLs in use.
fn busy_day(app: &str) -> u32 {
    (1..=18).find(|day| figures_of_world(api().world(), app, *day..=*day).len() > 10).unwrap()
}

#[test]
fn both_forms_and_every_spelling_of_the_endpoint_are_answered_alike() {
    let (api, json) = (api(), signed("video.usage", &day("demo-origin", busy_day("demo-origin"))));
    let expected = figures(&post(&api, &json));
    assert!(!expected.is_empty());
    for path in ["/stable", "/stable/", "/dev", "/dev/"] {
        for request in [urlencoded(path, &json), multipart(path, &json)] {
            assert_eq!(figures(&body(&send(&api, request, moment()))), expected, "{path}");
        }
    }
}

#[test]
fn every_answer_carries_the_real_time_as_its_date() {
    let mut moment = moment();
    moment.data -= TimeDelta::days(100);
    for request in [urlencoded("/stable/", &signed("video.getapps", &[])), urlencoded("/stable/", "{}")] {
        assert_eq!(send(&api(), request, moment).headers()[header::DATE], "Fri, 20 Nov 2026 09:30:00 GMT");
    }
}

#[test]
fn the_applications_are_listed_with_ids_and_names() {
    let answer = post(&api(), &signed("video.getapps", &[]));
    assert_eq!(answer["status"], "success");
    assert_eq!(answer["count"], 3);
    assert_eq!(answer["apps"][0], serde_json::json!({"id": 1001, "name": "demo-origin"}));
    assert!(answer["handle_time"].as_str().unwrap().ends_with(" seconds"));
}

#[test]
fn equal_requests_differ_in_the_handle_time_alone() {
    let (api, json) = (api(), signed("video.usage", &day("demo-origin", busy_day("demo-origin"))));
    let [mut first, mut second] = [post(&api, &json), post(&api, &json)];
    assert_ne!(first["handle_time"].take(), second["handle_time"].take());
    assert_eq!(first, second);
}
