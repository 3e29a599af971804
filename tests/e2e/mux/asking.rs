//! What people and machines are told: plans, statuses, units to work on.

use super::{Mux, at, windows};

#[test]
fn a_plan_without_units_is_work_without_anything_to_do() {
    let now = at("2026-09-02T12:00:00Z");
    let mux = Mux::new(now, 10);
    mux.backfill(now, "2026-09-01", "2026-09-02").expect_code(0);
    let plan = mux.highwater(now, &["plan", "--format", "json"]).run().expect_code(0);
    assert_eq!(plan.json()["units"], serde_json::json!([]));
    let asked = mux.server.traffic().requests;
    let work = mux.highwater(now, &["work", "--format", "json"]).input(&plan.stdout).run().expect_code(0);
    assert_eq!(windows(&work, "loaded"), 0);
    assert_eq!(mux.server.traffic().requests, asked);
}

#[test]
fn a_status_tells_until_when_a_gap_can_be_had() {
    let now = at("2026-09-30T12:00:00Z");
    let mux = Mux::new(now, 10);
    let status = mux.highwater(now, &["status"]).run().expect_code(0);
    assert!(status.stderr.contains("its beginning is lost after 2026-11-30T00:00:00Z"), "{}", status.stderr);
}

#[test]
fn csv_is_for_machines() {
    let now = at("2026-09-02T12:00:00Z");
    let mux = Mux::new(now, 10);
    let plan = mux.highwater(now, &["plan", "--format", "csv"]).run().expect_code(0);
    let expected = "unit,source,dataset,usage_date,windows,reasons,requests,requests_exact\n\
                    env/delivery_usage/2026-09-01,env,delivery_usage,2026-09-01,24,new,24,false\n";
    assert_eq!(plan.stdout, expected);
    let status = mux.highwater(now, &["status", "--format", "csv"]).run().expect_code(0);
    assert!(status.stdout.contains("missing_seconds"), "{}", status.stdout);
    assert!(status.stdout.contains(",86400,"), "{}", status.stdout);
}

#[test]
fn the_part_of_a_range_that_is_to_come_is_told() {
    let now = at("2026-09-02T12:00:00Z");
    let mux = Mux::new(now, 10);
    let plan = mux.highwater(now, &["plan", "--from", "2026-09-01", "--to", "2026-10-01"]).run();
    let plan = plan.expect_code(0);
    assert!(plan.stderr.contains("not due yet, the provider has it up to 2026-09-02:"), "{}", plan.stderr);
}

#[test]
fn what_to_fetch_is_listed_without_secrets() {
    let mux = Mux::new(at("2026-09-02T12:00:00Z"), 10);
    let listed = mux.sandbox.highwater(&["fetch", "env", "help"]).run().expect_code(0);
    assert!(listed.stdout.contains("GET /video/v1/delivery-usage"), "{}", listed.stdout);
    assert_eq!(mux.server.traffic().requests, 0);
}
