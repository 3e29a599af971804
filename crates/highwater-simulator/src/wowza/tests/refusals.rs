//! Every refusal, and who is let in.

use axum::http::StatusCode;
use highwater_core::Secret;

use super::{WowzaApi, WowzaCredentials, ask, ask_at, behaving, instant, now, refused, rows, send};
use crate::api::ProviderApi;
use crate::wowza::auth::sign;
use crate::wowza::{AccountState, ArchivedIds, FOREIGN_ID};

fn code(version: &str, headers: &[(&str, &str)]) -> String {
    let path = format!("/api/{version}/usage/transcoders?from=2026-09-24&to=2026-09-25");
    let (status, body) = send(&WowzaApi::default(), &path, headers, now());
    if status == StatusCode::OK {
        "OK".to_owned()
    } else {
        body["meta"]["code"].as_str().expect("a code").to_owned()
    }
}

#[test]
fn tokens_are_valid_expired_or_invalid_in_every_version() {
    let known = WowzaCredentials::default();
    let bearer = |token: &Secret| format!("Bearer {}", token.expose());
    for version in ["v1.8", "v1.9", "v1.10", "beta"] {
        assert_eq!(code(version, &[("authorization", &bearer(&known.token))]), "OK");
        let expired = bearer(&known.expired_token);
        assert_eq!(code(version, &[("authorization", &expired)]), "ERR-401-ExpiredToken");
        for odd in ["Bearer other", "Basic eDp5", known.token.expose()] {
            assert_eq!(code(version, &[("authorization", odd)]), "ERR-401-InvalidToken");
        }
    }
}

#[test]
fn keys_count_up_to_the_version_that_ended_them() {
    let known = WowzaCredentials::default();
    let (api, access) =
        (("wsc-api-key", known.api_key.expose()), ("wsc-access-key", known.access_key.expose()));
    for version in ["v1.8", "beta"] {
        assert_eq!(code(version, &[api, access]), "OK");
        assert_eq!(code(version, &[]), "ERR-401-NoApiKey");
        assert_eq!(code(version, &[access]), "ERR-401-NoApiKey");
        assert_eq!(code(version, &[api]), "ERR-401-NoAccessKey");
        assert_eq!(code(version, &[("wsc-api-key", "x"), access]), "ERR-401-InvalidApiKey");
        assert_eq!(code(version, &[api, ("wsc-access-key", "x")]), "ERR-401-InvalidAccessKey");
    }
    for version in ["v1.9", "v1.10"] {
        assert_eq!(code(version, &[api, access]), "ERR-401-InvalidToken");
        assert_eq!(code(version, &[]), "ERR-401-InvalidToken");
    }
}

#[test]
fn signatures_hold_for_fifteen_seconds() {
    let known = WowzaCredentials::default();
    let signed = |version: &str, skew_seconds: i64| {
        let timestamp = now().timestamp() + skew_seconds;
        let path = format!("/api/{version}/usage/transcoders");
        let signature = sign(known.api_key.expose(), timestamp, &path);
        let timestamp = timestamp.to_string();
        let access = ("wsc-access-key", known.access_key.expose());
        code(version, &[access, ("wsc-timestamp", &timestamp), ("wsc-signature", &signature)])
    };
    for (skew_seconds, expected) in [(0, "OK"), (15, "OK"), (-15, "OK"), (16, "ERR-401-InvalidSignature")] {
        assert_eq!(signed("v1.8", skew_seconds), expected, "{skew_seconds}");
    }
    assert_eq!(signed("beta", -16), "ERR-401-InvalidSignature");
    assert_eq!(signed("v1.10", 0), "ERR-401-InvalidToken");
    let access = ("wsc-access-key", known.access_key.expose());
    let timestamp = now().timestamp().to_string();
    let wrong = [access, ("wsc-timestamp", timestamp.as_str()), ("wsc-signature", "00")];
    assert_eq!(code("v1.8", &wrong), "ERR-401-InvalidSignature");
    assert_eq!(code("v1.8", &wrong[1..]), "ERR-401-NoAccessKey");
}

#[test]
fn billing_states_are_told_with_the_same_status_as_bad_credentials() {
    for (account_state, expected) in [
        (AccountState::BadStatus, "ERR-401-BadAccountStatus"),
        (AccountState::TrialExceeded, "ERR-401-TrialExceeded"),
        (AccountState::FeatureNotEnabled, "ERR-401-FeatureNotEnabled"),
    ] {
        let api = behaving(|behaviour| behaviour.account_state = account_state);
        assert_eq!(refused(&api, "accounts"), expected);
    }
}

#[test]
fn a_token_that_runs_out_is_replaced_by_a_new_one() {
    let api = behaving(|behaviour| behaviour.token_lives_for = Some(2));
    ask(&api, "accounts");
    ask(&api, "accounts");
    assert_eq!(refused(&api, "accounts"), "ERR-401-ExpiredToken");
    api.renew_token(Secret::new("fresh".to_owned()));
    assert_eq!(refused(&api, "accounts"), "ERR-401-ExpiredToken", "the old one stays expired");
    let fresh = [("authorization", "Bearer fresh")];
    assert_eq!(send(&api, "/api/v1.10/usage/accounts", &fresh, now()).0, StatusCode::OK);
}

#[test]
fn ids_are_unknown_foreign_deleted_or_not_made_yet() {
    let api = WowzaApi::default();
    let listed = |at: &str| {
        let body = ask_at(&api, "transcoders?from=2026-09-24&to=2026-09-25", instant(at)).1;
        rows(&body, "transcoders").to_vec()
    };
    let before = listed("2026-09-25T06:00:00Z");
    let after = listed("2026-09-29T12:00:00Z");
    let deleted = before.iter().zip(&after).find(|(before, after)| before["archived"] != after["archived"]);
    let deleted = deleted.expect("one is deleted between").0["id"].as_str().expect("an id");
    let late = after.last().expect("rows")["id"].as_str().expect("an id").to_owned();
    for tail in ["", "/countries", "/trend", "/live"] {
        assert_eq!(refused(&api, &format!("transcoders/{FOREIGN_ID}{tail}")), "ERR-403-RecordUnaccessible");
        assert_eq!(refused(&api, &format!("transcoders/nobody77{tail}")), "ERR-404-RecordNotFound");
        assert_eq!(refused(&api, &format!("transcoders/{deleted}{tail}")), "ERR-410-RecordDeleted");
        let early = ask_at(&api, &format!("transcoders/{late}{tail}"), instant("2026-09-23T17:59:59Z"));
        assert_eq!(early.0, StatusCode::NOT_FOUND);
    }
    let (status, _) = ask_at(&api, &format!("transcoders/{deleted}"), instant("2026-09-25T17:59:59Z"));
    assert_eq!(status, StatusCode::OK);
    assert_eq!(refused(&api, "vod_streams/nobody77/renditions"), "ERR-404-RecordNotFound");
    assert_eq!(refused(&api, "vod_streams/egress/nobody77"), "ERR-404-RecordNotFound");
}

#[test]
fn an_archived_id_answers_or_is_gone() {
    let api = WowzaApi::default();
    let body = ask(&api, "vod_streams?from=2026-09-24&to=2026-09-25");
    let idle = |row: &&serde_json::Value| row["archived"] == true && row["viewing_bytes"] == 0;
    let id = rows(&body, "vod_streams").iter().find(idle).expect("an archived one")["id"].clone();
    let path = format!("vod_streams/{}", id.as_str().expect("an id"));
    assert_eq!(ask(&api, &path)["vod_stream"]["archived"], true);
    api.set_behaviour(|behaviour| behaviour.archived_ids = ArchivedIds::Gone);
    assert_eq!(refused(&api, &path), "ERR-410-RecordDeleted");
}

#[test]
fn requests_outside_the_rules_are_invalid() {
    let api = WowzaApi::default();
    for path in [
        "transcoders?from=2026-01-01&to=2026-09-01",
        "transcoders?from=2026-09-02&to=2026-09-01",
        "transcoders/summary?from=soon",
        "transcoders?per_page=0",
        "vod_streams?next_page_key=nonsense",
        "accounts?filter[0][field]=resource&filter[0][eq]=everything",
        "accounts/trend?filter[0][field]=name&filter[0][eq]=transcoders",
    ] {
        assert_eq!(refused(&api, path), "ERR-422-RecordInvalid", "{path}");
    }
}

#[test]
fn paths_and_versions_that_do_not_exist_are_not_found() {
    for path in ["vod_stream/abc/trend", "account", "transcoders/a/renditions", "stream_targets"] {
        assert_eq!(refused(&WowzaApi::default(), path), "ERR-404-RecordNotFound");
    }
    for version in ["v1.7", "v1.11", "v2.0"] {
        assert_eq!(code(version, &[]), "ERR-404-RecordNotFound");
    }
}

#[test]
fn too_many_requests_has_the_meta_envelope() {
    let response = WowzaApi::default().too_many_requests(Some(7));
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["retry-after"], "7");
    let body: serde_json::Value = serde_json::from_slice(response.body()).expect("JSON");
    assert_eq!(body["meta"]["status"], 429);
    assert!(WowzaApi::default().too_many_requests(None).headers().get("retry-after").is_none());
}
