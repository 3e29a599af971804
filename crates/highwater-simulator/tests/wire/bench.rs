//! A simulated Mux API with its clocks, and a client that speaks to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::ManualClock;
use highwater_simulator::mux::assets::MuxWorld;
use highwater_simulator::mux::behaviour::MuxBehaviour;
use highwater_simulator::mux::{MuxApi, MuxCredentials};
use highwater_simulator::world::WorldSettings;
use highwater_simulator::{RunningSimulator, Simulator};
use reqwest::{Client, Response};
use serde_json::Value;

pub(crate) const PATH: &str = "/video/v1/delivery-usage";

pub(crate) struct Bench {
    pub(crate) api: Arc<MuxApi>,
    pub(crate) data_clock: ManualClock,
    pub(crate) real_clock: ManualClock,
    pub(crate) server: RunningSimulator,
    pub(crate) client: Client,
}

/// Midnight, from which the tests count.
pub(crate) fn midnight() -> DateTime<Utc> {
    WorldSettings::demo().anchor
}

pub(crate) fn hours_before_midnight(hours: i64) -> DateTime<Utc> {
    midnight() - TimeDelta::hours(hours)
}

impl Bench {
    pub(crate) async fn lenient() -> Self {
        Self::with(MuxBehaviour::default(), |builder| builder).await
    }

    pub(crate) async fn with(behaviour: MuxBehaviour, set_up: impl FnOnce(Simulator) -> Simulator) -> Self {
        let credentials = MuxCredentials::new("token-id", "token-secret");
        let api = Arc::new(MuxApi::new(MuxWorld::new(WorldSettings::demo()), credentials, behaviour));
        // The data clock stands still half an hour past the time at which the day before midnight is all there.
        let data_clock = ManualClock::new(midnight() + TimeDelta::minutes(12 * 60 + 30));
        let real_clock = ManualClock::new(midnight() + TimeDelta::days(400));
        let builder = Simulator::builder(
            Arc::clone(&api) as _,
            Arc::new(data_clock.clone()),
            Arc::new(real_clock.clone()),
        );
        let server = set_up(builder).start().await.unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { api, data_clock, real_clock, server, client }
    }

    pub(crate) async fn send(&self, path_and_query: &str) -> reqwest::Result<Response> {
        let url = format!("{}{path_and_query}", self.server.base_url());
        self.client.get(url).basic_auth("token-id", Some("token-secret")).send().await
    }

    /// Asks for delivery usage and returns status and body.
    pub(crate) async fn ask(&self, query: &str) -> (u16, Value) {
        let response = self.send(&format!("{PATH}?{query}")).await.unwrap();
        (response.status().as_u16(), json(response).await)
    }

    pub(crate) async fn page(&self, from: DateTime<Utc>, to: DateTime<Utc>, page: u32, limit: u32) -> Value {
        let (status, body) = self.ask(&format!("{}&page={page}&limit={limit}", timeframe(from, to))).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// All rows of a window, page by page until an empty one.
    pub(crate) async fn rows(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Value> {
        let mut rows = Vec::new();
        for page in 1.. {
            let body = self.page(from, to, page, 100).await;
            let data = body["data"].as_array().unwrap();
            if data.is_empty() {
                break;
            }
            rows.extend(data.iter().cloned());
        }
        rows
    }
}

pub(crate) async fn json(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

pub(crate) fn timeframe(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    format!("timeframe[]={}&timeframe[]={}", from.timestamp(), to.timestamp())
}

/// Microseconds by (asset, tier) and, with an empty tier, by asset.
pub(crate) type Figures = BTreeMap<(String, String), i64>;

pub(crate) fn add_figures(figures: &mut Figures, rows: &[Value]) {
    for row in rows {
        let asset = row["asset_id"].as_str().unwrap();
        *figures.entry((asset.to_owned(), String::new())).or_default() +=
            micros(&row["delivered_seconds"].to_string());
        for (tier, seconds) in row["delivered_seconds_by_resolution"].as_object().unwrap() {
            *figures.entry((asset.to_owned(), tier.clone())).or_default() += micros(&seconds.to_string());
        }
    }
}

/// Seconds in decimal or scientific text as whole microseconds; exact for all figures of these worlds.
#[expect(clippy::cast_possible_truncation, reason = "the figures are far below what an i64 holds")]
pub(crate) fn micros(text: &str) -> i64 {
    (text.parse::<f64>().unwrap() * 1e6).round() as i64
}
