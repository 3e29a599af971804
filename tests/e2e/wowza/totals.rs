//! Parts and wholes agree: hours with their day, resources with summaries, parts with the account.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Account, NOW, eventful};

/// Days in which a transcoder and a VOD stream are created, and others deleted.
const DAYS: (&str, &str) = ("2026-09-21", "2026-09-26");

fn loaded() -> Account {
    let account = Account::new(NOW, &eventful()).without_archive();
    account.configure("");
    account.backfill(NOW, DAYS, &[]).run().expect_code(0);
    account
}

#[test]
fn the_hours_of_transcoders_add_up_to_the_summary_of_their_day() {
    let account = loaded();
    let hours = "SELECT usage_date, sum(egress_seconds) AS seconds, sum(egress_bytes)::HUGEINT AS bytes \
                 FROM resource_usage_reported WHERE dataset = 'transcoders' GROUP BY ALL ORDER BY ALL";
    let summary = "SELECT usage_date, sum(egress_seconds) AS seconds, sum(egress_bytes)::HUGEINT AS bytes \
                   FROM account_usage_by_configuration_reported GROUP BY ALL ORDER BY ALL";
    let duckdb = account.warehouse().duckdb();
    let by_day = duckdb.query(hours);
    assert_eq!(by_day.len(), 5);
    assert_eq!(by_day, duckdb.query(summary));

    let day = &by_day[2];
    let date = day["usage_date"].as_str().expect("a date");
    let told = raw(&account, "transcoder_summary", (date, "2026-09-24"));
    assert_eq!(format!("{}.000000", told["summary"]["egress_seconds"]), day["seconds"]);
    assert_eq!(told["summary"]["egress_bytes"].to_string(), day["bytes"].to_string().replace('"', ""));
}

#[test]
fn the_hours_of_vod_streams_add_up_to_their_part_of_the_account() {
    let account = loaded();
    let hours = "SELECT usage_date, sum(delivered_seconds) AS seconds, sum(delivered_bytes)::HUGEINT AS bytes, \
                 sum(egress_bytes)::HUGEINT AS egress FROM resource_usage_reported WHERE resource_type = 'vod_stream' \
                 GROUP BY ALL ORDER BY ALL";
    let part = "SELECT usage_date, delivered_seconds AS seconds, delivered_bytes::HUGEINT AS bytes, \
                egress_bytes::HUGEINT AS egress FROM account_usage_reported WHERE scope = 'vod_streams' ORDER BY ALL";
    let duckdb = account.warehouse().duckdb();
    let by_day = duckdb.query(hours);
    assert_eq!(by_day.len(), 5);
    assert_eq!(by_day, duckdb.query(part));
}

#[test]
fn the_parts_never_exceed_the_accounts_total() {
    let account = loaded();
    let sums = "SELECT sum(delivered_seconds)::BIGINT AS viewing_seconds, sum(delivered_bytes)::BIGINT AS viewing_bytes, \
                sum(egress_seconds)::BIGINT AS egress_seconds, sum(egress_bytes)::BIGINT AS egress_bytes, \
                sum(egress_seconds_additional_targets)::BIGINT AS egress_seconds_additional_targets \
                FROM account_usage_reported";
    let ours = account.warehouse().duckdb().query(sums).remove(0);
    let theirs = &raw(&account, "account", DAYS)["account"];
    for (measure, ours) in &ours {
        let (ours, theirs) = (ours.as_u64().expect("a sum"), theirs[measure].as_u64().expect("a total"));
        assert!(0 < ours && ours <= theirs, "{measure}: {ours} of {theirs}");
    }
    let some_is_not_itemised = ours["viewing_seconds"] != theirs["viewing_seconds"];
    assert!(some_is_not_itemised, "the account uses something beside its parts");
}

#[test]
fn no_table_holds_a_total_beside_its_parts() {
    // Before anything is deleted, so that every resource still tells of itself.
    let now = "2026-09-25T06:00:00Z";
    let account = Account::new(now, &eventful()).without_archive();
    account.backfill(now, ("2026-09-22", "2026-09-24"), &[]).run().expect_code(0);
    let watched = "SELECT sum(delivered_seconds) FROM resource_usage_reported \
                   UNION ALL SELECT sum(delivered_seconds) FROM account_usage_reported \
                   UNION ALL SELECT sum(delivered_seconds) FROM account_usage_by_country_reported \
                   UNION ALL SELECT sum(delivered_seconds) FROM account_viewing_trend_reported \
                   UNION ALL SELECT sum(delivered_seconds) FROM resource_usage_by_country_reported";
    let sums = format!("SELECT count(DISTINCT s), count(s) FROM (SELECT * FROM ({watched}) t(s))");
    let row = account.warehouse().duckdb().query(&sums).remove(0);
    assert_eq!(row.values().cloned().collect::<Vec<_>>(), [Value::from(1), Value::from(5)]);
}

/// What an audit of two final days says: of each dataset, the verdicts on what the provider's own totals tell.
fn audited(account: &Account, code: i32) -> BTreeMap<String, BTreeSet<String>> {
    let audit = ["audit", "--from", "2026-09-22", "--to", "2026-09-24", "--format", "json"];
    let audit = account.highwater(NOW, &audit).run().expect_code(code).json();
    let checks =
        audit["checks"].as_array().expect("checks").iter().filter(|check| check["measure"] != "rows");
    let mut verdicts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for check in checks {
        let [dataset, verdict] =
            ["dataset", "verdict"].map(|field| check[field].as_str().expect("text").to_owned());
        verdicts.entry(dataset).or_default().insert(verdict);
    }
    verdicts
}

#[test]
fn summaries_and_the_accounts_total_are_control_totals() {
    let only = |verdict: &str| BTreeSet::from([verdict.to_owned()]);
    let controlled = ["transcoders", "transcoder_summary", "vod_streams", "vod_egress"];
    let account = Account::new(NOW, &eventful()).without_archive();
    account.backfill(NOW, ("2026-09-22", "2026-09-24"), &[]).run().expect_code(0);
    let mut verdicts = audited(&account, 0);
    let of_account = verdicts.remove("account").expect("the account has totals");
    assert!(of_account.contains("not_itemised") && !of_account.contains("mismatch"), "{of_account:?}");
    assert_eq!(verdicts, BTreeMap::from(controlled.map(|dataset| (dataset.to_owned(), only("match")))));

    account.api.set_behaviour(|behaviour| behaviour.summary_disagrees = true);
    let verdicts = audited(&account, 3);
    for dataset in controlled {
        assert_eq!(verdicts[dataset], only("mismatch"), "{dataset}");
    }
}

/// The body of an operation without an id.
fn raw(account: &Account, operation: &str, range: (&str, &str)) -> Value {
    let arguments = ["fetch", "wz", operation, "--raw", "--from", range.0, "--to", range.1];
    account.highwater(NOW, &arguments).run().expect_code(0).json()
}
