//! Tests of the planner: rules at the edges, and properties over random histories.

mod requests;

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{
    DatasetName, DatasetSpec, FailedWindow, Grain, HeldWindow, SealedUnit, Window, WindowSet,
};
use proptest::prelude::*;

use super::*;
use crate::fixture::{Dataset, at, spec, window};
use crate::kept_step::with_step;
use crate::states::{State, states};

fn request(now: &str) -> PlanRequest {
    PlanRequest {
        now: at(now),
        range: None,
        reprocess: Reprocess::Missing,
        order: PlanOrder::NewestFirst,
        live: true,
    }
}

fn windows(plan: &Plan) -> Vec<Window> {
    plan.units.iter().flat_map(|unit| unit.windows.clone()).collect()
}

fn reasons(plan: &Plan) -> BTreeSet<Reason> {
    plan.units.iter().flat_map(|unit| unit.reasons.clone()).collect()
}

#[test]
fn a_window_is_due_once_its_lag_has_passed() {
    let dataset = Dataset::new(spec(), Some("2026-09-01"));
    let before = plan(&[dataset.state()], &request("2026-09-01T03:59:59Z"));
    assert_eq!(windows(&before), []);
    let after = plan(&[dataset.state()], &request("2026-09-01T04:00:00Z"));
    assert_eq!(windows(&after), [window("2026-09-01T00:00:00Z", "2026-09-01T01:00:00Z")]);
    assert_eq!(reasons(&after), [Reason::New].into());
}

#[test]
fn the_json_of_a_plan_is_as_agreed() {
    let mut dataset = Dataset::new(spec(), Some("2026-09-01"));
    dataset.checkpoint.requests_per_window = Some(3);
    let plan = plan(&[dataset.state()], &request("2026-09-01T05:00:00Z"));
    let expected = serde_json::json!({
        "as_of": "2026-09-01T05:00:00Z",
        "units": [{
            "unit": "main/usage/2026-09-01",
            "source": "main",
            "dataset": "usage",
            "usage_date": "2026-09-01",
            "windows": [
                ["2026-09-01T00:00:00Z", "2026-09-01T01:00:00Z"],
                ["2026-09-01T01:00:00Z", "2026-09-01T02:00:00Z"],
            ],
            "reasons": ["new"],
            "requests": 6,
            "requests_exact": false,
        }],
        "requests": 6,
        "seconds_at_rate_limit": 3,
        "expired": [],
    });
    assert_eq!(serde_json::to_value(&plan).unwrap(), expected);
}

#[test]
fn a_loaded_window_is_pulled_again_at_each_revisit_and_then_never() {
    let mut dataset = Dataset::new(spec(), Some("2026-09-01"));
    let hour = window("2026-09-01T00:00:00Z", "2026-09-01T01:00:00Z");
    let range = Some(hour);
    let at_time = |dataset: &Dataset, now: &str| {
        let plan = plan(&[dataset.state()], &PlanRequest { range, ..request(now) });
        (windows(&plan).len(), reasons(&plan))
    };
    dataset.load(hour, at("2026-09-01T05:00:00Z"));
    assert_eq!(at_time(&dataset, "2026-09-02T00:59:59Z").0, 0);
    assert_eq!(at_time(&dataset, "2026-09-02T01:00:00Z"), (1, [Reason::Revisit].into()));
    dataset.load(hour, at("2026-09-02T01:00:00Z"));
    assert_eq!(at_time(&dataset, "2026-09-04T00:59:59Z").0, 0);
    assert_eq!(at_time(&dataset, "2026-09-04T01:00:00Z").0, 1);
    dataset.load(hour, at("2026-09-04T01:00:00Z"));
    assert_eq!(at_time(&dataset, "2026-11-01T00:00:00Z").0, 0);
    let found = states(dataset.state(), at("2026-09-04T01:00:00Z"), range);
    assert_eq!(found[0].state, State::Final);
}

#[test]
fn a_window_missed_for_days_takes_one_pull_for_all_its_revisits() {
    let mut dataset = Dataset::new(spec(), Some("2026-09-01"));
    let hour = window("2026-09-01T00:00:00Z", "2026-09-01T01:00:00Z");
    dataset.load(hour, at("2026-09-20T00:00:00Z"));
    let plan =
        plan(&[dataset.state()], &PlanRequest { range: Some(hour), ..request("2026-09-21T00:00:00Z") });
    assert_eq!(windows(&plan), []);
}

#[test]
fn what_is_past_retention_is_listed_and_never_requested() {
    let dataset = Dataset::new(spec(), Some("2026-06-01"));
    let plan = plan(&[dataset.state()], &request("2026-09-01T00:30:00Z"));
    let edge = at("2026-06-03T01:00:00Z");
    assert_eq!(plan.expired[0].window, Window::of(at("2026-06-01T00:00:00Z"), edge));
    assert_eq!(windows(&plan).iter().map(Window::start).min(), Some(edge));
    let soon: WindowSet = plan.expiring_soon.iter().map(|span| span.window).collect();
    assert_eq!(soon, WindowSet::from(Window::of(edge, at("2026-06-10T01:00:00Z"))));
}

#[test]
fn what_expires_within_a_week_goes_first_and_revisits_go_last() {
    let mut dataset = Dataset::new(spec(), Some("2026-06-01"));
    let now = "2026-09-01T12:00:00Z";
    let today = Window::day("2026-09-01".parse().unwrap());
    let revisited = window("2026-08-30T00:00:00Z", "2026-08-30T01:00:00Z");
    let wanted: WindowSet =
        plan(&[dataset.state()], &request(now)).units.iter().flat_map(|unit| unit.windows.clone()).collect();
    let kept = [
        window("2026-06-04T00:00:00Z", "2026-06-06T00:00:00Z"),
        window("2026-08-01T00:00:00Z", "2026-08-03T00:00:00Z"),
        today,
    ];
    let kept: WindowSet = kept.into_iter().collect();
    for hour in wanted.difference(&kept).iter().flat_map(|span| span.buckets(Grain::Hour)) {
        let pulled_at = if hour == revisited { "2026-08-30T05:00:00Z" } else { now };
        dataset.load(hour, at(pulled_at));
    }
    let dates = |order| -> Vec<String> {
        let plan = plan(&[dataset.state()], &PlanRequest { order, ..request(now) });
        plan.units.iter().map(|unit| unit.unit.date.to_string()).collect()
    };
    let newest = ["2026-06-04", "2026-06-05", "2026-09-01", "2026-08-02", "2026-08-01", "2026-08-30"];
    assert_eq!(dates(PlanOrder::NewestFirst), newest);
    let oldest = ["2026-06-04", "2026-06-05", "2026-08-01", "2026-08-02", "2026-09-01", "2026-08-30"];
    assert_eq!(dates(PlanOrder::OldestFirst), oldest);
}

#[test]
fn no_dataset_waits_more_than_one_unit_behind_another_of_its_source() {
    let long = Dataset::new(spec(), Some("2026-08-01"));
    let other = DatasetSpec { name: DatasetName::new("other").unwrap(), ..spec() };
    let short = Dataset::new(other, Some("2026-08-28"));
    let plan = plan(&[long.state(), short.state()], &request("2026-09-01T00:00:00Z"));
    let names: Vec<&str> = plan.units.iter().take(6).map(|unit| unit.unit.dataset.as_str()).collect();
    for pair in names.chunks(2) {
        assert_ne!(pair[0], pair[1], "{names:?}");
    }
}

#[test]
fn a_failed_window_is_taken_again_and_can_be_asked_for_alone() {
    let mut dataset = Dataset::new(spec(), Some("2026-09-01"));
    let hour = window("2026-09-01T01:00:00Z", "2026-09-01T02:00:00Z");
    let failed_at = at("2026-09-01T05:00:00Z");
    dataset.checkpoint.fail(FailedWindow { window: hour, failed_at, error: "timeout".to_owned() });
    let all = plan(&[dataset.state()], &request("2026-09-01T06:00:00Z"));
    assert_eq!(windows(&all).len(), 3);
    assert_eq!(reasons(&all), [Reason::New, Reason::Failed].into());
    let only = PlanRequest { reprocess: Reprocess::Failed, ..request("2026-09-01T06:00:00Z") };
    assert_eq!(windows(&plan(&[dataset.state()], &only)), [hour]);
}

#[test]
fn a_hold_waits_for_its_hour_an_accepted_one_does_not_and_a_refused_one_waits_for_the_next_revisit() {
    let mut dataset = Dataset::new(spec(), Some("2026-09-01"));
    let hour = window("2026-09-01T00:00:00Z", "2026-09-01T01:00:00Z");
    let held_at = at("2026-09-02T01:10:00Z");
    let hold = HeldWindow {
        window: hour,
        held_at,
        due_at: held_at + TimeDelta::hours(1),
        content_digest: "d".to_owned(),
        reason: "less".to_owned(),
        refused: false,
        accepted: false,
    };
    let due = |dataset: &Dataset, now: &str| {
        let plan = plan(&[dataset.state()], &PlanRequest { range: Some(hour), ..request(now) });
        plan.units.first().map(|unit| unit.reasons.clone())
    };
    dataset.load(hour, at("2026-09-01T05:00:00Z"));
    dataset.checkpoint.hold(hold.clone());
    assert_eq!(due(&dataset, "2026-09-02T02:09:00Z"), None);
    assert_eq!(due(&dataset, "2026-09-02T02:10:00Z"), Some([Reason::Held].into()));
    dataset.checkpoint.hold(HeldWindow { accepted: true, ..hold.clone() });
    assert_eq!(due(&dataset, "2026-09-02T01:11:00Z"), Some([Reason::Held].into()));
    dataset.checkpoint.hold(HeldWindow { refused: true, ..hold });
    assert_eq!(due(&dataset, "2026-09-03T00:00:00Z"), None);
    assert_eq!(due(&dataset, "2026-09-04T01:00:00Z"), Some([Reason::Revisit].into()));
}

#[test]
fn a_window_loaded_under_other_settings_is_due_again_also_in_a_sealed_unit() {
    let mut dataset = Dataset::new(spec(), Some("2026-09-01"));
    let day = Window::day("2026-09-01".parse().unwrap());
    day.buckets(Grain::Hour).for_each(|hour| dataset.load(hour, at("2026-09-09T00:00:00Z")));
    let range = Some(day);
    let now = PlanRequest { range, ..request("2026-09-10T00:00:00Z") };
    assert_eq!(windows(&plan(&[dataset.state()], &now)), []);
    let sealed = SealedUnit {
        windows: day.into(),
        scope_digest: highwater_transform::scope_digest(&dataset.spec),
        rows: 24,
        ..SealedUnit::default()
    };
    dataset.configure(DatasetSpec { scope: "apps=a,b".to_owned(), ..spec() });
    let open = plan(&[dataset.state()], &now);
    assert_eq!((windows(&open).len(), reasons(&open)), (24, [Reason::Scope].into()));
    dataset.checkpoint.seal(day.date(), sealed);
    let sealed = plan(&[dataset.state()], &now);
    assert_eq!((windows(&sealed).len(), reasons(&sealed)), (24, [Reason::Scope].into()));
}

#[test]
fn a_date_keeps_its_grain_until_it_is_forced_as_a_whole() {
    let mut dataset = Dataset::new(spec(), Some("2026-09-01"));
    let day = Window::day("2026-09-01".parse().unwrap());
    for hour in day.buckets(Grain::Hour).take(20) {
        dataset.load(hour, at("2026-09-09T00:00:00Z"));
    }
    dataset.configure(with_step(&spec(), Grain::Day));
    let now = request("2026-09-10T03:00:00Z");
    let missing = plan(&[dataset.state()], &PlanRequest { range: Some(day), ..now });
    assert_eq!(windows(&missing).len(), 4);
    assert_eq!(missing.units[0].step, Grain::Hour);
    let next = Window::day("2026-09-02".parse().unwrap());
    assert_eq!(windows(&plan(&[dataset.state()], &PlanRequest { range: Some(next), ..now })), [next]);
    let all = PlanRequest { reprocess: Reprocess::All, range: Some(day), ..now };
    let forced = plan(&[dataset.state()], &all);
    assert_eq!((windows(&forced), forced.units[0].step), (vec![day], Grain::Day));
    let half = Window::of(day.start(), day.start() + TimeDelta::hours(12));
    let half = plan(&[dataset.state()], &PlanRequest { range: Some(half), ..all });
    assert_eq!((windows(&half).len(), half.units[0].step), (12, Grain::Hour));
}

#[test]
fn a_live_dataset_asks_for_the_closed_minutes_of_the_last_hour_and_only_now() {
    let live = DatasetSpec {
        grain: Grain::Minute,
        grains: &[Grain::Minute],
        step: Grain::Minute,
        span: TimeDelta::hours(1),
        lag: TimeDelta::zero(),
        retention: Some(TimeDelta::hours(1)),
        revisits: Vec::new(),
        live: true,
        ..spec()
    };
    let mut dataset = Dataset::new(live, Some("2026-08-01"));
    let first = plan(&[dataset.state()], &request("2026-09-01T00:20:30Z"));
    let minutes = [
        window("2026-08-31T23:21:00Z", "2026-09-01T00:00:00Z"),
        window("2026-09-01T00:00:00Z", "2026-09-01T00:20:00Z"),
    ];
    assert_eq!(windows(&first), minutes);
    assert_eq!(first.expired, []);
    windows(&first).into_iter().for_each(|window| dataset.load(window, at("2026-09-01T00:20:30Z")));
    let late = plan(&[dataset.state()], &request("2026-09-01T02:00:00Z"));
    assert_eq!(late.expired[0].window, window("2026-09-01T00:20:00Z", "2026-09-01T01:00:00Z"));
    let not_now = PlanRequest { live: false, ..request("2026-09-01T02:00:00Z") };
    assert_eq!(windows(&plan(&[dataset.state()], &not_now)), []);
}

#[test]
fn an_explicit_range_may_reach_before_the_first_day_but_not_before_retention() {
    let dataset = Dataset::new(spec(), Some("2026-08-30"));
    let range = Some(window("2026-06-01T00:00:00Z", "2026-06-04T00:30:00Z"));
    let plan = plan(&[dataset.state()], &PlanRequest { range, ..request("2026-09-01T00:00:00Z") });
    let edge = at("2026-06-03T00:00:00Z");
    let asked: WindowSet = windows(&plan).into_iter().collect();
    assert_eq!(asked, Window::of(edge, at("2026-06-04T00:00:00Z")).into());
    assert_eq!(plan.expired[0].window, Window::of(at("2026-06-01T00:00:00Z"), edge));
}

#[test]
fn selecting_units_selects_their_cost() {
    let dataset = Dataset::new(spec(), Some("2026-08-30"));
    let plan = plan(&[dataset.state()], &request("2026-09-01T03:00:00Z"));
    let one = plan.select(|unit| unit.date.to_string() == "2026-08-30");
    assert_eq!((one.units.len(), one.requests, one.seconds_at_rate_limit), (1, 24, 12));
}

#[derive(Clone, Debug)]
struct History {
    spec: DatasetSpec,
    loads: Vec<(u32, u32)>,
    failures: Vec<u32>,
    now_minutes: i64,
    order: PlanOrder,
    range: Option<(i64, i64)>,
}

const ORIGIN: &str = "2026-09-01T00:00:00Z";

fn histories() -> impl Strategy<Value = History> {
    let span_hours = prop_oneof![Just(1_i64), Just(6), Just(24)];
    let retention = prop_oneof![Just(None), (5_i64..12).prop_map(|days| Some(TimeDelta::days(days)))];
    let revisits = prop_oneof![Just(vec![]), Just(vec![24]), Just(vec![24, 72])];
    let order = prop_oneof![Just(PlanOrder::NewestFirst), Just(PlanOrder::OldestFirst)];
    (
        span_hours,
        0_i64..30,
        retention,
        revisits,
        prop::collection::vec((0_u32..240, 0_u32..200), 0..40),
        prop::collection::vec(0_u32..240, 0..5),
        0_i64..20_000,
        order,
        prop::option::of((0_i64..14_000, 1_i64..8_000)),
    )
        .prop_map(|(span, lag, retention, revisits, loads, failures, now_minutes, order, range)| {
            let spec = DatasetSpec {
                span: TimeDelta::hours(span),
                lag: TimeDelta::hours(lag),
                retention,
                revisits: revisits.into_iter().map(TimeDelta::hours).collect(),
                ..spec()
            };
            History { spec, loads, failures, now_minutes, order, range }
        })
}

fn replay(history: &History) -> (Dataset, PlanRequest) {
    let origin = at(ORIGIN);
    let mut dataset = Dataset::new(history.spec.clone(), Some("2026-09-01"));
    let now = origin + TimeDelta::minutes(history.now_minutes);
    let hour = |index: u32| Grain::Hour.bucket(origin + TimeDelta::hours(i64::from(index)));
    let available = |window: Window| window.end() + history.spec.lag <= now;
    for (index, late) in &history.loads {
        let pulled_at = (hour(*index).end() + history.spec.lag + TimeDelta::hours(i64::from(*late))).min(now);
        if available(hour(*index)) {
            dataset.load(hour(*index), pulled_at);
        }
    }
    for window in history.failures.iter().map(|index| hour(*index)).filter(|window| available(*window)) {
        let error = "timeout".to_owned();
        dataset.checkpoint.fail(FailedWindow { window, failed_at: now, error });
    }
    let range = history.range.map(|(from, length)| {
        let from = origin + TimeDelta::minutes(from);
        Window::of(from, from + TimeDelta::minutes(length))
    });
    let request = PlanRequest { now, range, reprocess: Reprocess::Missing, order: history.order, live: true };
    (dataset, request)
}

fn load_all(dataset: &mut Dataset, plan: &Plan, now: DateTime<Utc>) {
    windows(plan).into_iter().for_each(|window| dataset.load(window, now));
}

proptest! {
    #[test]
    fn windows_are_disjoint_aligned_available_and_within_retention(history in histories()) {
        let (dataset, request) = replay(&history);
        let plan = plan(&[dataset.state()], &request);
        let mut all = windows(&plan);
        all.sort_unstable();
        prop_assert!(all.windows(2).all(|pair| pair[0].end() <= pair[1].start()));
        for window in all {
            prop_assert!(window.is_aligned(Grain::Hour));
            prop_assert!(window.duration() <= history.spec.span);
            prop_assert_eq!(window.dates().count(), 1);
            prop_assert!(window.end() + history.spec.lag <= request.now);
            prop_assert!(history.spec.retention.is_none_or(|retention| window.start() >= request.now - retention));
        }
    }

    #[test]
    fn every_due_hour_is_planned_exactly_once(history in histories()) {
        let (dataset, request) = replay(&history);
        let planned: WindowSet = windows(&plan(&[dataset.state()], &request)).into_iter().collect();
        let range = request.range.unwrap_or(Window::of(at(ORIGIN), at("2026-12-01T00:00:00Z")));
        let mut expected = WindowSet::new();
        for hour in range.buckets(Grain::Hour) {
            let available = hour.end() + history.spec.lag <= request.now;
            let kept = history.spec.retention.is_none_or(|retention| hour.start() + retention >= request.now);
            let record = dataset.checkpoint.open_record(hour);
            let failed = dataset.checkpoint.failed.iter().any(|failed| failed.window == hour);
            let revisit = record.is_some_and(|record| history.spec.revisits.iter().any(|age| {
                record.pulled_at < hour.end() + *age && hour.end() + *age <= request.now
            }));
            if available && kept && (record.is_none() || failed || revisit) {
                expected.insert(hour);
            }
        }
        prop_assert_eq!(planned, expected);
    }

    #[test]
    fn planning_again_after_loading_all_gives_nothing_until_a_revisit(history in histories()) {
        let (mut dataset, request) = replay(&history);
        let first = plan(&[dataset.state()], &request);
        load_all(&mut dataset, &first, request.now);
        prop_assert_eq!(windows(&plan(&[dataset.state()], &request)), []);
        let later = PlanRequest { now: request.now + TimeDelta::days(4), ..request };
        let again = plan(&[dataset.state()], &later);
        let is_final = |window: &Window| {
            let known = dataset.checkpoint.open_record(*window);
            known.is_some_and(|record| history.spec.is_final(record.window, record.pulled_at))
        };
        prop_assert!(!windows(&again).iter().any(is_final));
    }

    #[test]
    fn the_states_partition_the_timeline(history in histories()) {
        let (dataset, request) = replay(&history);
        let states = states(dataset.state(), request.now, None);
        prop_assert!(states.windows(2).all(|pair| pair[0].window.end() <= pair[1].window.start()));
        let covered: WindowSet = states.iter().map(|state| state.window).collect();
        let horizon = Grain::Hour.floor(request.now - history.spec.lag);
        let whole = Window::new(at(ORIGIN), horizon).map(WindowSet::from).unwrap_or_default();
        prop_assert_eq!(&covered, &whole);
        let planned: WindowSet = windows(&plan(&[dataset.state()], &PlanRequest { range: None, ..request }))
            .into_iter()
            .collect();
        for state in &states {
            match state.state {
                State::Missing | State::Failed => prop_assert!(planned.covers(state.window)),
                State::Expired => prop_assert!(!planned.overlaps(state.window)),
                State::Loaded | State::Empty | State::Final => {
                    prop_assert!(dataset.checkpoint.loaded().covers(state.window));
                }
            }
        }
    }
}
