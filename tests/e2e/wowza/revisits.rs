//! Windows pulled again: what it costs, what it changes, and what the plan says of it.

use chrono::TimeDelta;
use highwater_core::format_instant;
use highwater_simulator::wowza::{LateRevision, WowzaBehaviour};

use super::{
    Account, BY_RESOURCE, NOW, at,
    equality::{assert_datasets_equal_world, assert_equals_world},
    eventful, windows,
};

/// Full days, seen early: each hour is younger than a day when it is pulled for the first time.
const DAY: (&str, &str) = ("2026-09-23", "2026-09-24");
const EARLY: &str = "2026-09-24T03:30:00Z";
const A_DAY_LATER: &str = "2026-09-25T03:30:00Z";

#[test]
fn an_unchanged_revisit_writes_no_object_and_archives_nothing() {
    let account = Account::new(EARLY, &eventful());
    account.backfill(EARLY, DAY, &[]).run().expect_code(0);
    let before = account.kept_data();
    account.advance_hours(24);
    let revisit = account.backfill(A_DAY_LATER, DAY, &[]).run().expect_code(0);
    assert!(windows(&revisit, "unchanged") > 3 * 20, "{}", revisit.stdout);
    assert_eq!((windows(&revisit, "loaded"), windows(&revisit, "empty")), (0, 0));
    assert_eq!(revisit.json()["objects_written"], 0);
    assert!(account.kept_data() == before, "neither objects nor raw pages have changed");
    assert_equals_world(&account, A_DAY_LATER, DAY);
}

#[test]
fn the_plan_knows_what_datasets_with_a_call_for_each_resource_cost() {
    let account = Account::new(EARLY, &eventful());
    let plan = |now: &str| {
        let arguments = ["plan", "--from", DAY.0, "--to", DAY.1, "--format", "json"];
        let selected = BY_RESOURCE.iter().flat_map(|dataset| ["--dataset", dataset]);
        account.highwater(now, &arguments).args(selected).run().expect_code(0).json()
    };
    let unknown = plan(EARLY);
    let units = unknown["units"].as_array().expect("units");
    assert_eq!(units.len(), BY_RESOURCE.len());
    assert!(units.iter().all(|unit| unit["requests_exact"] == false && unit["requests"] == 1));

    account.backfill(EARLY, DAY, &BY_RESOURCE).run().expect_code(0);
    account.advance_hours(24);
    let known = plan(A_DAY_LATER);
    let units = known["units"].as_array().expect("units");
    assert_eq!(units.len(), BY_RESOURCE.len());
    for unit in units {
        assert_eq!(unit["requests_exact"], true, "{unit}");
        let resources =
            if unit["dataset"].as_str().is_some_and(|name| name.starts_with("vod")) { 7 } else { 5 };
        assert_eq!(unit["requests"], 1 + resources, "the list, and each resource in use: {unit}");
    }
    let before = account.requests();
    account.backfill(A_DAY_LATER, DAY, &BY_RESOURCE).run().expect_code(0);
    assert_eq!(known["requests"], account.requests() - before, "it costs what the plan said");
}

#[test]
fn figures_that_are_revised_late_land_at_their_revisit() {
    let late = LateRevision { after: TimeDelta::hours(20), early_permille: 500 };
    let revised = WowzaBehaviour { late_revision: Some(late), ..WowzaBehaviour::default() };
    let account = Account::behaving(EARLY, &eventful(), revised).without_archive();
    account.backfill(EARLY, DAY, &[]).run().expect_code(0);
    let short = "SELECT count(*) FROM resource_usage_reported u JOIN told t USING (resource_id, bucket_start) \
                 WHERE u.dataset = 'transcoders' AND t.fact = 'transcoder_hour' AND u.egress_bytes < t.egress_bytes";
    assert!(account.duckdb(EARLY, DAY).value(short).as_i64() > Some(0));

    account.advance_hours(24);
    let revisit = account.backfill(A_DAY_LATER, DAY, &[]).run().expect_code(0);
    assert!(windows(&revisit, "loaded") > 0, "{}", revisit.stdout);
    assert_equals_world(&account, A_DAY_LATER, DAY);
}

#[test]
fn a_run_a_day_ends_as_one_backfill_does_with_everything_final() {
    // No hour is final before the deletions, so that the last pull of each is told of them.
    let range = ("2026-09-23", "2026-09-27");
    let first = "2026-09-24T12:00:00Z";
    let account = Account::new(first, &eventful()).without_archive();
    account.configure("");
    let backfill = |now: &str| account.backfill(now, range, &[]).run().expect_code(0);
    for day in 0..7 {
        backfill(&format_instant(at(first) + TimeDelta::days(day)));
        account.advance_hours(24);
    }
    assert_datasets_equal_world(&account, NOW, range, &|dataset| !BY_RESOURCE.contains(&dataset));

    let last = format_instant(at(first) + TimeDelta::days(7));
    let require = ["status", "--from", range.0, "--to", range.1, "--require", "final"];
    account.highwater(&last, &require).run().expect_code(0);
    let asked = account.requests();
    backfill(&last);
    assert_eq!(account.requests(), asked);
}
