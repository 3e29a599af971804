//! The never-shrink guard and the operator's word, from the answer that shrank to what is published.

use highwater_simulator::mux::behaviour::Shrunken;
use serde_json::{Value, json};

use super::{
    at,
    site::{Site, folder_and_s3},
    stores::Store,
};
use crate::binary::Sandbox;

const LOADED: &str = "2026-09-02T12:00:00Z";
const REVISITED: &str = "2026-09-03T01:00:00Z";
/// An hour later.
const DUE: &str = "2026-09-03T02:01:00Z";
const DAY: (&str, &str) = ("2026-09-01", "2026-09-02");
const UNIT: &str = "env/delivery_usage/2026-09-01";

/// A day whose revisit finds nothing any more in the hours from `from` to `to`, and is held.
fn held(store: fn(&Sandbox) -> Store, from: &str, to: &str) -> (Site, Value) {
    let site = Site::new(LOADED, 30, store);
    site.backfill(LOADED, DAY.0, DAY.1).expect_code(0);
    let before = usage(&site);
    site.api.change(|behaviour| {
        behaviour.shrunken = vec![Shrunken { from: at(from), to: at(to), lost_per_mille: 1000 }];
    });
    site.advance_hours(13);
    let outcome = site.backfill(REVISITED, DAY.0, DAY.1).expect_code(3).json();
    assert_eq!(outcome["windows"]["held"], (at(to) - at(from)).num_hours());
    assert_eq!(usage(&site), before, "what is published stays");
    (site, before)
}

/// Rows and seconds of the day.
fn usage(site: &Site) -> Value {
    let duckdb = site.duckdb(&["resource_usage"]);
    duckdb.value(
        "SELECT concat(count(*), ' rows, ', sum(delivered_seconds), ' s') FROM resource_usage_reported",
    )
}

fn holds(site: &Site, now: &str) -> Vec<Value> {
    site.json(now, &["held", "list"])["held"].as_array().expect("a list").clone()
}

#[test]
fn a_hold_is_shown_due_again_after_an_hour_and_published_by_an_equal_answer() {
    for store in folder_and_s3() {
        let (site, before) = held(store, "2026-09-01T14:00:00Z", "2026-09-01T15:00:00Z");
        let hold = holds(&site, REVISITED).remove(0);
        let window = json!(["2026-09-01T14:00:00Z", "2026-09-01T15:00:00Z"]);
        assert_eq!((&hold["unit"], &hold["window"]), (&json!(UNIT), &window));
        assert_eq!(hold["decision"], "waiting");
        assert!(
            hold["due_at"].as_str().is_some_and(|due_at| due_at.starts_with("2026-09-03T02:00:0")),
            "{hold}"
        );
        assert!(hold["reason"].as_str().is_some_and(|reason| reason.contains("returns nothing")), "{hold}");
        let status = site.json(REVISITED, &["status"]);
        assert_eq!(status["sources"][0]["datasets"][0]["held"][0]["window"], window);
        let asked = site.requests();
        site.backfill("2026-09-03T01:59:00Z", DAY.0, DAY.1);
        assert_eq!((site.requests(), usage(&site)), (asked, before.clone()), "not before the hour is over");
        let due = site.json(DUE, &["plan", "--from", DAY.0, "--to", DAY.1]);
        assert!(
            due["units"][0]["reasons"].as_array().is_some_and(|reasons| reasons.contains(&json!("held")))
        );
        site.backfill(DUE, DAY.0, DAY.1).expect_code(0);
        assert_ne!(usage(&site), before);
        assert!(holds(&site, DUE).is_empty());
        let gone = site
            .duckdb(&["resource_usage"])
            .value("SELECT count(*) FROM resource_usage_reported WHERE bucket_start = '2026-09-01 14:00:00'");
        assert_eq!(gone, 0);
        let restated = site.duckdb(&["restatements"]).query(
            "SELECT count(*) AS n, count(DISTINCT resource_id) AS ids, count(old) AS old, count(new) AS new, min(cause) AS cause \
             FROM restatements_reported WHERE table_name = 'resource_usage'",
        );
        let row = &restated[0];
        assert_eq!((&row["new"], &row["cause"]), (&json!(0), &json!("held")), "{row:?}");
        assert!(row["n"] == row["ids"] && row["n"] == row["old"] && row["n"].as_i64() > Some(0), "{row:?}");
    }
}

#[test]
fn an_accepted_hold_is_published_by_the_next_pull() {
    let (site, before) = held(|_| Store::Folder, "2026-09-01T14:00:00Z", "2026-09-01T16:00:00Z");
    let accepted = site.json(REVISITED, &["held", "accept", UNIT]);
    assert_eq!(accepted["held"].as_array().map(Vec::len), Some(2));
    assert_eq!(accepted["held"][0]["decision"], "accepted");
    site.backfill("2026-09-03T01:01:00Z", DAY.0, DAY.1).expect_code(0);
    assert_ne!(usage(&site), before);
    assert!(holds(&site, REVISITED).is_empty());
    let none = site.without_secrets(REVISITED, &["held", "accept", UNIT]).run().expect_code(2);
    assert!(none.stderr.contains("held list"), "{}", none.stderr);
}

#[test]
fn a_refused_hold_keeps_what_is_published_and_ends_with_the_last_revisit() {
    let (site, before) = held(|_| Store::Folder, "2026-09-01T14:00:00Z", "2026-09-01T15:00:00Z");
    let refused = site.json(REVISITED, &["held", "refuse", UNIT]);
    assert_eq!(refused["held"][0]["decision"], "refused");
    let asked = site.requests();
    site.backfill("2026-09-03T04:00:00Z", "2026-09-01T14:00:00Z", "2026-09-01T15:00:00Z");
    assert_eq!(site.requests(), asked, "a refused hold is not pulled again within the hour");
    site.advance_hours(72);
    let last = "2026-09-05T12:00:00Z";
    site.backfill(last, DAY.0, DAY.1);
    assert_eq!(usage(&site), before);
    // The provider's own total of the day tells of the loss too, so the month is not to be closed with it unseen.
    assert_eq!(verdicts(&site), [json!("mismatch")]);
    let status = ["status", "--from", DAY.0, "--to", DAY.1, "--require", "final", "--format", "json"];
    let status = site.without_secrets(last, &status).run().expect_code(3).json();
    let dataset = &status["sources"][0]["datasets"][0];
    let day = json!([["2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z"]]);
    assert_eq!((&dataset["final"], &dataset["held"]), (&day, &json!([])));
}

#[test]
fn a_hold_that_outlives_retention_leaves_what_is_published_final() {
    let (site, before) = held(|_| Store::Folder, "2026-09-01T14:00:00Z", "2026-09-01T15:00:00Z");
    site.advance_hours(24 * 95);
    let past = "2026-12-06T12:00:00Z";
    site.backfill(past, "2026-12-01", "2026-12-02").expect_code(0);
    assert_eq!(site.json(past, &["plan", "--from", DAY.0, "--to", DAY.1])["units"], json!([]));
    let status =
        site.json(past, &["status", "--from", "2026-09-01T14:00:00Z", "--to", "2026-09-01T15:00:00Z"]);
    let dataset = &status["sources"][0]["datasets"][0];
    assert_eq!(
        (&dataset["final"], &dataset["held"]),
        (&json!([["2026-09-01T14:00:00Z", "2026-09-01T15:00:00Z"]]), &json!([]))
    );
    assert_eq!(verdicts(&site), [json!("held")]);
    let day = site.duckdb(&["resource_usage"]).value(
        "SELECT concat(count(*), ' rows, ', sum(delivered_seconds), ' s') FROM resource_usage_reported WHERE bucket_start < '2026-09-02'",
    );
    assert_eq!(day, before);
}

/// The verdicts in the table of coverage about the hour.
fn verdicts(site: &Site) -> Vec<Value> {
    let sql = "SELECT verdict FROM coverage_reported WHERE window_start = '2026-09-01 14:00:00'";
    let rows = site.duckdb(&["coverage"]).query(sql);
    rows.into_iter().map(|row| row["verdict"].clone()).collect()
}
