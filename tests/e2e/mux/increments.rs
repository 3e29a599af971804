//! Runs one after another: hour by hour, over gaps, at revisits.

use highwater_simulator::mux::behaviour::{Change, Revision};

use super::{Mux, assert_equals_world, at, differing_rows, hours, timeframe, windows};

#[test]
fn hour_by_hour_equals_one_backfill_and_asks_for_nothing_twice() {
    let (from, to) = (at("2026-09-01T00:00:00Z"), at("2026-09-04T00:00:00Z"));
    let mux = Mux::new(from + hours(12), 30);
    mux.configure("requests_per_second = 500\ndatasets.delivery_usage = { revisit = [] }\n");
    let mut now = from + hours(12);
    while now <= to + hours(12) {
        mux.highwater(now, &["run", "--format", "json"]).run().expect_code(0);
        now += hours(1);
        mux.simulators.advance(std::time::Duration::from_secs(3600));
    }
    let log = mux.server.log();
    let mut targets: Vec<&str> = log.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(targets.len(), 72 + 3, "one page an hour, and the figures of each day");
    targets.sort_unstable();
    targets.dedup();
    assert_eq!(targets.len(), 72 + 3, "and none twice");

    let whole = Mux::new(to + hours(12), 30);
    whole.configure("requests_per_second = 500\ndatasets.delivery_usage = { revisit = [] }\n");
    whole.backfill(to + hours(12), "2026-09-01", "2026-09-04").expect_code(0);
    for table in ["resource_usage", "resource_usage_by_rendition", "resources"] {
        let rows = |from: &str| format!("SELECT * EXCLUDE (extracted_at, run_id) FROM {from}");
        let (ours, theirs) = (mux.warehouse().reported(table), whole.warehouse().reported(table));
        assert_eq!(differing_rows(&mux.warehouse().duckdb(), &rows(&ours), &rows(&theirs)), 0, "{table}");
    }
    assert_equals_world(&mux.duckdb("2026-09-01T00:00:00Z", "2026-09-04T00:00:00Z"));
}

#[test]
fn a_gap_of_five_days_is_caught_up() {
    let (before, after) = (at("2026-09-02T12:00:00Z"), at("2026-09-07T12:00:00Z"));
    let mux = Mux::new(before, 30);
    mux.highwater(before, &["run"]).run().expect_code(0);
    mux.simulators.advance(std::time::Duration::from_secs(5 * 86_400));
    let status = mux.highwater(after, &["status", "--format", "json"]).run().expect_code(0).json();
    let missing = &status["sources"][0]["datasets"][0]["missing"];
    assert_eq!(*missing, serde_json::json!([["2026-09-02T00:00:00Z", "2026-09-07T00:00:00Z"]]));
    mux.highwater(after, &["run"]).run().expect_code(0);
    assert_equals_world(&mux.duckdb("2026-09-01T00:00:00Z", "2026-09-07T00:00:00Z"));
    let plan = mux.highwater(after, &["plan", "--format", "json"]).run().expect_code(0).json();
    assert_eq!(plan["units"], serde_json::json!([]), "after all is loaded nothing is due");
}

#[test]
fn a_late_revision_lands_at_its_revisit_and_then_the_window_is_final() {
    let (first, second, last) =
        (at("2026-09-02T12:00:00Z"), at("2026-09-03T01:00:00Z"), at("2026-09-05T01:00:00Z"));
    let mux = Mux::new(first, 30);
    mux.api.change(|behaviour| {
        behaviour.revisions =
            vec![Revision { after_age: hours(20), per_mille: 500, change: Change::Scale(1100) }];
    });
    let range = ("2026-09-01", "2026-09-02");
    let day = ("2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z");
    let total = |mux: &Mux| {
        mux.warehouse().duckdb().value("SELECT sum(delivered_seconds) FROM resource_usage_reported")
    };
    mux.backfill(first, range.0, range.1).expect_code(0);
    let before = total(&mux);
    mux.simulators.advance(std::time::Duration::from_secs(13 * 3600));
    let revisit = mux.backfill(second, range.0, range.1).expect_code(0);
    let pulled = ["loaded", "unchanged", "empty"].map(|state| windows(&revisit, state));
    assert_eq!(pulled.iter().sum::<u64>(), 12, "those pulled before they were a day old");
    assert_ne!(total(&mux), before);
    assert_equals_world(&mux.duckdb_at(day.0, day.1, second));
    mux.simulators.advance(std::time::Duration::from_secs(48 * 3600));
    mux.backfill(last, range.0, range.1).expect_code(0);
    let status = mux.highwater(
        last,
        &["status", "--from", range.0, "--to", range.1, "--format", "json", "--require", "final"],
    );
    let status = status.run().expect_code(0).json();
    assert_eq!(status["sources"][0]["datasets"][0]["final"], serde_json::json!([[day.0, day.1]]));
    let requests = mux.server.traffic().requests;
    mux.backfill(last + hours(24), range.0, range.1).expect_code(0);
    assert_eq!(mux.server.traffic().requests, requests, "a final window is never asked for again");
}

#[test]
fn what_the_provider_no_longer_answers_for_is_lost_and_never_requested() {
    let now = at("2026-09-30T12:00:00Z");
    let mux = Mux::new(now, 10);
    let plan =
        mux.highwater(now, &["plan", "--from", "2026-07-01", "--to", "2026-07-04", "--format", "json"]);
    let plan = plan.run().expect_code(0).json();
    assert_eq!(plan["expired"][0]["window"][0], "2026-07-01T00:00:00Z");
    let outcome = mux.backfill(now, "2026-07-01", "2026-07-04").expect_code(0);
    let oldest = at("2026-07-02T12:00:00Z");
    assert!(windows(&outcome, "loaded") + windows(&outcome, "empty") <= 36);
    let too_old = |target: &str| timeframe(target).is_some_and(|asked| asked.start() < oldest);
    assert!(!mux.server.log().iter().any(|request| too_old(&request.target)));
}
