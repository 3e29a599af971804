//! Long lists, in both styles of paging.

use std::collections::BTreeSet;

use highwater_core::{ErrorKind, SettingValue, Table};
use highwater_simulator::Fault;
use highwater_simulator::wowza::{
    LastPage, PayloadVersion, WowzaApi, WowzaBehaviour, WowzaCredentials, WowzaPlan,
};
use serde_json::json;

use crate::rig::{Pulled, Rig, secret, window};

const HOUR: (&str, &str) = ("2026-09-10T10:00:00Z", "2026-09-10T11:00:00Z");

fn ids(pulled: &Pulled) -> BTreeSet<String> {
    let described = pulled.recording.of(Table::Resources);
    let ids: BTreeSet<String> = described.iter().map(|row| row.cell("resource_id").to_owned()).collect();
    assert_eq!(ids.len(), described.len(), "each once");
    ids
}

fn large() -> WowzaApi {
    WowzaApi::new(&WowzaPlan { transcoders: 2500, vod_streams: 2500, ..WowzaPlan::default() })
}

#[tokio::test]
async fn two_and_a_half_thousand_resources_take_three_pages_in_either_style() {
    let rig = Rig::new(large()).await;
    for name in ["transcoders", "vod_streams", "vod_egress"] {
        let pulled = rig.pull(name, window(HOUR.0, HOUR.1)).await.unwrap();
        let (listed, totals) = pulled.listed();
        // The late ones do not exist yet.
        assert_eq!((listed, totals), (2499, BTreeSet::from([2499])), "{name}");
        assert_eq!(pulled.facts.len(), 3, "{name}");
        if name != "vod_egress" {
            assert_eq!(ids(&pulled).len(), 2499, "{name}");
        }
    }
    let first = rig.pull("transcoders", window(HOUR.0, HOUR.1)).await.unwrap().facts.remove(0).1;
    assert_eq!(first.next.len(), 2, "numbered pages are all named by the first");
}

#[tokio::test]
async fn the_size_that_the_answer_echoes_counts() {
    let rig = Rig::new(large()).await;
    // A server that grants 700 rows a page, whatever is asked.
    rig.server.faults().add(
        Fault::edit_json(|body| {
            if let Some(rows) = body["transcoders"].as_array_mut() {
                rows.truncate(700);
                body["pagination"]["per_page"] = json!(700);
            }
        })
        .where_path_contains("per_page=1000"),
    );
    let pulled = rig.pull("transcoders", window(HOUR.0, HOUR.1)).await.unwrap();
    assert_eq!(pulled.listed().0, 2499);
    assert_eq!(pulled.facts.len(), 4);
    assert_eq!(ids(&pulled).len(), 2499);
}

#[tokio::test]
async fn the_last_page_ends_in_each_of_its_forms() {
    for last_page in [LastPage::Omitted, LastPage::Null, LastPage::Empty, LastPage::Repeated] {
        for payload_version in [PayloadVersion::Text, PayloadVersion::Number] {
            let behaviour = WowzaBehaviour { last_page, payload_version, ..WowzaBehaviour::default() };
            let rig = Rig::with(WowzaApi::default().with_behaviour(behaviour), |settings| {
                settings.insert("token", secret(&WowzaCredentials::default().token));
                settings.insert("page_size", SettingValue::Integer(6));
            })
            .await;
            for (name, pages, rows) in [("vod_streams", 4, 19), ("transcoders", 2, 11)] {
                let pulled = rig.pull(name, window(HOUR.0, HOUR.1)).await.unwrap();
                assert_eq!(pulled.facts.len(), pages, "{name} {last_page:?}");
                assert_eq!(ids(&pulled).len(), rows);
                assert_eq!(pulled.listed(), (rows as u64, BTreeSet::from([rows as u64])));
            }
        }
    }
}

#[tokio::test]
async fn a_list_may_change_its_style() {
    let rig = Rig::with(WowzaApi::default(), |settings| {
        settings.insert("token", secret(&WowzaCredentials::default().token));
        settings.insert("page_size", SettingValue::Integer(6));
    })
    .await;
    // The keyed style for transcoders: the second page is the last, and says the key that led to it.
    rig.server.faults().add(
        Fault::edit_json(|body| {
            let pagination = body["pagination"].as_object_mut().expect("pagination");
            pagination.remove("page");
            pagination.insert("next_page_key".to_owned(), json!("k2"));
        })
        .where_path_contains("/usage/transcoders?"),
    );
    let pulled = rig.pull("transcoders", window(HOUR.0, HOUR.1)).await.unwrap();
    let keys: Vec<_> = pulled.facts.iter().map(|(request, _)| request.param("next_page_key")).collect();
    assert_eq!(keys, [None, Some("k2")]);
}

#[tokio::test]
async fn another_page_than_the_one_asked_is_no_answer() {
    let rig = Rig::new(WowzaApi::default()).await;
    rig.server.faults().add(Fault::edit_json(|body| body["pagination"]["page"] = json!(7)));
    let error = rig.pull("transcoders", window(HOUR.0, HOUR.1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
}

#[tokio::test]
async fn a_total_beyond_reason_is_not_paged_through() {
    let rig = Rig::new(WowzaApi::default()).await;
    for (field, value) in
        [("total_records", json!(i64::MAX)), ("total_records", json!(-1)), ("per_page", json!(0))]
    {
        rig.server.faults().clear();
        rig.server.faults().add(Fault::edit_json(move |body| body["pagination"][field] = value.clone()));
        let error = rig.pull("transcoders", window(HOUR.0, HOUR.1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Drift);
        assert!(error.to_string().contains(&format!("path=`pagination.{field}`")), "{error}");
    }
}
