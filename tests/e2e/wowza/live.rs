//! Live samples, under the real clock: a provider keeps them for an hour.

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{Clock, Grain, format_instant};
use highwater_http::SystemClock;
use highwater_simulator::wowza::{WowzaBehaviour, WowzaPlan};
use serde_json::json;

use super::{
    Account, LIVE, NOW,
    equality::{assert_equal, pairs},
    eventful, expected,
};

fn this_minute() -> DateTime<Utc> {
    Grain::Minute.floor(SystemClock.now())
}

/// What `act` leaves when all of it happens within one minute, so that one poll and one world are compared; with that
/// minute. A minute that ends meanwhile costs another attempt.
fn within_one_minute<T>(mut act: impl FnMut(DateTime<Utc>) -> T) -> (DateTime<Utc>, T) {
    for _ in 0..10 {
        let minute = this_minute();
        let left = act(minute);
        if this_minute() == minute {
            return (minute, left);
        }
    }
    panic!("no attempt ended in the minute in which it began");
}

/// An account in which the present is as usual, all the datasets of which have just run, twice.
fn sampled(behaviour: &WowzaBehaviour) -> (DateTime<Utc>, Account) {
    within_one_minute(|minute| {
        let plan = WowzaPlan {
            seed: eventful().seed,
            transcoders: 6,
            vod_streams: 8,
            ..WowzaPlan::ending_at(eventful().seed, minute)
        };
        let account = Account::in_real_time(&plan, behaviour.clone());
        let run = ["run", "--format", "json"];
        let selected = || LIVE.iter().flat_map(|dataset| ["--dataset", dataset]);
        account.highwater_now(&run).args(selected()).run().expect_code(0);
        account
    })
}

/// The live datasets equal the world of the past hour, as far as a poll in `minute` can tell of it.
#[track_caller]
fn assert_equals_world(account: &Account, minute: DateTime<Utc>) {
    let newest = minute - TimeDelta::minutes(1);
    let duckdb =
        account.beside_world(account.warehouse().duckdb(), minute, minute - TimeDelta::minutes(59), minute);
    let all: Vec<_> =
        [("transcoder_live", "transcoder"), ("vod_live", "vod_stream"), ("account_live", "account")]
            .iter()
            .flat_map(|(dataset, kind)| pairs(dataset, &[expected::live(kind, newest)]))
            .collect();
    assert_equal(&duckdb, &all);
}

#[test]
fn the_past_hour_by_the_minute_equals_the_world_and_is_asked_for_once() {
    for sixtieth_minute in [false, true] {
        let behaviour = WowzaBehaviour { sixtieth_minute, ..WowzaBehaviour::default() };
        let (minute, account) = sampled(&behaviour);
        assert_equals_world(&account, minute);
        let loaded = account.highwater_now(&["status", "--format", "json"]).run().expect_code(0).json();
        for dataset in loaded["sources"][0]["datasets"].as_array().expect("datasets") {
            if LIVE.iter().any(|live| dataset["dataset"] == *live) {
                let span = [minute - TimeDelta::minutes(59), minute].map(format_instant);
                assert_eq!(dataset["final"], json!([span]), "no revisit will come");
            }
        }
    }
}

#[test]
fn a_minute_that_has_been_sampled_is_not_asked_for_again() {
    let (_, (requests, contents, account)) = within_one_minute(|minute| {
        let account =
            Account::in_real_time(&WowzaPlan::ending_at(eventful().seed, minute), WowzaBehaviour::default());
        let run = || account.highwater_now(&["run", "--dataset", "account_live"]).run().expect_code(0);
        run();
        let first = (account.requests(), account.kept_data());
        run();
        (first.0, first.1, account)
    });
    assert!(requests > 0);
    assert_eq!(account.requests(), requests);
    assert!(account.kept_data() == contents);
}

#[test]
fn the_sixtieth_minute_of_an_hour_is_the_next_full_hour() {
    let behaviour = WowzaBehaviour { sixtieth_minute: true, ..WowzaBehaviour::default() };
    let account = Account::behaving("2026-09-29T12:20:30Z", &eventful(), behaviour);
    let fetch = |more: &str| {
        account.highwater("2026-09-29T12:20:30Z", &["fetch", "wz", "account_live", more]).run().expect_code(0)
    };
    let printed = fetch("--raw").stdout;
    assert_eq!(printed.matches("T11:60:00Z").count(), 1);
    assert!(!printed.contains("T12:00:00Z"));
    let rows = fetch("--format=csv").stdout;
    let full_hour: Vec<_> =
        rows.lines().filter(|row| row.contains("T12:00:00,2026-09-29T12:01:00")).collect();
    assert_eq!(full_hour.len(), 1, "{rows}");
}

#[test]
fn an_hour_missed_is_expired_and_says_so() {
    let (minute, account) = sampled(&WowzaBehaviour::default());
    let later = format_instant(minute + TimeDelta::hours(3) + TimeDelta::seconds(30));
    let status = ["status", "--dataset", "account_live", "--now", &later];
    let shown = account.highwater_now(&status).args(["--format", "json"]).run().expect_code(0).json();
    let dataset = &shown["sources"][0]["datasets"][0];
    let edge = minute + TimeDelta::minutes(121);
    let missed = [minute, edge].map(format_instant);
    assert_eq!(dataset["expired"], json!([missed]));
    let due = [edge, minute + TimeDelta::hours(3)].map(format_instant);
    assert_eq!(dataset["missing"], json!([due]));
    let told = account.highwater_now(&status).run().expect_code(0);
    let said = format!("{}{}", told.stdout, told.stderr);
    assert!(said.contains("wz/account_live: lost for good") && said.contains(&missed[0]), "{said}");
}

#[test]
fn the_present_is_never_planned_for_another_now() {
    let account = Account::new(NOW, &eventful());
    let plan = account.highwater(NOW, &["plan", "--format", "json"]).run().expect_code(0).json();
    let units = plan["units"].as_array().expect("units");
    assert!(!units.is_empty());
    assert!(!units.iter().any(|unit| LIVE.iter().any(|live| unit["dataset"] == *live)), "{plan}");
}
