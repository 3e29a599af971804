//! The figures: that they add up, page over page and hour over hour, and that the dump says the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use highwater_core::ManualClock;
use highwater_simulator::Simulator;
use highwater_simulator::api::ProviderApi;
use highwater_simulator::mux::assets::MuxWorld;
use highwater_simulator::mux::behaviour::{DescribedAt, MuxBehaviour, TieBreak};
use highwater_simulator::mux::hours::Hours;
use highwater_simulator::mux::{MuxApi, MuxCredentials};
use highwater_simulator::world::WorldSettings;
use serde_json::{Value, json};

use crate::bench::{Bench, Figures, PATH, add_figures, hours_before_midnight, micros, midnight, timeframe};

#[tokio::test]
async fn the_pages_of_a_window_are_its_rows_once_each_the_most_used_first() {
    let bench = Bench::lenient().await;
    let (from, to) = (hours_before_midnight(24), midnight());
    let total = bench.page(from, to, 1, 100).await["total_row_count"].as_u64().unwrap();
    let mut rows = Vec::new();
    for page in 1..=total.div_ceil(7) {
        let body = bench.page(from, to, u32::try_from(page).unwrap(), 7).await;
        assert_eq!((&body["total_row_count"], &body["limit"]), (&json!(total), &json!(7)));
        rows.extend(body["data"].as_array().unwrap().clone());
    }
    let ids: BTreeSet<&str> = rows.iter().map(|row| row["asset_id"].as_str().unwrap()).collect();
    assert_eq!((rows.len(), ids.len()), (usize::try_from(total).unwrap(), usize::try_from(total).unwrap()));
    assert!(rows.iter().all(|row| micros(&row["delivered_seconds"].to_string()) > 0));
    assert!(rows.windows(2).all(|pair| rank(&pair[0]) < rank(&pair[1])));
    let beyond = bench.page(from, to, 1000, 100).await;
    assert_eq!((&beyond["data"], &beyond["total_row_count"]), (&json!([]), &json!(total)));
    assert_eq!(bench.page(from, to, u32::MAX, 100).await["data"], json!([]));
}

fn rank(row: &Value) -> (i64, &str) {
    (-micros(&row["delivered_seconds"].to_string()), row["asset_id"].as_str().unwrap())
}

#[tokio::test]
async fn ties_exist_and_break_as_the_switch_says() {
    let bench = Bench::lenient().await;
    let mut tied = 0;
    for hour in 0..48 {
        let (from, to) = (hours_before_midnight(hour + 1), hours_before_midnight(hour));
        bench.api.change(|behaviour| behaviour.tie_break = TieBreak::AssetIdAscending);
        let ascending = bench.rows(from, to).await;
        bench.api.change(|behaviour| behaviour.tie_break = TieBreak::AssetIdDescending);
        let descending = bench.rows(from, to).await;
        for (a, b) in ascending.iter().zip(&descending) {
            assert_eq!(a["delivered_seconds"], b["delivered_seconds"]);
            tied += usize::from(a["asset_id"] != b["asset_id"]);
        }
    }
    assert!(tied > 0);
}

#[tokio::test]
async fn a_day_is_the_sum_of_its_hours_by_asset_and_tier_and_the_dump_says_the_same() {
    let bench = Bench::lenient().await;
    let (mut by_hour, mut by_day, mut dumped) = (Figures::new(), Figures::new(), Figures::new());
    for hour in (0..24).rev() {
        let rows = bench.rows(hours_before_midnight(hour + 1), hours_before_midnight(hour)).await;
        add_figures(&mut by_hour, &rows);
    }
    let rows = bench.rows(hours_before_midnight(24), midnight()).await;
    add_figures(&mut by_day, &rows);
    for line in bench.api.dump(hours_before_midnight(24), midnight()).lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let tier = match line["kind"].as_str().unwrap() {
            "asset_hour" => String::new(),
            "asset_tier_hour" => format!("tier_{}", line["rendition"].as_str().unwrap().replace('-', "_")),
            _ => continue,
        };
        let key = (line["asset_id"].as_str().unwrap().to_owned(), tier);
        *dumped.entry(key).or_default() += micros(line["delivered_seconds"].as_str().unwrap());
    }
    assert_eq!(by_hour, by_day);
    assert_eq!(by_hour, dumped);
    assert!(by_day.len() > 400);
    let (assets, tiers): (Vec<_>, Vec<_>) = by_day.iter().partition(|((_, tier), _)| tier.is_empty());
    assert_eq!(
        assets.iter().map(|(_, micros)| *micros).sum::<i64>(),
        tiers.iter().map(|(_, micros)| *micros).sum::<i64>()
    );
}

#[tokio::test]
async fn a_silent_hour_is_answered_with_no_rows() {
    let bench = Bench::lenient().await;
    let week = Hours::inside(hours_before_midnight(24 * 7), midnight());
    let silent = week.iter().find(|hour| bench.api.world().is_silent(*hour)).unwrap();
    let body = bench.page(silent.start(), silent.end(), 1, 100).await;
    assert_eq!((&body["data"], &body["total_row_count"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn one_seed_is_one_world_and_another_seed_is_another() {
    let (first, second) = (Bench::lenient().await, Bench::lenient().await);
    let (from, to) = (hours_before_midnight(30), hours_before_midnight(6));
    assert_eq!(first.rows(from, to).await, second.rows(from, to).await);
    let api = |seed| {
        let credentials = MuxCredentials::new("token-id", "token-secret");
        MuxApi::new(MuxWorld::new(WorldSettings::new(seed, 50)), credentials, MuxBehaviour::default())
    };
    assert_eq!(api(1).dump(from, to), api(1).dump(from, to));
    assert_ne!(api(1).dump(from, to), api(2).dump(from, to));
}

#[tokio::test]
async fn a_deletion_is_told_of_its_window_or_of_the_request() {
    let bench = Bench::lenient().await;
    let (from, to) = (hours_before_midnight(24 * 60), hours_before_midnight(24 * 59));
    let deleted = |rows: &[Value]| rows.iter().filter(|row| row["deleted_at"].is_string()).count();
    let then = deleted(&bench.rows(from, to).await);
    bench.api.change(|behaviour| behaviour.described_at = DescribedAt::Request);
    let now = deleted(&bench.rows(from, to).await);
    assert!(now > then, "{now} deletions known now, {then} then");
}

#[tokio::test]
async fn a_large_world_answers_page_after_page_from_one_ranking() {
    let settings = WorldSettings::new(5, 20_000);
    let credentials = MuxCredentials::new("token-id", "token-secret");
    let api = Arc::new(MuxApi::new(MuxWorld::new(settings), credentials, MuxBehaviour::default()));
    let clock = Arc::new(ManualClock::new(midnight() + TimeDelta::hours(13)));
    let server = Simulator::builder(api, Arc::clone(&clock) as _, clock).start().await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut ids = BTreeSet::new();
    let mut total = 0;
    for page in 1..=40 {
        let query = format!("{}&page={page}", timeframe(hours_before_midnight(1), midnight()));
        let request = client.get(format!("{}{PATH}?{query}", server.base_url()));
        let response = request.basic_auth("token-id", Some("token-secret")).send().await.unwrap();
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        total = body["total_row_count"].as_u64().unwrap();
        ids.extend(body["data"].as_array().unwrap().iter().map(|row| row["asset_id"].to_string()));
    }
    assert!(total > 8_000, "{total}");
    assert_eq!(ids.len(), 4_000);
}
