//! What DuckDB reads is what the world holds.

use highwater_simulator::Fault;

use super::{Mux, assert_equals_world, at, differing_rows, windows};

const NOW: &str = "2026-09-05T12:00:00Z";

#[test]
fn a_backfill_equals_the_world_by_hour_asset_and_tier() {
    let mux = Mux::new(at(NOW), 120);
    let outcome = mux.backfill(at(NOW), "2026-09-03", "2026-09-05").expect_code(0);
    assert_eq!(windows(&outcome, "loaded") + windows(&outcome, "empty"), 48);
    let duckdb = mux.duckdb("2026-09-03T00:00:00Z", "2026-09-05T00:00:00Z");
    assert_equals_world(&duckdb);

    let described = "SELECT DISTINCT resource_id, parent_id, passthrough, duration_seconds, tier, quality, created_at FROM resources_reported";
    let world = "SELECT asset_id, live_stream_id, passthrough, duration_seconds, resolution_tier, coalesce(video_quality, encoding_tier), created_at \
                 FROM world WHERE kind = 'asset' AND asset_id IN (SELECT asset_id FROM world WHERE kind = 'asset_hour')";
    assert_eq!(differing_rows(&duckdb, described, world), 0, "descriptions");
}

#[test]
fn the_day_grain_equals_the_sum_of_the_hours() {
    let mux = Mux::new(at(NOW), 80);
    mux.configure(
        "page_size = 25\nrequests_per_second = 500\ndatasets.delivery_usage = { grain = \"day\" }\n",
    );
    let outcome = mux.backfill(at(NOW), "2026-09-03", "2026-09-05").expect_code(0);
    assert_eq!(windows(&outcome, "loaded"), 2);
    let duckdb = mux.duckdb("2026-09-03T00:00:00Z", "2026-09-05T00:00:00Z");
    let ours = "SELECT resource_id, rendition, bucket_start, bucket_end, delivered_seconds FROM resource_usage_by_rendition_reported";
    let world = "SELECT asset_id, rendition, date_trunc('day', hour)::TIMESTAMP d, d + INTERVAL 1 DAY, sum(delivered_seconds)::DECIMAL(18,6) \
                 FROM world WHERE kind = 'asset_tier_hour' GROUP BY ALL";
    assert_eq!(differing_rows(&duckdb, ours, world), 0);
}

#[test]
fn a_second_backfill_asks_for_nothing_and_writes_nothing() {
    let mux = Mux::new(at(NOW), 40);
    mux.backfill(at(NOW), "2026-09-03", "2026-09-04").expect_code(0);
    let (requests, files) = (mux.server.traffic().requests, mux.warehouse().files(""));
    let outcome = mux.backfill(at(NOW), "2026-09-03", "2026-09-04").expect_code(0);
    assert_eq!(outcome.json()["requests"], 0);
    assert_eq!(mux.server.traffic().requests, requests);
    assert_eq!(mux.warehouse().files(""), files);
}

#[test]
fn a_bad_row_is_set_aside_with_its_reason_and_the_rest_is_loaded() {
    let mux = Mux::new(at(NOW), 40);
    mux.api.change(|behaviour| behaviour.bad_row_in = Some(at("2026-09-03T09:00:00Z")));
    let outcome = mux.backfill(at(NOW), "2026-09-03", "2026-09-04").expect_code(0);
    assert_eq!(outcome.json()["rejected_rows"], 1);
    let rejects = mux.warehouse().files("rejects");
    assert_eq!(rejects, ["rejects/env/delivery_usage/usage_date=2026-09-03/20260903T090000Z.jsonl"]);
    let line = std::fs::read_to_string(mux.sandbox.path("warehouse").join(&rejects[0])).expect("it is there");
    let reject: serde_json::Value = serde_json::from_str(line.trim()).expect("one JSON line");
    assert_eq!(reject["operation"], "delivery_usage");
    assert!(reject["path"].as_str().is_some_and(|path| path.ends_with("].delivered_seconds")), "{reject}");
    assert!(reject["reason"].as_str().is_some_and(|reason| reason.contains("below zero")), "{reject}");
    let missing = "SELECT count(*) FROM world WHERE kind = 'asset_hour' AND (asset_id, hour) NOT IN \
                   (SELECT resource_id, bucket_start FROM resource_usage_reported)";
    assert_eq!(mux.duckdb("2026-09-03T00:00:00Z", "2026-09-04T00:00:00Z").value(missing), 1);
}

#[test]
fn a_missing_field_fails_its_window_names_the_path_and_keeps_the_page() {
    let mux = Mux::new(at(NOW), 40);
    let drop_total = |body: &mut serde_json::Value| {
        body["data"][0].as_object_mut().expect("a row").remove("delivered_seconds");
    };
    mux.server.faults().add(Fault::edit_json(drop_total).nth(1));
    let outcome = mux.backfill(at(NOW), "2026-09-03", "2026-09-04").expect_code(3);
    assert_eq!(windows(&outcome, "failed"), 1);
    let status = mux.highwater(at(NOW), &["status", "--format", "json"]).run().expect_code(0).json();
    let failed = &status["sources"][0]["datasets"][0]["failed"];
    let error = failed[0]["error"].as_str().expect("an error");
    assert!(error.contains("delivery_usage") && error.contains("data[0].delivered_seconds"), "{error}");
    assert_eq!(mux.warehouse().files("raw").len(), 24, "the page that failed is kept as well");

    mux.backfill(at(NOW), "2026-09-03", "2026-09-04").expect_code(0);
    assert_equals_world(&mux.duckdb("2026-09-03T00:00:00Z", "2026-09-04T00:00:00Z"));
}

#[test]
fn a_new_field_of_the_provider_breaks_nothing_and_is_said_once() {
    let mux = Mux::new(at(NOW), 40);
    let add = |body: &mut serde_json::Value| body["data"][0]["colour"] = "red".into();
    mux.server.faults().add(Fault::edit_json(add));
    let outcome = mux.backfill(at(NOW), "2026-09-03", "2026-09-04").expect_code(0);
    assert_eq!(outcome.stderr.matches("data[].colour").count(), 1, "{}", outcome.stderr);
    assert_equals_world(&mux.duckdb("2026-09-03T00:00:00Z", "2026-09-04T00:00:00Z"));
}

#[test]
fn rows_that_shift_between_pages_are_pulled_again_until_they_add_up() {
    let mux = Mux::new(at(NOW), 120);
    mux.api.change(|behaviour| behaviour.shifting_pages = 1);
    mux.backfill(at(NOW), "2026-09-03", "2026-09-04").expect_code(0);
    assert_equals_world(&mux.duckdb("2026-09-03T00:00:00Z", "2026-09-04T00:00:00Z"));
}
