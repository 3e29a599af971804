//! Answers that differ from the reference: what is taken, what is set aside, what fails the window.

use highwater_core::{Error, ErrorKind, Table};
use highwater_simulator::Fault;
use highwater_simulator::wowza::{LiveStamps, WowzaApi, WowzaBehaviour};
use serde_json::json;

use crate::recording::Recorded;
use crate::rig::{Pulled, Rig, day, window};

const DAY: &str = "2026-09-20";

async fn behaving(change: impl FnOnce(&mut WowzaBehaviour)) -> Rig {
    let api = WowzaApi::default();
    api.set_behaviour(change);
    Rig::new(api).await
}

async fn rows(rig: &Rig, name: &str) -> Vec<Recorded> {
    let mut rows = rig.pull(name, day(DAY)).await.expect("a pull").recording.rows;
    rows.sort();
    rows
}

#[tokio::test]
async fn oddities_of_the_providers_own_pages_change_no_row() {
    let usual = Rig::new(WowzaApi::default()).await;
    let odd = behaving(|behaviour| {
        behaviour.plural_account_key = true;
        behaviour.viewing_bytes_typo = true;
        behaviour.numbers_as_strings = true;
        behaviour.live_stamps = LiveStamps::Milliseconds;
    })
    .await;
    for name in [
        "transcoders",
        "transcoder_viewing",
        "transcoder_countries",
        "transcoder_summary",
        "account",
        "account_countries",
        "account_trend",
        "vod_streams",
        "vod_egress",
        "vod_details",
        "vod_renditions",
    ] {
        assert_eq!(rows(&odd, name).await, rows(&usual, name).await, "{name}");
    }
    let hour = window("2026-09-29T11:00:00Z", "2026-09-29T12:00:00Z");
    let live = |pulled: Pulled| pulled.recording.rows;
    assert_eq!(
        live(odd.pull("account_live", hour).await.unwrap()),
        live(usual.pull("account_live", hour).await.unwrap())
    );
}

#[tokio::test]
async fn words_that_no_page_lists_are_kept() {
    let rig = behaving(|behaviour| behaviour.unknown_words = true).await;
    let transcoders = rig.pull("transcoders", day(DAY)).await.unwrap();
    let described = transcoders.recording.of(Table::Resources);
    assert!(described.iter().any(|row| row.cell("billing_mode") == "reserved"));
    let streams = rig.pull("vod_streams", day(DAY)).await.unwrap();
    assert!(streams.recording.of(Table::Resources).iter().all(|row| row.cell("type") == "wowza_cdn"));
    let summary = rig.pull("transcoder_summary", day(DAY)).await.unwrap();
    assert!(summary.recording.rows.iter().any(|row| row.cell("billing_mode") == "reserved"));
}

#[tokio::test]
async fn a_field_that_is_added_is_counted_and_breaks_nothing() {
    let rig = behaving(|behaviour| behaviour.added_field = true).await;
    for (name, path, count) in [
        ("transcoders", "transcoders[].carbon_grams", 11),
        ("account", "account.carbon_grams", 3),
        ("transcoder_summary", "summary.configurations[].carbon_grams", 4),
        ("vod_streams", "vod_streams[].carbon_grams", 19),
    ] {
        let pulled = rig.pull(name, day(DAY)).await.unwrap();
        assert!(!pulled.recording.rows.is_empty());
        assert_eq!(pulled.recording.unknown.get(path), Some(&count), "{:?}", pulled.recording.unknown);
    }
}

async fn failure(rig: &Rig, name: &str) -> Error {
    rig.pull(name, day(DAY)).await.expect_err("a failure")
}

#[tokio::test]
async fn a_field_that_is_missing_fails_the_window_naming_its_place() {
    for (field, name, path) in [
        ("egress_bytes", "transcoders", "transcoders[0].egress_bytes"),
        ("id", "vod_streams", "vod_streams[0].id"),
        ("viewing_bytes", "account", "account.viewing_bytes"),
        ("configurations", "transcoder_summary", "summary.configurations"),
        ("sampled_at", "account_trend", "trend[0].sampled_at"),
        ("code", "account_countries", "countries[0].code"),
        ("egress_seconds", "vod_details", "vod_stream.egress_seconds"),
    ] {
        let rig = behaving(|behaviour| behaviour.missing_field = Some(field.to_owned())).await;
        let error = failure(&rig, name).await;
        assert_eq!(error.kind(), ErrorKind::Drift, "{name} {field}");
        assert!(error.to_string().ends_with(&format!("path=`{path}`")), "{error}");
        assert!(error.to_string().contains("operation=`"), "{error}");
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_is_set_aside_and_the_others_stay() {
    for (field, name, path) in [
        ("egress_seconds", "transcoders", "transcoders[0].egress_seconds"),
        ("viewing_bytes", "vod_streams", "vod_streams[0].viewing_bytes"),
        ("unique_viewers", "account_countries", "countries[0].unique_viewers"),
        ("viewing_seconds", "account_trend", "trend[0].viewing_seconds"),
        ("egress_bytes", "transcoder_summary", "summary.configurations[0].egress_bytes"),
    ] {
        let usual = Rig::new(WowzaApi::default()).await.pull(name, day(DAY)).await.unwrap();
        let rig = behaving(|behaviour| behaviour.spoiled_field = Some(field.to_owned())).await;
        let pulled = rig.pull(name, day(DAY)).await.unwrap();
        let rejects = &pulled.recording.rejects;
        assert!(!rejects.is_empty() && rejects.iter().all(|reject| reject.1 == path), "{rejects:?}");
        assert!(rejects[0].2.contains("-1") && rejects[0].0.contains("negative"), "{rejects:?}");
        assert!(pulled.recording.rows.len() < usual.recording.rows.len());
        assert!(!pulled.recording.rows.is_empty());
        assert_eq!(pulled.listed(), usual.listed(), "rejected rows count towards the total");
    }
}

#[tokio::test]
async fn values_of_another_type_fail_the_window() {
    for (edit, path) in [
        (json!([]), "summary"),
        (json!({"egress_bytes": 1, "egress_seconds": 1, "configurations": {}}), "summary.configurations"),
        (json!({"configurations": [3]}), "summary.configurations[0]"),
    ] {
        let rig = Rig::new(WowzaApi::default()).await;
        rig.server.faults().add(Fault::edit_json(move |body| body["summary"] = edit.clone()));
        let error = failure(&rig, "transcoder_summary").await;
        assert_eq!(error.kind(), ErrorKind::Drift);
        assert!(error.to_string().ends_with(&format!("path=`{path}`")), "{error}");
    }
}

#[tokio::test]
async fn an_account_answer_for_other_resources_is_no_answer() {
    let rig = Rig::new(WowzaApi::default()).await;
    rig.server.faults().add(Fault::edit_json(|body| {
        body["limits"]["resources"] = json!(["transcoders", "vod_streams"]);
    }));
    let error = failure(&rig, "account_countries").await;
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.to_string().contains("asked=`transcoders` answered=`transcoders,vod_streams`"), "{error}");

    rig.server.faults().clear();
    rig.server.faults().add(Fault::edit_json(|body| {
        let resources = body["limits"]["resources"].as_array_mut().expect("resources");
        if resources.len() == 2 {
            resources.push(json!("real_time_streams"));
        }
    }));
    assert_eq!(rows(&rig, "account").await.len(), 3, "a whole account may have more parts");
}

#[tokio::test]
async fn a_series_of_another_grain_fails_the_window() {
    let rig = Rig::new(WowzaApi::default()).await;
    rig.server.faults().add(Fault::edit_json(|body| {
        body["trend"][1]["sampled_at"] = json!("2026-09-20T00:01:00.000Z");
    }));
    let error = failure(&rig, "account_trend").await;
    assert_eq!(error.kind(), ErrorKind::Drift);
    assert!(error.to_string().contains("trend[1].sampled_at"), "{error}");
}

#[tokio::test]
async fn samples_that_do_not_belong_are_set_aside_but_for_the_one_at_the_end() {
    let rig = Rig::new(WowzaApi::default()).await;
    rig.server.faults().add(Fault::edit_json(|body| {
        body["trend"][0]["sampled_at"] = json!("2026-09-21T00:00:00.000Z");
        body["trend"][1]["sampled_at"] = json!("2026-09-21T01:00:00.000Z");
        body["trend"][2]["sampled_at"] = json!("2026-09-20T02:61:00.000Z");
        body["trend"][3]["sampled_at"] = json!("2026-09-20T02:60:00.000Z");
    }));
    let pulled = rig.pull("account_trend", day(DAY)).await.unwrap();
    let rejected: Vec<&str> = pulled.recording.rejects.iter().map(|reject| reject.1.as_str()).collect();
    assert_eq!(rejected, ["trend[1].sampled_at", "trend[2].sampled_at"].repeat(2));
    assert_eq!(pulled.recording.rows.len(), 2 * 21);
    let third = &pulled.recording.rows[0];
    assert_eq!(third.cell("bucket"), "2026-09-20T03:00:00Z/2026-09-20T04:00:00Z");
}

#[tokio::test]
async fn a_page_of_html_is_drift_and_a_gateway_failure_passes() {
    let rig = Rig::new(WowzaApi::default()).await;
    rig.server.faults().add(Fault::html());
    let error = failure(&rig, "transcoders").await;
    assert_eq!(error.kind(), ErrorKind::Drift);
    assert!(error.to_string().contains("HTML"), "{error}");
    assert_eq!(rig.extractor.probe().await.unwrap_err().kind(), ErrorKind::Drift);
    rig.server.faults().clear();
    rig.server.faults().add(Fault::cut_off().first(1));
    assert!(!rows(&rig, "transcoders").await.is_empty());
}
