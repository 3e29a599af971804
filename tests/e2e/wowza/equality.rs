//! A backfill of every dataset is the simulated world, row by row.

use std::fmt::Write;

use super::{Account, NOW, RANGE, eventful, expected, expected::Rows, windows};
use crate::duckdb::DuckDb;

/// Compares queries pair by pair in one session, and names the pairs that differ or are empty.
#[track_caller]
pub(super) fn assert_equal(duckdb: &DuckDb, pairs: &[(String, String, String)]) {
    let mut sql = String::new();
    for (name, ours, theirs) in pairs {
        let union = if sql.is_empty() { "" } else { " UNION ALL " };
        write!(
            sql,
            "{union}SELECT '{name}' AS name, (SELECT count(*) FROM ({ours})) AS rows, \
             (SELECT count(*) FROM (({ours} EXCEPT ALL ({theirs})) UNION ALL (({theirs}) EXCEPT ALL {ours}))) AS differing"
        )
        .expect("text grows without error");
    }
    let compared = duckdb.query(&sql);
    assert_eq!(compared.len(), pairs.len());
    let odd: Vec<_> = compared.iter().filter(|row| row["rows"] == 0 || row["differing"] != 0).collect();
    assert!(odd.is_empty(), "these are empty or differ: {odd:#?}");
}

/// The rows of a dataset in the warehouse, and those that must be there.
pub(super) fn pairs(dataset: &str, expected: &[Rows]) -> Vec<(String, String, String)> {
    let pair = |rows: &Rows| {
        let Rows { table, columns, sql } = rows;
        let ours = format!("SELECT {columns} FROM {table}_reported WHERE dataset = '{dataset}'");
        (format!("{dataset}: {table}"), ours, sql.clone())
    };
    expected.iter().map(pair).collect()
}

/// Every dataset but the live ones equals the world of `range` as it is told at `now`.
#[track_caller]
pub(super) fn assert_equals_world(account: &Account, now: &str, range: (&str, &str)) {
    assert_datasets_equal_world(account, now, range, &|_| true);
}

/// The datasets that `wanted` picks equal the world of `range` as it is told at `now`.
#[track_caller]
pub(super) fn assert_datasets_equal_world(
    account: &Account,
    now: &str,
    range: (&str, &str),
    wanted: &dyn Fn(&str) -> bool,
) {
    let all: Vec<_> = expected::datasets()
        .iter()
        .filter(|(dataset, _)| wanted(dataset))
        .flat_map(|(dataset, rows)| pairs(dataset, rows))
        .collect();
    assert!(!all.is_empty());
    assert_equal(&account.duckdb(now, range), &all);
}

#[test]
fn ten_days_of_every_dataset_equal_the_world_and_a_second_run_asks_for_nothing_and_writes_nothing() {
    let account = Account::new(NOW, &eventful());
    let outcome = account.backfill(NOW, RANGE, &[]).run().expect_code(0);
    assert_eq!(windows(&outcome, "loaded") + windows(&outcome, "empty"), 10 * (3 * 24 + 11));
    assert_eq!(outcome.json()["rejected_rows"], 0);
    assert_equals_world(&account, NOW, RANGE);

    let (requests, contents) = (account.requests(), account.contents(""));
    let again = account.backfill(NOW, RANGE, &[]).run().expect_code(0);
    assert_eq!(
        (again.json()["requests"].as_u64(), again.json()["objects_written"].as_u64()),
        (Some(0), Some(0))
    );
    assert_eq!(account.requests(), requests);
    let (before, after): (Vec<_>, Vec<_>) = (contents.keys().collect(), account.warehouse().files(""));
    assert_eq!(before, after.iter().collect::<Vec<_>>());
    let changed: Vec<_> = account
        .contents("")
        .into_iter()
        .filter(|(file, bytes)| contents[file] != *bytes)
        .map(|(file, _)| file)
        .collect();
    assert!(changed.is_empty(), "{changed:?}");
}
