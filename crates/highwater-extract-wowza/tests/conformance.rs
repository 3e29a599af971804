//! The contract of extractors, as every provider has to keep it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{PageRequest, Secret, SettingValue, Window};
use highwater_extract_wowza::Wowza;
use highwater_simulator::api::ProviderApi;
use highwater_simulator::conformance::{RequiredField, Scene, Subject, run_all};
use highwater_simulator::wowza::{WowzaApi, WowzaCredentials, WowzaPlan};

const TOKEN: &str = "canary.token.3b1f";
const OTHER_TOKEN: &str = "canary.other-token.77c0";
const API_KEY: &str = "canaryApiKey0000000000000000000000000000000000000000000000000001";
const OTHER_API_KEY: &str = "canaryOtherApiKey00000000000000000000000000000000000000000000002";
const ACCESS_KEY: &str = "canaryAccessKey0000000000000000000000000000000000000000000000003";

const OF_TRANSCODERS: &[RequiredField] = &[
    RequiredField { operation: "transcoders", path: "transcoders" },
    RequiredField { operation: "transcoders", path: "transcoders[].id" },
    RequiredField { operation: "transcoders", path: "transcoders[].egress_seconds" },
    RequiredField { operation: "transcoders", path: "pagination" },
    RequiredField { operation: "transcoders", path: "limits.from" },
];

const OF_VOD_STREAMS: &[RequiredField] = &[
    RequiredField { operation: "vod_streams", path: "vod_streams" },
    RequiredField { operation: "vod_streams", path: "vod_streams[].id" },
    RequiredField { operation: "vod_streams", path: "vod_streams[].viewing_seconds" },
    RequiredField { operation: "vod_streams", path: "pagination" },
    RequiredField { operation: "vod_streams", path: "limits.to" },
];

const OF_VIEWING: &[RequiredField] = &[
    RequiredField { operation: "transcoders", path: "transcoders[].id" },
    RequiredField { operation: "transcoder", path: "transcoder" },
    RequiredField { operation: "transcoder", path: "transcoder.viewing_seconds" },
];

fn api_with(plan: &WowzaPlan) -> Arc<dyn ProviderApi> {
    let credentials = WowzaCredentials {
        token: secret(TOKEN),
        api_key: secret(API_KEY),
        access_key: secret(ACCESS_KEY),
        ..WowzaCredentials::default()
    };
    Arc::new(WowzaApi::new(plan).with_credentials(credentials))
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn token(token: &str) -> Vec<(&'static str, SettingValue)> {
    vec![("token", SettingValue::Secret(Some(secret(token))))]
}

fn signed_with(api_key: &str) -> Vec<(&'static str, SettingValue)> {
    vec![
        ("api_key", SettingValue::Secret(Some(secret(api_key)))),
        ("access_key", SettingValue::Secret(Some(secret(ACCESS_KEY)))),
        ("sign", SettingValue::Flag(true)),
        ("api_version", SettingValue::Text("v1.8".to_owned())),
    ]
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn evening() -> Window {
    let start = at("2026-09-20T18:00:00Z");
    Window::of(start, start + TimeDelta::hours(1))
}

fn subject(dataset: &'static str, window: Window, one: &str, required: &'static [RequiredField]) -> Subject {
    Subject {
        provider: Arc::new(Wowza),
        dataset,
        now: at("2026-09-29T12:00:00Z"),
        accepted: || token(TOKEN),
        refused: || token(OTHER_TOKEN),
        canaries: [TOKEN, OTHER_TOKEN, API_KEY, OTHER_API_KEY, ACCESS_KEY].map(str::to_owned).to_vec(),
        rows: Scene { api: || api_with(&WowzaPlan::default()), window },
        small_page: 3,
        nothing: Scene {
            api: || api_with(&WowzaPlan { transcoders: 0, vod_streams: 0, ..WowzaPlan::default() }),
            window,
        },
        required,
        about_one: Some(PageRequest::new(one, Window::day(window.date())).with_id("n0body00")),
        echoes: true,
    }
}

async fn keeps_all_of_it(subject: &Subject) {
    let report = run_all(subject).await;
    assert!(report.not_applicable.is_empty(), "{:?}", report.not_applicable);
}

#[tokio::test]
async fn numbered_pages_keep_the_contract_of_extractors() {
    keeps_all_of_it(&subject("transcoders", evening(), "transcoder", OF_TRANSCODERS)).await;
}

#[tokio::test]
async fn pages_behind_keys_keep_the_contract_of_extractors() {
    keeps_all_of_it(&subject("vod_streams", evening(), "vod_stream", OF_VOD_STREAMS)).await;
}

#[tokio::test]
async fn a_call_for_each_resource_keeps_the_contract_of_extractors() {
    let day = Window::day(evening().date());
    keeps_all_of_it(&subject("transcoder_viewing", day, "transcoder", OF_VIEWING)).await;
}

#[tokio::test]
async fn signed_requests_keep_the_contract_of_extractors() {
    keeps_all_of_it(&Subject {
        accepted: || signed_with(API_KEY),
        refused: || signed_with(OTHER_API_KEY),
        ..subject("transcoders", evening(), "transcoder", OF_TRANSCODERS)
    })
    .await;
}
