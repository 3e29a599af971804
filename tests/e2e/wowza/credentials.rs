//! The ways to authenticate, and what happens when the account is refused.

use highwater_core::Secret;
use highwater_simulator::wowza::{AccountState, WowzaBehaviour, WowzaCredentials};

use super::{
    Account, NOW,
    equality::{assert_equal, assert_equals_world, pairs},
    eventful, expected, windows,
};
use crate::process::Invocation;

const DAY: (&str, &str) = ("2026-09-22", "2026-09-23");

const KEYS: &str = "api_key = { env = \"WZ_API_KEY\" }\naccess_key = { env = \"WZ_ACCESS_KEY\" }\n";

fn with_keys(invocation: Invocation) -> Invocation {
    let WowzaCredentials { api_key, access_key, .. } = WowzaCredentials::default();
    invocation.env("WZ_API_KEY", api_key.expose()).env("WZ_ACCESS_KEY", access_key.expose())
}

#[test]
fn keys_and_signatures_load_what_a_token_loads() {
    for (settings, version) in [
        ("api_version = \"v1.8\"\n", "/api/v1.8/"),
        ("api_version = \"v1.8\"\nsign = true\n", "/api/v1.8/"),
        ("api_version = \"beta\"\nsign = true\n", "/api/beta/"),
    ] {
        let account = Account::new(NOW, &eventful());
        account.configure_credentials(&format!("{KEYS}{settings}"));
        with_keys(account.backfill(NOW, DAY, &["vod_streams"])).run().expect_code(0);
        let expected = [expected::listed("vod_streams", "hour"), expected::described("vod_streams", "hour")];
        assert_equal(&account.duckdb(NOW, DAY), &pairs("vod_streams", &expected));
        assert!(account.server.log().iter().all(|request| request.target.starts_with(version)));
    }
}

#[test]
fn a_wrong_signing_key_costs_one_request_and_is_told_with_what_to_check() {
    let account = Account::new(NOW, &eventful());
    account.configure_credentials(&format!("{KEYS}api_version = \"v1.8\"\nsign = true\n"));
    let run = with_keys(account.highwater(NOW, &["run", "-vv"]));
    let outcome =
        run.env("WZ_API_KEY", "canaryWrong".repeat(6)).env("RUST_LOG", "trace").run().expect_code(4);
    assert_eq!(account.requests(), 1);
    assert!(outcome.stderr.contains("api_key and access_key"), "{}", outcome.stderr);
    for secret in ["canaryWrong", &"A".repeat(64)] {
        assert!(!outcome.stderr.contains(secret) && !outcome.stdout.contains(secret));
    }
    assert!(account.kept_data().is_empty());
}

#[test]
fn a_combination_that_cannot_work_is_refused_before_anything_is_asked() {
    let account = Account::new(NOW, &eventful());
    for (settings, wanted) in [
        (format!("{KEYS}api_version = \"v1.10\"\n"), "api_version = \"v1.8\""),
        ("token = { env = \"WZ_TOKEN\" }\nsign = true\n".to_owned(), "api_key"),
        ("token = { env = \"WZ_TOKEN\" }\napi_version = \"v1.7\"\n".to_owned(), "other field names"),
        ("token = { env = \"WZ_TOKEN\" }\napi_version = \"v1.11\"\n".to_owned(), "other paths"),
        ("token = { env = \"WZ_TOKEN\" }\napi_version = \"v2.0\"\n".to_owned(), "other paths"),
        ("token = { env = \"WZ_TOKEN\" }\napi_version = \"1.10\"\n".to_owned(), "v1.10"),
        (format!("token = {{ env = \"WZ_TOKEN\" }}\n{KEYS}api_version = \"v1.8\"\n"), "not with both"),
    ] {
        account.configure_credentials(&settings);
        let outcome = with_keys(account.highwater(NOW, &["run"])).run().expect_code(2);
        assert!(outcome.stderr.contains(wanted), "{settings} should say {wanted}:\n{}", outcome.stderr);
    }
    assert_eq!(account.requests(), 0);
}

#[test]
fn each_way_an_account_is_blocked_ends_at_once_with_its_own_hint() {
    for (state, hint) in [
        (AccountState::BadStatus, "billing"),
        (AccountState::TrialExceeded, "trial is used up"),
        (AccountState::FeatureNotEnabled, "plan does not have"),
    ] {
        let account_state = WowzaBehaviour { account_state: state, ..WowzaBehaviour::default() };
        let account = Account::behaving(NOW, &eventful(), account_state);
        let outcome = account.highwater(NOW, &["run"]).run().expect_code(4);
        assert_eq!(account.requests(), 1, "a refusal is not asked for again");
        assert!(outcome.stderr.contains(hint), "{state:?} should say {hint}:\n{}", outcome.stderr);
    }
}

#[test]
fn a_token_that_runs_out_in_the_middle_of_a_backfill_keeps_what_is_loaded_and_a_new_one_completes_it() {
    let range = ("2026-09-22", "2026-09-25");
    let short_lived = WowzaBehaviour { token_lives_for: Some(150), ..WowzaBehaviour::default() };
    let account = Account::behaving(NOW, &eventful(), short_lived).without_archive();

    let cut_short = account.backfill(NOW, range, &[]).run().expect_code(4);
    let loaded = windows(&cut_short, "loaded");
    assert!(loaded > 0, "{}", cut_short.stdout);
    assert!(cut_short.stderr.contains("make a new one in Wowza's token portal"), "{}", cut_short.stderr);
    assert!(cut_short.stderr.contains("what is loaded stays"), "{}", cut_short.stderr);
    let duckdb = account.duckdb(NOW, range);
    let kept = "SELECT count(*) FROM resource_usage_reported WHERE dataset = 'transcoders'";
    assert!(duckdb.value(kept).as_i64() > Some(0));
    let strange = "SELECT count(*) FROM (SELECT resource_id, bucket_start, egress_bytes FROM resource_usage_reported \
         WHERE dataset = 'transcoders' EXCEPT ALL SELECT resource_id, bucket_start, egress_bytes FROM told WHERE fact = 'transcoder_hour')";
    assert_eq!(duckdb.value(strange), 0, "what is there is right");
    let objects = account.warehouse().files("data");

    let still_old = account.backfill(NOW, range, &[]).run().expect_code(4);
    assert_eq!(still_old.json()["requests"], 1, "an expired token is tried once");
    assert!(objects.iter().all(|file| account.warehouse().files("data").contains(file)));

    account.api.set_behaviour(|behaviour| behaviour.token_lives_for = None);
    account.api.renew_token(Secret::new("canary.new.token".to_owned()));
    let before = account.requests();
    let rest = account.backfill(NOW, range, &[]).env("WZ_TOKEN", "canary.new.token").run().expect_code(0);
    let all = 3 * (3 * 24 + 11);
    assert_eq!(windows(&rest, "loaded") + windows(&rest, "empty") + loaded, all, "only the rest is loaded");
    assert_eq!(rest.json()["requests"], account.requests() - before);
    assert_equals_world(&account, NOW, range);
}
