//! Answers in each form that the provider's pages leave open give the same rows.

use highwater_simulator::wowza::{LastPage, PayloadVersion, WowzaBehaviour};

use super::{
    Account, BY_RESOURCE, NOW, enabled,
    equality::{assert_equal, assert_equals_world, pairs},
    eventful, expected,
};

const DAY: (&str, &str) = ("2026-09-22", "2026-09-23");

#[test]
fn figures_and_keys_in_every_form_give_the_rows_of_the_world() {
    let odd = WowzaBehaviour {
        payload_version: PayloadVersion::Number,
        plural_account_key: true,
        viewing_bytes_typo: true,
        numbers_as_strings: true,
        ..WowzaBehaviour::default()
    };
    let account = Account::behaving(NOW, &eventful(), odd).without_archive();
    account.configure(&enabled(&BY_RESOURCE));
    account.backfill(NOW, DAY, &[]).run().expect_code(0);
    assert_equals_world(&account, NOW, DAY);
}

#[test]
fn every_form_of_the_last_page_ends_a_list() {
    for last_page in [LastPage::Omitted, LastPage::Null, LastPage::Empty, LastPage::Repeated] {
        let account =
            Account::behaving(NOW, &eventful(), WowzaBehaviour { last_page, ..WowzaBehaviour::default() });
        account.configure("page_size = 3\n");
        account.backfill(NOW, DAY, &["vod_streams"]).run().expect_code(0);
        let rows = [expected::listed("vod_streams", "hour"), expected::described("vod_streams", "hour")];
        assert_equal(&account.duckdb(NOW, DAY), &pairs("vod_streams", &rows));
    }
}

#[test]
fn a_field_that_is_new_changes_no_row_and_is_said() {
    let account = Account::behaving(
        NOW,
        &eventful(),
        WowzaBehaviour { added_field: true, ..WowzaBehaviour::default() },
    );
    let outcome = account.backfill(NOW, DAY, &[]).run().expect_code(0);
    assert!(outcome.stderr.contains("carbon_grams"), "{}", outcome.stderr);
    assert_equals_world(&account, NOW, DAY);
}

#[test]
fn words_that_no_page_lists_are_kept_as_they_are() {
    let account = Account::behaving(
        NOW,
        &eventful(),
        WowzaBehaviour { unknown_words: true, ..WowzaBehaviour::default() },
    );
    account.backfill(NOW, DAY, &["transcoders", "vod_streams", "transcoder_summary"]).run().expect_code(0);
    let duckdb = account.warehouse().duckdb();
    for (table, column, word) in [
        ("resources", "billing_mode", "reserved"),
        ("resources", "type", "wowza_cdn"),
        ("account_usage_by_configuration", "billing_mode", "reserved"),
    ] {
        let kept = format!("SELECT count(*) FROM {table}_reported WHERE {column} = '{word}'");
        assert!(duckdb.value(&kept).as_i64() > Some(0), "{table}.{column}");
    }
}

#[test]
fn a_figure_that_cannot_be_is_set_aside_and_its_window_loads() {
    let spoiled =
        WowzaBehaviour { spoiled_field: Some("egress_bytes".to_owned()), ..WowzaBehaviour::default() };
    let account = Account::behaving(NOW, &eventful(), spoiled);
    // Not final yet, so that no control total is there to miss the rows that were set aside.
    let outcome = account.backfill(NOW, ("2026-09-27", "2026-09-28"), &["transcoders"]).run().expect_code(0);
    assert_eq!(outcome.json()["rejected_rows"], 24, "the first row of each hour");
    assert_eq!(outcome.json()["windows"]["failed"], 0);
    assert_eq!(account.warehouse().files("rejects").len(), 24);
}

#[test]
fn a_figure_that_is_missing_fails_its_windows_and_names_operation_and_path() {
    let without =
        WowzaBehaviour { missing_field: Some("egress_seconds".to_owned()), ..WowzaBehaviour::default() };
    let account = Account::behaving(NOW, &eventful(), without);
    let outcome = account.backfill(NOW, DAY, &["transcoders", "vod_streams"]).run().expect_code(3);
    assert_eq!(outcome.json()["windows"]["failed"], 24);
    let status = ["status", "--dataset", "transcoders", "--format", "json"];
    let status = account.highwater(NOW, &status).run().expect_code(0).json();
    let error =
        status["sources"][0]["datasets"][0]["failed"][0]["error"].as_str().expect("an error").to_owned();
    assert!(error.contains("transcoders") && error.contains("transcoders[0].egress_seconds"), "{error}");
}
