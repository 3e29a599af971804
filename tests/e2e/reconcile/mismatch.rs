//! A mismatch is published, named, and keeps a month from being closed; honest data are clean.

use serde_json::{Value, json};

use super::Books;

const NOW: &str = "2026-09-05T12:00:00Z";
const DAYS: [&str; 4] = ["--from", "2026-09-02", "--to", "2026-09-04"];
const GATE: [&str; 7] = ["status", "--from", "2026-09-02", "--to", "2026-09-04", "--require", "final"];

fn with<'a>(command: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    [command].into_iter().chain(rest.iter().copied()).collect()
}

/// The comparisons of an audit that came to `verdict`.
fn of_verdict<'a>(report: &'a Value, verdict: &str) -> Vec<&'a Value> {
    let checks = report["checks"].as_array().expect("a list of checks");
    checks.iter().filter(|check| check["verdict"] == verdict).collect()
}

#[test]
fn honest_data_reconcile() {
    let books = Books::of_final_days(NOW, "2026-09-02");
    books.json(&with("backfill", &DAYS)).expect_code(0);
    let report = books.json(&with("audit", &DAYS)).expect_code(0).json();
    assert_eq!(of_verdict(&report, "match").len(), 2 * 4);
    assert_eq!(report["checks"].as_array().map(Vec::len), Some(2 * 4));
    assert!(of_verdict(&report, "match").iter().any(|check| check["ours"] != "0"), "{report}");
    books.highwater(&GATE).run().expect_code(0);
    let duckdb = books.warehouse().duckdb();
    let verdicts = "SELECT string_agg(DISTINCT verdict || '/' || state, ',') FROM coverage_reported \
                    WHERE usage_date IN (DATE '2026-09-02', DATE '2026-09-03')";
    assert_eq!(duckdb.value(verdicts), "match/final");
    let differences = "SELECT count(*) FROM control_totals_reported WHERE abs(difference) > tolerance OR verdict <> 'match'";
    assert_eq!(duckdb.value(differences), 0);
}

#[test]
fn a_mismatch_found_by_the_run_is_published_and_shown() {
    let books = Books::of_final_days(NOW, "2026-09-02");
    books.under_report();
    let outcome = books.json(&with("backfill", &DAYS)).expect_code(3);
    assert_eq!(outcome.json()["mismatched"], 2);
    assert!(outcome.stderr.contains("resource_usage.delivered_seconds"), "{}", outcome.stderr);
    let duckdb = books.warehouse().duckdb();
    assert!(duckdb.value("SELECT count(*) FROM resource_usage_reported").as_i64() > Some(100));
    books.highwater(&GATE).run().expect_code(3);
}

#[test]
fn a_mismatch_found_by_an_audit_is_named_to_dataset_window_and_measure() {
    let books = Books::of_final_days(NOW, "2026-09-02");
    books.json(&with("backfill", &DAYS)).expect_code(0);
    books.highwater(&GATE).run().expect_code(0);
    books.under_report();
    let day = ["--from", "2026-09-03", "--to", "2026-09-04"];
    let report = books.json(&with("audit", &day)).expect_code(3).json();
    let found = of_verdict(&report, "mismatch");
    let named =
        |check: &&Value| json!([check["source"], check["dataset"], check["window"], check["measure"]]);
    let window = ["2026-09-03T00:00:00Z", "2026-09-04T00:00:00Z"];
    assert_eq!(
        found.iter().map(named).collect::<Vec<_>>(),
        [
            json!(["env", "delivery_usage", window, "resource_usage.delivered_seconds"]),
            json!(["env", "delivery_usage", window, "resource_usage_by_rendition.delivered_seconds"]),
        ]
    );
    assert!(
        found.iter().all(|check| check["difference"].as_str().is_some_and(|text| !text.starts_with('-')))
    );

    let covered = "SELECT string_agg(DISTINCT usage_date || ' ' || verdict, ',' ORDER BY usage_date || ' ' || verdict) \
                   FROM coverage_reported WHERE verdict IS NOT NULL";
    assert_eq!(books.warehouse().duckdb().value(covered), "2026-09-02 match,2026-09-03 mismatch");
    books.highwater(&GATE).run().expect_code(3);

    books.api.change(|behaviour| behaviour.reported_per_mille_of_long_spans = 1000);
    books.json(&with("audit", &day)).expect_code(0);
    books.highwater(&GATE).run().expect_code(0);
    assert_eq!(books.warehouse().duckdb().value(covered), "2026-09-02 match,2026-09-03 match");
}

#[test]
fn figures_are_asked_for_once_a_unit() {
    let books = Books::of_final_days(NOW, "2026-09-02");
    books.json(&with("backfill", &DAYS)).expect_code(0);
    let asked = books.server.traffic().requests;
    books.json(&with("backfill", &DAYS)).expect_code(0);
    books.json(&["run"]).expect_code(0);
    let hours = 24 + 24;
    let (days, later) = (2, books.server.traffic().requests - asked);
    assert_eq!(asked, hours + days);
    // The rest up to now: one whole day with its figures, and a part of one.
    assert_eq!(later, 24 + 1);
}
