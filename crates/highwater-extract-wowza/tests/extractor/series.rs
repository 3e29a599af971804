//! Series: hourly trends at any age, and the minutes of the past hour.

use std::collections::BTreeSet;

use highwater_core::{Grain, Table};
use highwater_simulator::wowza::{TrendGaps, WowzaApi};
use serde_json::Value;

use crate::recording::Recorded;
use crate::rig::{Rig, day, instant, window};
use crate::usage::{VIEWING, assert_rows, expected, facts, hour_of, is_archived, is_nothing, keys};

#[tokio::test]
async fn trends_are_told_by_the_hour_at_any_age_dense_or_sparse() {
    let rig = Rig::new(WowzaApi::default()).await;
    for gaps in [TrendGaps::Dense, TrendGaps::Sparse] {
        rig.api.set_behaviour(|behaviour| behaviour.trend_gaps = gaps);
        for date in ["2026-09-25", "2026-09-23", "2026-07-01"] {
            for (name, fact, table) in [
                ("transcoder_trend", "transcoder_trend_hour", Table::ViewingTrend),
                ("vod_trend", "vod_trend_hour", Table::ViewingTrend),
                ("account_trend", "account_trend_hour", Table::AccountViewingTrend),
            ] {
                let pulled = rig.pull(name, day(date)).await.unwrap();
                let of_resource = |line: &Value| !is_archived(line) && line.get("resource_id").is_some();
                let of_part = |line: &Value| line.get("scope").is_some_and(|scope| scope != "account");
                let mut lines = facts(&rig.api, day(date), fact);
                lines.retain(|line| of_resource(line) || of_part(line));
                let dense = lines.len();
                if gaps == TrendGaps::Sparse {
                    lines.retain(|line| !is_nothing(line));
                    assert!(lines.len() < dense || name == "account_trend");
                }
                // A resource that appears in the middle of the day is dense from midnight on, with zeros.
                let told: BTreeSet<String> = lines.iter().map(|line| line["hour"].to_string()).collect();
                assert!(!told.is_empty());
                let mut recording = pulled.recording;
                let zeros = |row: &Recorded| {
                    ["delivered_seconds", "delivered_bytes", "unique_viewers"]
                        .iter()
                        .all(|name| row.cell(name) == "0")
                };
                let rows: Vec<Recorded> = lines
                    .iter()
                    .map(|line| expected(table, line, hour_of(line), &[&keys(table), VIEWING]))
                    .collect();
                recording.rows.retain(|row| !zeros(row) || rows.contains(row));
                assert_rows(&recording, table, rows);
            }
        }
    }
}

#[tokio::test]
async fn live_minutes_are_the_closed_ones_inside_the_window() {
    let rig = Rig::new(WowzaApi::default()).await;
    for sixtieth_minute in [false, true] {
        rig.api.set_behaviour(|behaviour| behaviour.sixtieth_minute = sixtieth_minute);
        let span = window("2026-09-29T11:00:00Z", "2026-09-29T12:00:00Z");
        let told = window("2026-09-29T11:01:00Z", "2026-09-29T12:00:00Z");
        for (name, kind) in
            [("transcoder_live", "transcoder"), ("vod_live", "vod_stream"), ("account_live", "account")]
        {
            let pulled = rig.pull(name, span).await.unwrap();
            let lines = facts(&rig.api, told, "live_minute");
            let rows = lines.into_iter().filter(|line| {
                let newest = line["minute"] == "2026-09-29T11:59:00Z";
                line["resource_type"] == kind && !is_archived(line) && (newest || line["country_code"] == "")
            });
            let rows = rows.map(|line| {
                let minute = Grain::Minute.bucket(instant(line["minute"].as_str().expect("a minute")));
                let mut row =
                    expected(Table::LiveViewers, &line, minute, &[&keys(Table::LiveViewers), &VIEWING[2..]]);
                if kind == "account" {
                    row.cells.insert("resource_id", "wowza-main".to_owned());
                }
                row
            });
            assert_rows(&pulled.recording, Table::LiveViewers, rows.collect());
        }
    }
}

#[tokio::test]
async fn minutes_outside_a_shorter_window_are_left_out() {
    let rig = Rig::new(WowzaApi::default()).await;
    let span = window("2026-09-29T11:45:00Z", "2026-09-29T11:50:00Z");
    let pulled = rig.pull("account_live", span).await.unwrap();
    assert_eq!(pulled.recording.rows.len(), 5, "countries speak of a later minute");
    let pulled = rig.pull("transcoder_live", span).await.unwrap();
    let first = pulled.recording.rows.iter().map(|row| row.cell("bucket")).min();
    assert_eq!(first, Some("2026-09-29T11:45:00Z/2026-09-29T11:46:00Z"));
}
