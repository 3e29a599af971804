//! Resources that appear, vanish or lie idle.

use highwater_simulator::wowza::{ArchivedIds, Shrink, WowzaBehaviour, WowzaPlan};

use super::{Account, NOW, RANGE, equality::assert_equals_world, eventful, windows};
use crate::duckdb::DuckDb;

/// First and last bucket in which a table tells of each transcoder of one kind of event, and the days between.
fn lives(duckdb: &DuckDb, table: &str, dataset: &str, which: &str) -> serde_json::Value {
    let sql = format!(
        "SELECT strftime(min(bucket_start), '%d %H') || ' to ' || strftime(max(bucket_end), '%d %H') FROM {table}_reported \
         WHERE dataset = '{dataset}' AND resource_id IN (SELECT resource_id FROM told WHERE fact = 'resource' AND \
           resource_type = 'transcoder' AND {which})"
    );
    duckdb.value(&sql)
}

#[test]
fn a_new_a_deleted_and_an_archived_transcoder_are_told_of_while_they_are_there() {
    let account = Account::new(NOW, &eventful()).without_archive();
    account.configure("datasets.transcoder_viewing = { enabled = true }\n");
    account.backfill(NOW, RANGE, &["transcoders", "transcoder_viewing"]).run().expect_code(0);
    let duckdb = account.duckdb(NOW, RANGE);
    let (new, deleted) = ("created_at = '2026-09-21 07:00:00'", "deleted_at IS NOT NULL");
    for table in ["resource_usage", "resources"] {
        assert_eq!(lives(&duckdb, table, "transcoders", new), "21 07 to 28 00", "{table}");
    }
    assert_eq!(lives(&duckdb, "resources", "transcoders", deleted), "18 00 to 25 15");
    assert_eq!(lives(&duckdb, "resources", "transcoders", "archived"), "18 00 to 28 00");
    assert_eq!(lives(&duckdb, "resource_usage", "transcoders", "archived"), serde_json::Value::Null);
    assert_eq!(lives(&duckdb, "resource_usage", "transcoder_viewing", new), "21 00 to 28 00");

    let flag = |which: &str| {
        format!(
            "SELECT DISTINCT archived FROM resources_reported WHERE resource_id IN (SELECT resource_id FROM told \
             WHERE fact = 'resource' AND resource_type = 'transcoder' AND {which})"
        )
    };
    assert_eq!(duckdb.value(&flag(deleted)), true);
    assert_eq!(duckdb.value(&flag("archived")), true);
    assert_eq!(duckdb.value(&flag(new)), false);
    let zero_of_flagged = "SELECT count(*) FROM resource_usage_reported WHERE dataset = 'transcoders' AND egress_seconds = 0 \
                           AND egress_bytes = 0 AND resource_id IN (SELECT resource_id FROM told WHERE fact = 'resource' AND flagged)";
    assert_eq!(duckdb.value(zero_of_flagged), 0);
    let zero_of_others =
        "SELECT count(*) FROM resource_usage_reported WHERE dataset = 'transcoders' AND egress_seconds = 0";
    assert!(
        duckdb.value(zero_of_others).as_i64() > Some(0),
        "zeros of resources in use are kept as they were told"
    );
}

#[test]
fn a_deleted_resource_is_recorded_and_does_not_fail_its_window() {
    let gone = WowzaBehaviour { archived_ids: ArchivedIds::Gone, ..WowzaBehaviour::default() };
    let account = Account::behaving(NOW, &eventful(), gone).without_archive();
    let day = ("2026-09-24", "2026-09-25");
    let outcome = account.backfill(NOW, day, &[]).run().expect_code(0);
    assert_eq!(windows(&outcome, "failed"), 0);
    assert_equals_world(&account, NOW, day);
    assert!(outcome.stderr.contains("gone"), "{}", outcome.stderr);
    let refused = account.server.log().iter().filter(|request| request.status == Some(410)).count();
    assert_eq!(
        refused, 7,
        "the deleted transcoder and the deleted VOD stream, once for each dataset that asks by id"
    );
}

#[test]
fn archived_resources_without_usage_cost_no_request() {
    let account = Account::new(NOW, &eventful()).without_archive();
    account.backfill(NOW, ("2026-09-22", "2026-09-23"), &[]).run().expect_code(0);
    let archived = account.duckdb(NOW, ("2026-09-22", "2026-09-23"));
    let archived = archived.query("SELECT resource_id FROM told WHERE fact = 'resource' AND archived");
    assert_eq!(archived.len(), 2);
    let log = account.server.log();
    for row in archived {
        let id = row["resource_id"].as_str().expect("an id");
        assert!(!log.iter().any(|request| request.target.contains(id)), "{id} was asked for");
    }
}

#[test]
fn an_idle_account_costs_one_request_a_window_and_next_to_no_space() {
    let nothing = WowzaPlan { transcoders: 0, vod_streams: 0, ..eventful() };
    let account = Account::new(NOW, &nothing);
    // Young enough that no unit is final, which is when its control totals are asked for.
    let days = ("2026-09-26", "2026-09-29");
    let outcome = account.backfill(NOW, days, &[]).run().expect_code(0);
    assert!(windows(&outcome, "empty") > 0);
    // Three lists by the hour, seven by the day; the summary; the account in three, its countries and trend in two answers.
    assert_eq!(account.requests(), 3 * (3 * 24 + 7 + 1 + 3 + 2 + 2));
    let lists = "SELECT count(*) FROM resource_usage_reported";
    assert_eq!(account.warehouse().duckdb().value(lists), 0, "the objects are there, without rows");
    let largest = account.kept_data().into_iter().map(|(file, bytes)| (bytes.len(), file)).max();
    assert!(largest.as_ref().is_some_and(|(bytes, _)| *bytes < 16 * 1024), "{largest:?}");
}

#[test]
fn a_list_that_has_lost_its_rows_does_not_take_the_published_ones_away() {
    let account = Account::new("2026-09-24T12:00:00Z", &eventful());
    let day = ("2026-09-23", "2026-09-24");
    account.backfill("2026-09-24T12:00:00Z", day, &["transcoders"]).run().expect_code(0);
    let before = account.kept_data();
    account.api.set_behaviour(|behaviour| behaviour.shrink = Shrink::Nothing);
    account.advance_hours(24);
    let revisit = account.backfill("2026-09-25T12:00:00Z", day, &["transcoders"]).run().expect_code(3);
    assert!(windows(&revisit, "held") > 0);
    let objects = |kept: std::collections::BTreeMap<String, Vec<u8>>| {
        kept.into_iter().filter(|(file, _)| file.starts_with("data/resource_usage/")).collect::<Vec<_>>()
    };
    assert!(objects(account.kept_data()) == objects(before), "what is published stays");
}

/// Loads a day, lets a transcoder be deleted, and revisits: what is published by id before and after.
fn deleted_before_revisit(arrange: impl FnOnce(Account) -> Account) -> [Vec<crate::duckdb::Row>; 2] {
    let (before, after) = ("2026-09-25T06:00:00Z", "2026-09-26T06:00:00Z");
    let day = ("2026-09-24", "2026-09-25");
    let account = arrange(Account::new(before, &WowzaPlan { transcoders: 60, ..eventful() }));
    account.configure("datasets.transcoder_viewing = { enabled = true }\n");
    account.backfill(before, day, &["transcoder_viewing"]).run().expect_code(0);
    let viewing =
        "SELECT resource_id, delivered_seconds, delivered_bytes FROM resource_usage_reported ORDER BY ALL";
    let told = account.warehouse().duckdb().query(viewing);
    account.advance_hours(24);
    account.backfill(after, day, &["transcoder_viewing"]).run().expect_code(0);
    [told, account.warehouse().duckdb().query(viewing)]
}

#[test]
fn a_resource_deleted_before_a_revisit_keeps_what_was_told_of_it() {
    let [told, revisited] = deleted_before_revisit(|account| account);
    assert!(!told.is_empty());
    assert_eq!(revisited, told);
}

#[test]
fn without_an_archive_too_a_deleted_resource_keeps_its_usage() {
    let [told, revisited] = deleted_before_revisit(Account::without_archive);
    assert_eq!(revisited, told);
}
