//! Tests of what a plan says that it takes.

use highwater_core::{Grain, PullCost, SealedUnit, UnitCost, Window};

use super::{request, windows};
use crate::dataset_state::DatasetState;
use crate::fixture::{Dataset, Openings, at, spec, window};
use crate::kept_step::with_step;
use crate::plan::{Plan, PlanRequest, Reason, Reprocess, check_extent, plan};

/// The day that is looked at, and when all of it is final.
const DAY: &str = "2026-09-01";
const FINAL: &str = "2026-09-05T00:00:00Z";

fn day() -> Window {
    Window::day(DAY.parse().unwrap())
}

/// With control totals.
fn dataset() -> Dataset {
    Dataset::new(highwater_core::DatasetSpec { control_totals: true, ..spec() }, Some(DAY))
}

/// The day pulled at `pulled_at`: one page in the first hour, two in the second, and so on in turns.
fn load_day(dataset: &mut Dataset, pulled_at: &str) {
    for (index, hour) in day().buckets(Grain::Hour).enumerate() {
        dataset.load(hour, at(pulled_at));
        let requests = 1 + index as u64 % 2;
        dataset.checkpoint.costs.note(PullCost { window: hour, requests });
    }
}

/// The day sealed with `verdict`, its control totals had with `totals` requests.
fn sealed_day(verdict: Option<&str>, totals: Option<u64>) -> Dataset {
    let mut dataset = dataset();
    load_day(&mut dataset, FINAL);
    let scope_digest = highwater_transform::scope_digest(&dataset.spec);
    let verdict = verdict.map(str::to_owned);
    let unit = SealedUnit { windows: day().into(), scope_digest, verdict, ..SealedUnit::default() };
    dataset.checkpoint.seal(day().date(), unit);
    assert_eq!(dataset.checkpoint.costs.sealed[&day().date()], UnitCost { pulls: Some(36), totals: None });
    dataset.checkpoint.costs.sealed.insert(day().date(), UnitCost { pulls: Some(36), totals });
    dataset
}

fn planned_with(openings: &Openings, dataset: &Dataset, request: &PlanRequest) -> Plan {
    plan(&[DatasetState { extractor: Some(openings), ..dataset.state() }], request)
}

/// The plan for the day at `now`, of a provider that opens pulls and totals with one request.
fn planned(dataset: &Dataset, now: &str, reprocess: Reprocess) -> Plan {
    let request = PlanRequest { range: Some(day()), reprocess, ..request(now) };
    planned_with(&Openings { first: 1, control: 1 }, dataset, &request)
}

/// Requests, and whether they are exact.
fn told(plan: &Plan) -> Vec<(u64, bool)> {
    plan.units.iter().map(|unit| (unit.requests, unit.requests_exact)).collect()
}

#[test]
fn a_window_pulled_again_takes_what_it_took_last_time() {
    let mut dataset = dataset();
    load_day(&mut dataset, "2026-09-02T03:00:00Z");
    let revisit = planned(&dataset, "2026-09-02T12:00:00Z", Reprocess::Missing);
    assert_eq!((windows(&revisit).len(), told(&revisit)), (9, vec![(14, true)]));
    let forced = planned(&dataset, "2026-09-02T12:00:00Z", Reprocess::All);
    assert_eq!((forced.requests, told(&forced)), (36, vec![(36, true)]));
}

#[test]
fn a_window_that_was_never_pulled_takes_what_a_pull_opens_with_or_more_where_others_did_and_that_is_a_guess()
{
    let now = "2026-09-01T05:00:00Z";
    let mut dataset = dataset();
    assert_eq!(told(&planned(&dataset, now, Reprocess::Missing)), [(2, false)]);
    let three = Openings { first: 3, control: 1 };
    assert_eq!(told(&planned_with(&three, &dataset, &request(now))), [(6, false)]);
    dataset.checkpoint.requests_per_window = Some(4);
    assert_eq!(told(&planned_with(&three, &dataset, &request(now))), [(8, false)]);
    assert_eq!(told(&plan(&[dataset.state()], &request(now))), [(8, false)], "known without an extractor");
    dataset
        .checkpoint
        .costs
        .note(PullCost { window: window("2026-08-31T00:00:00Z", "2026-08-31T01:00:00Z"), requests: 2 });
    dataset
        .checkpoint
        .costs
        .note(PullCost { window: window("2026-08-31T01:00:00Z", "2026-08-31T02:00:00Z"), requests: 9 });
    assert_eq!(
        told(&planned_with(&three, &dataset, &request(now))),
        [(12, false)],
        "the average, rounded up"
    );
}

#[test]
fn a_sealed_unit_that_is_pulled_again_as_a_whole_takes_what_its_pulls_took() {
    let dataset = sealed_day(Some("match"), Some(2));
    assert_eq!(told(&planned(&dataset, FINAL, Reprocess::All)), [(36, true)]);
    let half = Some(Window::of(day().start(), at("2026-09-01T12:00:00Z")));
    let request = PlanRequest { range: half, reprocess: Reprocess::All, ..request(FINAL) };
    let half = planned_with(&Openings { first: 1, control: 1 }, &dataset, &request);
    assert_eq!(told(&half), [(12, false)]);
}

#[test]
fn other_settings_or_another_size_of_windows_take_who_knows_what() {
    let mut dataset = sealed_day(Some("match"), Some(2));
    dataset.configure(with_step(&dataset.spec, Grain::Day));
    assert_eq!(told(&planned(&dataset, FINAL, Reprocess::All)), [(1 + 2, false)], "new content, new totals");
    let scope = "apps=a,b".to_owned();
    dataset.configure(highwater_core::DatasetSpec { scope, control_totals: true, ..spec() });
    for reprocess in [Reprocess::Missing, Reprocess::All] {
        assert_eq!(told(&planned(&dataset, FINAL, reprocess)), [(24 + 2, false)], "{reprocess:?}");
    }
}

#[test]
fn the_control_totals_of_a_unit_that_becomes_final_count() {
    let mut dataset = dataset();
    assert_eq!(told(&planned(&dataset, "2026-09-04T23:59:59Z", Reprocess::Missing)), [(24, false)]);
    assert_eq!(told(&planned(&dataset, FINAL, Reprocess::Missing)), [(24 + 1, false)]);
    load_day(&mut dataset, "2026-09-02T03:00:00Z");
    let revisits = planned(&dataset, FINAL, Reprocess::Missing);
    assert_eq!(told(&revisits), [(36 + 1, false)], "how many pages they come to is not known");
    assert_eq!(revisits.units[0].requests_a_pull, 2);
    let some = Some(window("2026-09-01T00:00:00Z", "2026-09-01T12:00:00Z"));
    let some = PlanRequest { range: some, ..request(FINAL) };
    let some = planned_with(&Openings { first: 1, control: 1 }, &dataset, &some);
    assert_eq!(told(&some), [(18, true)], "the others are not final");
    let none = PlanRequest { range: Some(day()), ..request(FINAL) };
    let none = planned_with(&Openings { first: 1, control: 0 }, &dataset, &none);
    assert_eq!(told(&none), [(36, true)]);
    dataset
        .checkpoint
        .costs
        .sealed
        .insert("2026-08-31".parse().unwrap(), UnitCost { pulls: None, totals: Some(4) });
    assert_eq!(told(&planned(&dataset, FINAL, Reprocess::Missing)), [(36 + 4, false)], "as the last ones");
}

#[test]
fn a_unit_past_retention_is_asked_for_no_control_totals() {
    let dataset = sealed_day(None, None);
    assert_eq!(told(&planned(&dataset, "2026-11-29T23:59:59Z", Reprocess::Missing)), [(1, false)]);
    assert_eq!(told(&planned(&dataset, "2026-11-30T00:00:01Z", Reprocess::Missing)), []);
}

#[test]
fn a_final_unit_that_was_never_compared_is_due_for_that_alone() {
    for verdict in [None, Some("held")] {
        let due = planned(&sealed_day(verdict, None), FINAL, Reprocess::Missing);
        assert_eq!((windows(&due), told(&due)), (vec![], vec![(1, false)]));
        assert_eq!(due.units[0].reasons, [Reason::Totals].into());
        assert_eq!(told(&planned(&sealed_day(verdict, Some(1)), FINAL, Reprocess::Missing)), []);
        assert_eq!(told(&planned(&sealed_day(verdict, None), FINAL, Reprocess::Failed)), []);
    }
    let dataset = sealed_day(None, None);
    let elsewhere = Some(window("2026-09-01T00:00:00Z", "2026-09-01T23:00:00Z"));
    let elsewhere = PlanRequest { range: elsewhere, ..request(FINAL) };
    assert_eq!(told(&planned_with(&Openings { first: 1, control: 1 }, &dataset, &elsewhere)), []);
    let none = PlanRequest { range: Some(day()), ..request(FINAL) };
    assert_eq!(told(&planned_with(&Openings { first: 1, control: 0 }, &dataset, &none)), []);
}

#[test]
fn a_unit_that_time_alone_makes_final_is_due_for_its_control_totals() {
    let mut dataset = dataset();
    load_day(&mut dataset, FINAL);
    let due = planned(&dataset, FINAL, Reprocess::Missing);
    assert_eq!((windows(&due), told(&due)), (vec![], vec![(1, false)]));
}

#[test]
fn what_did_not_agree_is_compared_again_with_its_pulls_and_costs_what_it_did() {
    let forced = |verdict| told(&planned(&sealed_day(Some(verdict), Some(3)), FINAL, Reprocess::All));
    assert_eq!(forced("mismatch"), [(36 + 3, true)]);
    assert_eq!(forced("match"), [(36, true)]);
    assert_eq!(told(&planned(&sealed_day(Some("mismatch"), Some(3)), FINAL, Reprocess::Missing)), []);
}

#[test]
fn a_range_of_more_windows_than_can_be_meant_is_refused_with_their_number() {
    let unbounded = highwater_core::DatasetSpec { retention: None, ..spec() };
    let ever = Some(window("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"));
    let check = |spec: &highwater_core::DatasetSpec, range| {
        let dataset = Dataset::new(spec.clone(), Some("2026-08-01"));
        check_extent(&[dataset.state()], &PlanRequest { range, ..request(FINAL) })
    };
    let error = check(&unbounded, ever).unwrap_err();
    assert_eq!(error.kind(), highwater_core::ErrorKind::Config);
    assert!(error.to_string().contains("dataset=`main/usage` windows=`17756709`"), "{error}");
    assert!(error.hint().contains("--from"), "{}", error.hint());
    check(&spec(), ever).expect("past retention nothing is asked for");
    check(&unbounded, Some(window("2005-01-01T00:00:00Z", "9999-12-31T00:00:00Z"))).expect("twenty years");
    check(&unbounded, None).expect("a month");
    let mut early = Dataset::new(unbounded, Some("0001-01-01"));
    early.checkpoint.record(early.record(day(), at(FINAL)));
    let error = check_extent(&[early.state()], &request(FINAL)).unwrap_err();
    assert!(error.hint().contains("`start`"), "{}", error.hint());
}
