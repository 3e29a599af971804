//! The contract of extractors, as every provider has to keep it.

use std::sync::Arc;

use chrono::TimeDelta;
use highwater_core::{Grain, PageRequest, Secret, SettingValue};
use highwater_extract_mux::Mux;
use highwater_simulator::api::ProviderApi;
use highwater_simulator::conformance::{RequiredField, Scene, Subject, run_all};
use highwater_simulator::mux::assets::MuxWorld;
use highwater_simulator::mux::behaviour::MuxBehaviour;
use highwater_simulator::mux::hours::Hour;
use highwater_simulator::mux::{MuxApi, MuxCredentials};
use highwater_simulator::world::WorldSettings;

use crate::source::{TOKEN_ID, TOKEN_SECRET, at, now, window};

/// The refused credentials as they travel: `canary-token-secret:canary-token-id` in base64.
const ENCODED: &str = "Y2FuYXJ5LXRva2VuLXNlY3JldDpjYW5hcnktdG9rZW4taWQ=";

const REQUIRED: &[RequiredField] = &[
    RequiredField { operation: "delivery_usage", path: "data" },
    RequiredField { operation: "delivery_usage", path: "total_row_count" },
    RequiredField { operation: "delivery_usage", path: "timeframe" },
    RequiredField { operation: "delivery_usage", path: "limit" },
    RequiredField { operation: "delivery_usage", path: "data[].asset_id" },
    RequiredField { operation: "delivery_usage", path: "data[].delivered_seconds" },
];

fn world() -> MuxWorld {
    MuxWorld::new(WorldSettings::new(7, 90))
}

fn api() -> Arc<dyn ProviderApi> {
    let credentials = MuxCredentials::new(TOKEN_ID, TOKEN_SECRET);
    Arc::new(MuxApi::new(world(), credentials, MuxBehaviour::strict()))
}

fn credentials(token_id: &str, token_secret: &str) -> Vec<(&'static str, SettingValue)> {
    [("token_id", token_id), ("token_secret", token_secret)]
        .map(|(key, text)| (key, SettingValue::Secret(Some(Secret::new(text.to_owned())))))
        .into()
}

fn silent_hour() -> highwater_core::Window {
    let world = world();
    let hours = (0..2000).map(|hours| at("2026-09-28T00:00:00Z") - TimeDelta::hours(hours));
    let silent = hours.into_iter().find(|start| world.is_silent(Hour::floor(*start)));
    Grain::Hour.bucket(silent.expect("an outage within the world's last months"))
}

#[tokio::test]
async fn mux_keeps_the_contract_of_extractors() {
    let rows = window("2026-09-20T18:00:00Z", "2026-09-20T19:00:00Z");
    let subject = Subject {
        provider: Arc::new(Mux),
        dataset: "delivery_usage",
        now: now(),
        accepted: || credentials(TOKEN_ID, TOKEN_SECRET),
        // Refused and yet the same canaries: a source can keep quiet about no credentials but its own.
        refused: || credentials(TOKEN_SECRET, TOKEN_ID),
        canaries: [TOKEN_ID, TOKEN_SECRET, ENCODED].map(str::to_owned).to_vec(),
        rows: Scene { api, window: rows },
        small_page: 7,
        nothing: Scene { api, window: silent_hour() },
        required: REQUIRED,
        about_one: Some(PageRequest::new("delivery_usage", rows).with_param("asset_id", "nobody")),
        echoes: true,
    };
    let report = run_all(&subject).await;
    assert!(report.not_applicable.is_empty(), "{:?}", report.not_applicable);
}
