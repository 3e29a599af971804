//! Requests right and wrong, and the shapes of the answers.

use chrono::TimeDelta;
use highwater_simulator::mux::behaviour::{MuxBehaviour, RowShape, Stance};
use serde_json::json as value;

use crate::bench::{Bench, PATH, hours_before_midnight, json, midnight, timeframe};

#[tokio::test]
async fn wrong_credentials_are_refused_in_the_providers_shape() {
    let bench = Bench::lenient().await;
    let url = format!("{}{PATH}", bench.server.base_url());
    let without = bench.client.get(&url).send().await.unwrap();
    let wrong = bench.client.get(&url).basic_auth("token-id", Some("other")).send().await.unwrap();
    let bearer = bench.client.get(&url).bearer_auth("token-id:token-secret").send().await.unwrap();
    for response in [without, wrong, bearer] {
        assert_eq!(response.status(), 401);
        let body = json(response).await;
        assert_eq!(body, value!({"error": {"type": "unauthorized", "messages": ["Unauthorized request"]}}));
    }
}

#[tokio::test]
async fn an_unknown_path_and_another_method_are_refused() {
    let bench = Bench::lenient().await;
    let response = bench.send("/video/v1/assets").await.unwrap();
    assert_eq!(response.status(), 404);
    let body = json(response).await;
    assert_eq!(body["error"]["type"], "not_found");
    let url = format!("{}{PATH}", bench.server.base_url());
    let response =
        bench.client.post(url).basic_auth("token-id", Some("token-secret")).body("{}").send().await.unwrap();
    assert_eq!(response.status(), 405);
}

#[tokio::test]
async fn without_parameters_the_newest_hour_is_told() {
    let bench = Bench::lenient().await;
    let (status, body) = bench.ask("").await;
    assert_eq!(status, 200);
    assert_eq!(body["timeframe"], value!([hours_before_midnight(1).timestamp(), midnight().timestamp()]));
    assert_eq!((&body["page"], &body["limit"]), (&value!(1), &value!(100)));
    assert!(body["total_row_count"].as_u64().unwrap() > 100);
    assert_eq!(body["data"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn the_bracket_may_be_percent_encoded() {
    let bench = Bench::lenient().await;
    let (from, to) = (hours_before_midnight(5), hours_before_midnight(3));
    let literal = bench.ask(&timeframe(from, to)).await;
    let encoded = bench.ask(&timeframe(from, to).replace("[]", "%5B%5D")).await;
    assert_eq!(literal, encoded);
    assert_eq!(literal.1["timeframe"], value!([from.timestamp(), to.timestamp()]));
}

#[tokio::test]
async fn a_window_that_is_not_settled_is_clamped_or_refused() {
    let bench = Bench::lenient().await;
    let (from, to) = (hours_before_midnight(2), midnight() + TimeDelta::hours(5));
    let (status, body) = bench.ask(&timeframe(from, to)).await;
    assert_eq!((status, &body["timeframe"]), (200, &value!([from.timestamp(), midnight().timestamp()])));
    bench.api.change(|behaviour| behaviour.timeframe = Stance::Strict);
    let (status, body) = bench.ask(&timeframe(from, to)).await;
    assert_eq!((status, &body["error"]["type"]), (400, &value!("invalid_parameters")));
    assert!(body["error"]["messages"][0].is_string());
}

#[tokio::test]
async fn filters_choose_an_asset_or_the_recordings_of_a_stream() {
    let bench = Bench::lenient().await;
    let (from, to) = (hours_before_midnight(24), midnight());
    let rows = bench.rows(from, to).await;
    let recording = rows.iter().find(|row| row["live_stream_id"].is_string()).unwrap();
    let asset = recording["asset_id"].as_str().unwrap();
    let stream = recording["live_stream_id"].as_str().unwrap();
    let (_, one) = bench.ask(&format!("{}&asset_id={asset}", timeframe(from, to))).await;
    assert_eq!(one["data"], value!([recording]));
    assert_eq!(one["total_row_count"], 1);
    let (_, all) = bench.ask(&format!("{}&live_stream_id={stream}", timeframe(from, to))).await;
    let expected: Vec<_> = rows.iter().filter(|row| row["live_stream_id"] == stream).cloned().collect();
    assert_eq!(all["data"].as_array().unwrap(), &expected);

    let (status, _) = bench.ask(&format!("asset_id={asset}&live_stream_id={stream}")).await;
    assert_eq!(status, 400);
    let (status, body) = bench.ask("asset_id=nobody").await;
    assert_eq!((status, &body["data"], &body["total_row_count"]), (200, &value!([]), &value!(0)));
}

#[tokio::test]
async fn a_strict_provider_does_not_know_an_unknown_asset() {
    let bench = Bench::with(MuxBehaviour::strict(), |builder| builder).await;
    let (status, body) = bench.ask("asset_id=nobody").await;
    assert_eq!((status, &body["error"]["type"]), (404, &value!("not_found")));
}

#[tokio::test]
async fn a_row_has_the_documented_fields_in_the_documented_types() {
    let bench = Bench::lenient().await;
    let rows = bench.rows(hours_before_midnight(24 * 7), midnight()).await;
    for row in &rows {
        assert_eq!(row["asset_id"].as_str().unwrap().len(), 43);
        assert!(row["created_at"].as_str().unwrap().parse::<i64>().is_ok());
        assert_eq!(row["deleted_at"].is_string(), row["asset_state"] == "deleted", "{row}");
        assert!(row["asset_duration"].is_number());
        assert!(row["asset_resolution_tier"].is_string() && row["asset_encoding_tier"].is_string());
    }
    let has = |test: &dyn Fn(&serde_json::Value) -> bool| rows.iter().any(test) && !rows.iter().all(test);
    assert!(has(&|row| row.get("live_stream_id").is_some()));
    assert!(has(&|row| row.get("passthrough").is_some()));
    assert!(has(&|row| row.get("asset_video_quality").is_some()));
    assert!(has(&|row| row["asset_state"] == "deleted"));
    assert!(has(&|row| row["passthrough"] == ""));
    assert!(has(&|row| row["delivered_seconds_by_resolution"].get("tier_audio_only").is_some()));
}

#[tokio::test]
async fn old_shapes_can_be_asked_for() {
    let bench = Bench::lenient().await;
    bench.api.change(|behaviour| {
        behaviour.row_shape = RowShape::Legacy;
        behaviour.page_in_envelope = false;
    });
    let (_, body) = bench.ask("").await;
    assert!(body.get("page").is_none());
    let row = body["data"][0].as_object().unwrap();
    let allowed =
        ["asset_duration", "asset_id", "asset_state", "created_at", "delivered_seconds", "passthrough"];
    assert!(row.keys().all(|key| allowed.contains(&key.as_str())), "{row:?}");
}
