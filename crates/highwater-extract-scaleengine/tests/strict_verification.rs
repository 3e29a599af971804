//! Signed requests against the simulated provider, whose JSON printer and verifier are written independently.

use axum::http::{Request, header};
use bytes::Bytes;
use chrono::DateTime;
use futures::FutureExt;
use highwater_core::Secret;
use highwater_extract_scaleengine::php_json::{Members, Value};
use highwater_extract_scaleengine::signature::sign;
use highwater_simulator::api::{Moment, ProviderApi};
use highwater_simulator::scaleengine::{ScaleEngineApi, SignatureVerification};
use highwater_simulator::world::WorldSettings;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

const TIMESTAMP: i64 = 1_700_000_000;

fn api(verification: SignatureVerification) -> ScaleEngineApi {
    let api = ScaleEngineApi::with_settings(WorldSettings::new(7, 12));
    api.alter(|behaviour| behaviour.verification = verification);
    api
}

fn usage_of(api: &ScaleEngineApi, url: Value) -> Members {
    Members::default()
        .with("command", "video.usage")
        .with("api_key", api.account().api_key.as_str())
        .with("timestamp", TIMESTAMP)
        .with("cdn", api.account().cdn)
        .with("app", "demo-origin")
        .with("url", url)
        .with("year", 2023)
        .with("month", 11)
}

fn answer(api: &ScaleEngineApi, text: &str) -> serde_json::Value {
    let request = Request::post("/stable/")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(format!("json={}", utf8_percent_encode(text, NON_ALPHANUMERIC))))
        .expect("a valid request");
    let now = DateTime::from_timestamp(TIMESTAMP, 0).expect("a valid timestamp");
    let response = api.respond(request, Moment { data: now, real: now }).now_or_never();
    serde_json::from_slice(response.expect("an answer without waiting").body()).expect("a JSON body")
}

#[test]
fn a_wrong_secret_is_refused_as_a_wrong_signature() {
    for verification in [SignatureVerification::Raw, SignatureVerification::Reencode] {
        let api = api(verification);
        let text = sign(usage_of(&api, "a/b".into()), &Secret::new("wrong".to_owned()));
        assert_eq!(answer(&api, &text)["code"], "0003");
    }
}

proptest! {
    #[test]
    fn any_text_is_signed_to_the_satisfaction_of_both_verifiers(urls in prop::collection::vec(any::<String>(), 1..4)) {
        for verification in [SignatureVerification::Raw, SignatureVerification::Reencode] {
            let api = api(verification);
            let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
            let text = sign(usage_of(&api, urls.into()), &api.account().secret);
            prop_assert_eq!(&answer(&api, &text)["status"], "success");
        }
    }
}
