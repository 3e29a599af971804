//! The views add up to what the simulated worlds hold, wherever the warehouse is and whatever the session's time zone.

use super::estate::{Estate, Place};
use crate::duckdb::DuckDb;

const TIMEZONES: [&str; 3] = ["UTC", "America/New_York", "Asia/Kolkata"];

const MEASURES: &str = "delivered_seconds, delivered_bytes, egress_seconds, egress_bytes, \
                        egress_seconds_additional_targets, requests";

/// The worlds' usage by resource and day, in the warehouse's words: what a provider does not report is null.
const WORLDS: &str = "CREATE TABLE told AS \
    SELECT 'mux' AS provider, 'env' AS source, 'asset' AS resource_type, asset_id AS resource_id, CAST(hour AS DATE) AS usage_date, \
           sum(delivered_seconds) AS delivered_seconds, NULL::HUGEINT AS delivered_bytes, NULL::DECIMAL(38,6) AS egress_seconds, \
           NULL::HUGEINT AS egress_bytes, NULL::DECIMAL(38,6) AS egress_seconds_additional_targets, NULL::HUGEINT AS requests \
    FROM mux WHERE kind = 'asset_hour' GROUP BY ALL \
    UNION ALL BY NAME \
    SELECT 'wowza' AS provider, 'wz' AS source, resource_type, resource_id, CAST(hour AS DATE) AS usage_date, \
           sum(viewing_seconds) FILTER (fact = 'vod_hour') AS delivered_seconds, \
           sum(viewing_bytes) FILTER (fact = 'vod_hour') AS delivered_bytes, \
           sum(egress_seconds) FILTER (fact = 'transcoder_hour') AS egress_seconds, \
           sum(egress_bytes) AS egress_bytes, \
           sum(egress_seconds_additional_targets) FILTER (fact = 'transcoder_hour') AS egress_seconds_additional_targets \
    FROM wowza WHERE fact IN ('transcoder_hour', 'vod_hour', 'vod_egress_hour') GROUP BY ALL \
    UNION ALL BY NAME \
    SELECT 'scaleengine' AS provider, 'cdn' AS source, 'video_url' AS resource_type, app || '/' || video_url AS resource_id, usage_date, \
           sum(bytes) AS delivered_bytes, sum(requests) AS requests \
    FROM scaleengine GROUP BY ALL";

/// Each view, and the columns of the worlds that it sums by. Zeros stand in for nulls where resources without usage are
/// told by the world and not by their provider.
const VIEWS: [(&str, &str, &str); 5] = [
    ("resource_usage_reported", "provider, source, resource_type, resource_id, usage_date", "SUMMED"),
    ("resource_usage", "provider, source, resource_type, resource_id, usage_date", "SUMMED"),
    ("usage_by_day", "provider, source, resource_type, usage_date", "AS IT IS"),
    ("top_resources", "provider, source, resource_type, resource_id", "AS IT IS"),
    ("month_totals", "provider, source", "AS IT IS"),
];

fn summed(key: &str) -> String {
    let sums = MEASURES.split(", ").map(|measure| format!("sum({measure})::DECIMAL(38,6) AS {measure}"));
    format!("{key}, {}", sums.collect::<Vec<_>>().join(", "))
}

/// One row a view: how many of its rows the worlds do not have, how many of theirs it lacks, and how many there are.
fn comparison(view: &str, key: &str, how: &str) -> String {
    let ours = match how {
        "SUMMED" => format!("SELECT {} FROM {view} GROUP BY {key}", summed(key)),
        _ => {
            let cast = MEASURES.split(", ").map(|measure| format!("{measure}::DECIMAL(38,6) AS {measure}"));
            format!("SELECT {key}, {} FROM {view}", cast.collect::<Vec<_>>().join(", "))
        }
    };
    let used = "coalesce(delivered_seconds, delivered_bytes, egress_seconds, egress_bytes, requests) IS NOT NULL \
                AND coalesce(delivered_seconds, 0) + coalesce(delivered_bytes, 0) + coalesce(egress_seconds, 0) \
                    + coalesce(egress_bytes, 0) + coalesce(requests, 0) > 0";
    let theirs = format!("SELECT {} FROM told GROUP BY {key}", summed(key));
    format!(
        "SELECT '{view}' AS of_view, \
           (SELECT count(*) FROM ((FROM ({ours}) WHERE {used}) EXCEPT ALL (FROM ({theirs}) WHERE {used}))) AS ours_alone, \
           (SELECT count(*) FROM ((FROM ({theirs}) WHERE {used}) EXCEPT ALL (FROM ({ours}) WHERE {used}))) AS theirs_alone, \
           (SELECT count(*) FROM ({ours}) WHERE {used}) AS compared"
    )
}

#[track_caller]
fn assert_the_views_equal_the_worlds(duckdb: &DuckDb) {
    let comparisons = VIEWS.map(|(view, key, how)| comparison(view, key, how));
    for row in duckdb.query(&comparisons.join(" UNION ALL ")) {
        assert_eq!((&row["ours_alone"], &row["theirs_alone"]), (&0.into(), &0.into()), "{row:?}");
        assert!(row["compared"].as_i64() >= Some(3), "{row:?}");
    }
    let elsewhere = "SELECT count(*) FROM resource_usage WHERE CAST(bucket_start AS DATE) <> usage_date";
    assert_eq!(duckdb.value(elsewhere), 0, "the session's time zone moves no row into another day");
}

fn sums_equal_in_each_time_zone(place: Place) {
    let estate = Estate::loaded(place);
    let duckdb = estate.beside_the_worlds(estate.duckdb()).first(WORLDS);
    for timezone in TIMEZONES {
        assert_the_views_equal_the_worlds(&duckdb.clone().timezone(timezone));
    }
}

#[test]
fn the_views_of_a_folder_equal_the_worlds_in_each_time_zone() {
    sums_equal_in_each_time_zone(Place::Folder);
}

#[test]
fn the_views_of_s3_equal_the_worlds_in_each_time_zone() {
    sums_equal_in_each_time_zone(Place::S3);
}

#[test]
fn renditions_and_accounts_equal_the_worlds() {
    let estate = Estate::loaded(Place::Folder);
    let duckdb = estate.beside_the_worlds(estate.duckdb());
    let pairs = [
        (
            "SELECT resource_id, rendition, bucket_start, delivered_seconds FROM resource_usage_by_rendition",
            "SELECT asset_id, rendition, hour, delivered_seconds FROM mux WHERE kind = 'asset_tier_hour'",
        ),
        (
            "SELECT scope, bucket_start, delivered_seconds, delivered_bytes, egress_bytes FROM account_usage WHERE scope <> 'account'",
            "SELECT scope, day, viewing_seconds, viewing_bytes, egress_bytes FROM wowza WHERE fact = 'account_day' AND scope <> 'account'",
        ),
    ];
    for (ours, theirs) in pairs {
        let differing = duckdb.value(&format!(
            "WITH ours AS ({ours}), theirs AS ({theirs}) SELECT count(*) FROM \
             ((FROM ours EXCEPT ALL FROM theirs) UNION ALL (FROM theirs EXCEPT ALL FROM ours))"
        ));
        assert_eq!(differing, 0, "{ours}");
        assert!(duckdb.value(&format!("SELECT count(*) FROM ({ours})")).as_i64() > Some(5));
    }
}

#[test]
fn the_focus_shaped_view_has_each_second_once_and_no_cost() {
    let estate = Estate::loaded(Place::Folder);
    let duckdb = estate.beside_the_worlds(estate.duckdb()).first(WORLDS).first(&estate.sql("focus"));
    let ours = "SELECT sum(ConsumedQuantity) FROM focus_shaped_usage WHERE ConsumedUnit = 'Seconds' AND SkuMeter = 'Delivered Video'";
    let theirs = "SELECT sum(delivered_seconds)::DECIMAL(38,6) FROM told";
    assert_eq!(duckdb.value(&format!("SELECT ({ours}) = ({theirs})")), true);
    assert_eq!(duckdb.value("SELECT count(*) FROM focus_shaped_usage WHERE EffectiveCost IS NOT NULL"), 0);
}

#[test]
fn distinct_viewers_stand_in_rows_and_in_no_sum() {
    let estate = Estate::loaded(Place::Folder);
    let duckdb = estate.duckdb();
    assert!(duckdb.value("SELECT count(unique_viewers) FROM resource_usage").as_i64() > Some(0));
    let sums = "SELECT count(*) FROM duckdb_columns() WHERE column_name = 'unique_viewers' AND table_name IN \
                ('usage_by_day', 'top_resources', 'usage_with_coverage', 'month_totals')";
    assert_eq!(duckdb.value(sums), 0);
}
