//! Who we are, and what refusals mean.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use highwater_core::{ErrorKind, ManualClock, PageRequest, Provider, Secret, SettingValue, Settings, Table};
use highwater_extract_wowza::Wowza;
use highwater_http::SystemClock;
use highwater_simulator::wowza::{AccountState, FOREIGN_ID, WowzaApi, WowzaBehaviour, WowzaCredentials};
use highwater_simulator::{Fault, RetryAfter};

use crate::rig::{Rig, context, dataset, day, now, pull_from, secret, settings};

const DAY: &str = "2026-09-20";

fn keys(settings: &mut Settings, version: &str, sign: bool) {
    let credentials = WowzaCredentials::default();
    settings.insert("api_key", secret(&credentials.api_key));
    settings.insert("access_key", secret(&credentials.access_key));
    settings.insert("sign", SettingValue::Flag(sign));
    settings.insert("api_version", SettingValue::Text(version.to_owned()));
}

#[tokio::test]
async fn tokens_keys_and_signatures_are_accepted_where_the_version_takes_them() {
    for version in ["v1.8", "v1.9", "v1.10", "beta"] {
        let rig = Rig::with(WowzaApi::default(), |settings| {
            settings.insert("token", secret(&WowzaCredentials::default().token));
            settings.insert("api_version", SettingValue::Text(version.to_owned()));
        })
        .await;
        rig.extractor.probe().await.unwrap_or_else(|error| panic!("{version} {error:?}"));
        assert!(rig.server.log()[0].target.starts_with(&format!("/api/{version}/usage/")));
    }
    for (version, sign) in [("v1.8", false), ("v1.8", true), ("beta", false), ("beta", true)] {
        let rig = Rig::with(WowzaApi::default(), |settings| keys(settings, version, sign)).await;
        let probe = rig.extractor.probe().await.unwrap_or_else(|error| panic!("{version} {sign} {error:?}"));
        assert!(probe.server_time.is_some());
        assert!(
            !rig.pull("account", day(DAY)).await.unwrap().recording.rows.is_empty(),
            "with a filter in the query"
        );
    }
}

#[tokio::test]
async fn each_try_is_signed_anew() {
    let clock = ManualClock::new(now());
    let rig =
        Rig::at(Arc::new(clock.clone()), WowzaApi::default(), |settings| keys(settings, "v1.8", true)).await;
    // The first try takes longer than a signature counts.
    let first = AtomicBool::new(true);
    let late = Fault::too_many_requests(RetryAfter::Absent).when(move |_| {
        if first.swap(false, Ordering::SeqCst) {
            clock.advance(Duration::from_secs(20));
        }
        true
    });
    rig.server.faults().add(late.first(1));
    rig.extractor.probe().await.unwrap();
    assert_eq!(rig.extractor.traffic().count().retries, 1);
}

#[tokio::test]
async fn an_expired_token_stops_the_source_after_one_request_and_says_what_to_renew() {
    let expired = WowzaCredentials::default().expired_token;
    let rig = Rig::with(WowzaApi::default(), |settings| settings.insert("token", secret(&expired))).await;
    let error = rig.pull("transcoders", day(DAY)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.hint().contains("JWT has run out"), "{}", error.hint());
    assert_eq!(rig.server.traffic().requests, 1, "401 is not retried");
    assert!(!format!("{error:?} {}", error.hint()).contains(expired.expose()));
}

#[tokio::test]
async fn a_token_that_runs_out_in_the_middle_stops_there() {
    let behaviour = WowzaBehaviour { token_lives_for: Some(3), ..WowzaBehaviour::default() };
    let rig = Rig::new(WowzaApi::default().with_behaviour(behaviour)).await;
    let error = rig.pull("transcoder_viewing", day(DAY)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(rig.server.traffic().requests, 4);
}

#[tokio::test]
async fn a_blocked_account_is_not_taken_for_a_wrong_token() {
    for (state, word) in [
        (AccountState::BadStatus, "billing"),
        (AccountState::TrialExceeded, "trial"),
        (AccountState::FeatureNotEnabled, "plan"),
    ] {
        let behaviour = WowzaBehaviour { account_state: state, ..WowzaBehaviour::default() };
        let rig = Rig::new(WowzaApi::default().with_behaviour(behaviour)).await;
        let error = rig.extractor.probe().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Auth);
        assert!(error.hint().contains(word), "{}", error.hint());
        assert_eq!(rig.server.traffic().requests, 1);
    }
}

#[tokio::test]
async fn one_resource_that_is_refused_missing_or_deleted_is_gone() {
    let rig = Rig::new(WowzaApi::default()).await;
    let dataset = dataset(rig.extractor.as_ref(), "transcoder_viewing");
    let list = rig.pull("transcoders", day("2026-09-25")).await.unwrap();
    let used = list.recording.of(Table::ResourceUsage);
    let used: BTreeSet<&str> = used.iter().map(|row| row.cell("resource_id")).collect();
    let described = list.recording.of(Table::Resources);
    let mut removed = described.iter().filter(|row| row.cell("archived") == "true");
    let deleted = removed.find(|row| used.contains(row.cell("resource_id")));
    let deleted = deleted.expect("one was deleted on that day").cell("resource_id");
    for id in [FOREIGN_ID, "n0such1d", deleted, "summary", ".."] {
        let request = PageRequest::new("transcoder", day(DAY)).with_id(id);
        let pulled = pull_from(rig.extractor.as_ref(), &dataset, vec![request]).await.unwrap();
        assert_eq!(pulled.gone, [id]);
    }
}

#[tokio::test]
async fn a_wrong_token_is_named_as_such() {
    let wrong = Secret::new("somebody.elses.token".to_owned());
    let rig = Rig::with(WowzaApi::default(), |settings| settings.insert("token", secret(&wrong))).await;
    let error = rig.extractor.probe().await.unwrap_err();
    assert!(error.hint().contains("whole token"), "{}", error.hint());
}

#[test]
fn a_credential_that_was_not_read_is_a_matter_of_the_configuration() {
    let unread = settings(|settings| settings.insert("token", SettingValue::Secret(None)));
    let error = Wowza.connect(&unread, context(&unread, Arc::new(SystemClock))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`token`"), "{error}");
}
