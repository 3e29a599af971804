//! The contract of extractors, as every provider has to keep it.

use std::sync::Arc;

use highwater_core::{Secret, SettingValue};
use highwater_extract_scaleengine::ScaleEngine;
use highwater_simulator::api::ProviderApi;
use highwater_simulator::conformance::{RequiredField, Scene, Subject, run_all};
use highwater_simulator::scaleengine::{
    Account, CountMeaning, ScaleEngineApi, ScaleEngineBehaviour, SignatureVerification, World,
};
use highwater_simulator::world::WorldSettings;

use crate::bench::{NAMES, day, named, now};

const API_KEY: &str = "CANARYKEY00000000000000000000001";
const SECRET: &str = "canary00a81e6a2a06a9556379bf798af508dc0792497c678b4c3532ba8b637f";

/// What says nothing about this provider: its one endpoint knows no resources, and no answer repeats its window.
const NOT_APPLICABLE: [&str; 2] =
    ["the_echoed_window_is_the_one_asked_for", "a_404_or_410_about_one_resource_says_that_it_is_gone"];

const OF_USAGE: &[RequiredField] = &[
    RequiredField { operation: "video_usage", path: "status" },
    RequiredField { operation: "video_usage", path: "usage" },
    RequiredField { operation: "video_usage", path: "usage[].video_url" },
    RequiredField { operation: "video_usage", path: "usage[].bytes_total" },
    RequiredField { operation: "video_usage", path: "usage[].requests_total" },
];

const OF_APPS: &[RequiredField] = &[
    RequiredField { operation: "getapps", path: "apps" },
    RequiredField { operation: "getapps", path: "apps[].name" },
];

fn api_that_keeps(kept_rows_percent: u8) -> Arc<dyn ProviderApi> {
    let account =
        Account { api_key: API_KEY.to_owned(), secret: Secret::new(SECRET.to_owned()), ..Account::default() };
    let behaviour = ScaleEngineBehaviour {
        verification: SignatureVerification::Reencode,
        count: CountMeaning::Page,
        kept_rows_percent,
        ..ScaleEngineBehaviour::default()
    };
    Arc::new(ScaleEngineApi::new(account, World::new(WorldSettings::new(7, 60)), behaviour))
}

fn settings(api_key: &str, secret: &str, apps: SettingValue) -> Vec<(&'static str, SettingValue)> {
    let hidden = |text: &str| SettingValue::Secret(Some(Secret::new(text.to_owned())));
    vec![
        ("api_key", hidden(api_key)),
        ("secret", hidden(secret)),
        ("cdn", SettingValue::Integer(158)),
        ("apps", apps),
    ]
}

fn all() -> SettingValue {
    SettingValue::Text("all".to_owned())
}

fn of_named_applications() -> Subject {
    let window = day("2026-09-03");
    Subject {
        provider: Arc::new(ScaleEngine),
        dataset: "video_usage",
        now: now(),
        accepted: || settings(API_KEY, SECRET, named(&NAMES)),
        // Refused and yet the same canaries: a source can keep quiet about no credentials but its own.
        refused: || settings(SECRET, API_KEY, named(&NAMES)),
        canaries: [API_KEY, SECRET].map(str::to_owned).to_vec(),
        rows: Scene { api: || api_that_keeps(100), window },
        small_page: 3,
        nothing: Scene { api: || api_that_keeps(0), window },
        required: OF_USAGE,
        about_one: None,
        echoes: false,
    }
}

fn of_listed_applications() -> Subject {
    Subject {
        accepted: || settings(API_KEY, SECRET, all()),
        refused: || settings(API_KEY, API_KEY, all()),
        required: OF_APPS,
        ..of_named_applications()
    }
}

#[tokio::test]
async fn scaleengine_keeps_the_contract_of_extractors() {
    for subject in [of_named_applications(), of_listed_applications()] {
        assert_eq!(run_all(&subject).await.not_applicable, NOT_APPLICABLE);
    }
}
