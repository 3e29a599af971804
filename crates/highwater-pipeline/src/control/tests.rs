//! Control totals against a provider in memory.

use chrono::TimeDelta;
use highwater_core::{DatasetSpec, Relation, Window};

use super::{Verdict, mismatched, stored};
use crate::plan::{Reason, Reprocess};
use crate::rehearsal::{Rehearsal, spec};
use crate::run::RunOptions;

const START: &str = "2026-09-01";

fn day(date: &str) -> Window {
    Window::day(date.parse().unwrap())
}

async fn verdict(rehearsal: &Rehearsal, date: &str) -> Option<Verdict> {
    Verdict::of(rehearsal.checkpoint().await.sealed[&date.parse().unwrap()].verdict.as_ref())
}

#[tokio::test]
async fn a_unit_that_becomes_final_is_compared_once() {
    let rehearsal = Rehearsal::new(spec(), START).await;
    rehearsal.pass("2026-09-01T23:00:00Z").await;
    assert_eq!(rehearsal.provider.totals_asked(), []);
    let summary = rehearsal.pass("2026-09-02T00:00:00Z").await;
    assert_eq!(rehearsal.provider.totals_asked(), [day(START)]);
    assert_eq!((summary.requests, summary.mismatched), (2, 0));
    assert!(summary.is_complete());
    rehearsal.pass("2026-09-02T01:00:00Z").await;
    assert_eq!(rehearsal.provider.totals_asked(), [day(START)]);

    assert_eq!(verdict(&rehearsal, START).await, Some(Verdict::Match));
    let checkpoint = rehearsal.checkpoint().await;
    let kept = stored(&rehearsal.ledger(&checkpoint), START.parse().unwrap()).await.unwrap();
    let measures: Vec<&str> = kept.iter().map(|kept| kept.check.measure.as_str()).collect();
    assert_eq!(
        measures,
        ["resource_usage.delivered_seconds", "resource_usage_by_rendition.delivered_seconds"]
    );
    assert!(kept.iter().all(|kept| kept.check.window == day(START) && kept.check.difference() == 0));
    assert!(kept.iter().all(|kept| kept.check.ours == 24 * 53_000_000));
}

#[tokio::test]
async fn a_mismatch_is_published_and_shown() {
    let rehearsal = Rehearsal::new(spec(), START).await;
    rehearsal.provider.change(|behaviour| behaviour.total_per_mille = 900);
    let summary = rehearsal.pass("2026-09-02T00:00:00Z").await;
    assert_eq!((summary.windows.loaded, summary.mismatched), (24, 1));
    assert!(!summary.is_complete());
    let checkpoint = rehearsal.checkpoint().await;
    assert_eq!(mismatched(&checkpoint), day(START).into());
    assert_eq!(checkpoint.loaded(), day(START).into());
}

#[tokio::test]
async fn what_the_provider_does_not_itemise_is_told_from_a_mismatch() {
    let rehearsal = Rehearsal::new(spec(), START).await;
    rehearsal.provider.change(|behaviour| {
        (behaviour.total_per_mille, behaviour.relation) = (1100, Relation::Part);
    });
    assert!(rehearsal.pass("2026-09-02T00:00:00Z").await.is_complete());
    assert_eq!(verdict(&rehearsal, START).await, Some(Verdict::NotItemised));
    rehearsal.provider.change(|behaviour| behaviour.total_per_mille = 900);
    assert_eq!(rehearsal.pass("2026-09-03T00:00:00Z").await.mismatched, 1);
}

#[tokio::test]
async fn figures_that_cannot_be_had_are_asked_for_by_the_next_run() {
    let rehearsal = Rehearsal::new(spec(), START).await;
    rehearsal.provider.change(|behaviour| behaviour.silent_on_totals = true);
    rehearsal.pass("2026-09-02T00:00:00Z").await;
    assert_eq!(verdict(&rehearsal, START).await, None);
    rehearsal.provider.change(|behaviour| behaviour.silent_on_totals = false);
    rehearsal.pass("2026-09-02T01:00:00Z").await;
    assert_eq!(verdict(&rehearsal, START).await, Some(Verdict::Match));
}

#[tokio::test]
async fn no_figure_is_asked_for_beyond_the_budget() {
    let rehearsal = Rehearsal::new(spec(), START).await;
    let options = RunOptions { max_requests: Some(24), ..rehearsal.options() };
    let summary = rehearsal.pass_with("2026-09-02T00:00:00Z", &options).await;
    assert_eq!((summary.windows.loaded, summary.requests), (24, 24));
    assert_eq!(rehearsal.provider.totals_asked(), []);
}

#[tokio::test]
async fn a_verdict_comes_back_with_a_rebuilt_checkpoint_without_a_request() {
    let rehearsal = Rehearsal::new(spec(), START).await;
    rehearsal.pass("2026-09-02T00:00:00Z").await;
    let checkpoint = rehearsal.checkpoint().await;
    let state = rehearsal.state(&checkpoint);
    let tables: Vec<_> = rehearsal.spec().tables().collect();
    let rebuild =
        rehearsal.warehouse.rebuild_checkpoint("any", state.source, &state.spec.name, &tables, &|_, _| ());
    rebuild.await.unwrap();
    assert_eq!(verdict(&rehearsal, START).await, None);
    rehearsal.pass("2026-09-02T01:00:00Z").await;
    assert_eq!(verdict(&rehearsal, START).await, Some(Verdict::Match));
    assert_eq!(rehearsal.provider.totals_asked(), [day(START)]);
}

#[tokio::test]
async fn a_run_asks_for_as_much_as_its_plan_says() {
    let rehearsal = Rehearsal::new(spec(), START).await;
    let step = async |now: &str, reprocess: Reprocess| {
        rehearsal.set_time(now);
        let plan = rehearsal.plan(reprocess).await;
        let summary = rehearsal.run(&plan, &rehearsal.options()).await;
        assert_eq!(summary.requests, plan.requests, "{now} {reprocess:?}");
        (plan.requests, plan.units.iter().all(|unit| unit.requests_exact))
    };
    rehearsal.provider.change(|behaviour| behaviour.total_per_mille = 900);
    assert_eq!(step("2026-09-02T06:00:00Z", Reprocess::Missing).await, (24 + 1 + 6, false));
    assert_eq!(step("2026-09-02T06:00:00Z", Reprocess::All).await, (24 + 1 + 6, true), "it did not agree");
    rehearsal.provider.change(|behaviour| behaviour.total_per_mille = 1000);
    assert_eq!(step("2026-09-02T06:00:00Z", Reprocess::All).await, (24 + 1 + 6, true));
    assert_eq!(step("2026-09-02T06:00:00Z", Reprocess::All).await, (24 + 6, true), "it agrees");
    assert_eq!(step("2026-09-03T00:00:00Z", Reprocess::Missing).await, (18 + 1, false));
    assert_eq!(step("2026-09-03T00:00:00Z", Reprocess::Missing).await, (0, true));
}

#[tokio::test]
async fn what_totals_took_is_what_the_next_ones_are_expected_to_take() {
    let rehearsal = Rehearsal::new(spec(), START).await;
    rehearsal.provider.change(|behaviour| behaviour.pages_of_totals = 3);
    assert_eq!(rehearsal.pass("2026-09-02T00:00:00Z").await.requests, 24 + 3);
    rehearsal.set_time("2026-09-03T00:00:00Z");
    let plan = rehearsal.plan(Reprocess::Missing).await;
    assert_eq!((plan.requests, plan.units[0].requests_exact), (24 + 3, false));
    let options = RunOptions { max_requests: Some(plan.requests), ..rehearsal.options() };
    assert_eq!(rehearsal.run(&plan, &options).await.requests, 24 + 3, "it is enough");
    assert_eq!(verdict(&rehearsal, "2026-09-02").await, Some(Verdict::Match));

    rehearsal.set_time("2026-09-04T00:00:00Z");
    let plan = rehearsal.plan(Reprocess::Missing).await;
    let options = RunOptions { max_requests: Some(plan.requests - 1), ..rehearsal.options() };
    assert_eq!(rehearsal.run(&plan, &options).await.requests, 24, "two pages of three are of no use");
}

#[tokio::test]
async fn totals_that_are_wanting_are_due_by_themselves() {
    let rehearsal = Rehearsal::new(spec(), START).await;
    rehearsal.provider.change(|behaviour| behaviour.silent_on_totals = true);
    rehearsal.pass("2026-09-02T00:00:00Z").await;
    let plan = rehearsal.plan(Reprocess::Missing).await;
    let [unit] = &plan.units[..] else { panic!("{plan:?}") };
    assert_eq!((unit.windows.len(), unit.requests, unit.requests_exact), (0, 1, false));
    assert_eq!(unit.reasons, [Reason::Totals].into());

    rehearsal.provider.change(|behaviour| behaviour.refuses = true);
    let refused = rehearsal.run(&plan, &rehearsal.options()).await;
    assert!(refused.auth_refused && refused.requests == 1, "{refused:?}");
    rehearsal.provider.change(|behaviour| (behaviour.refuses, behaviour.silent_on_totals) = (false, false));
    let summary = rehearsal.run(&plan, &rehearsal.options()).await;
    assert_eq!((summary.requests, summary.is_complete()), (1, true));
    assert_eq!(verdict(&rehearsal, START).await, Some(Verdict::Match));
    assert_eq!(rehearsal.plan(Reprocess::Missing).await.units, []);
}

#[tokio::test]
async fn a_unit_that_becomes_final_after_it_was_planned_is_compared_by_the_next_run() {
    let revisited = DatasetSpec { revisits: vec![TimeDelta::hours(24)], ..spec() };
    let rehearsal = Rehearsal::new(revisited, START).await;
    rehearsal.set_time("2026-09-02T23:59:59Z");
    let plan = rehearsal.plan(Reprocess::Missing).await;
    rehearsal.set_time("2026-09-03T00:00:00Z");
    let summary = rehearsal.run(&plan, &rehearsal.options()).await;
    assert_eq!((summary.requests, plan.requests), (47, 47));
    assert_eq!(verdict(&rehearsal, START).await, None);
    let next = rehearsal.plan(Reprocess::Missing).await;
    assert_eq!(next.units.last().unwrap().reasons, [Reason::Totals].into());
    assert_eq!(rehearsal.run(&next, &rehearsal.options()).await.requests, next.requests);
    assert_eq!(verdict(&rehearsal, START).await, Some(Verdict::Match));
}

#[tokio::test]
async fn new_content_of_a_final_unit_is_compared_anew() {
    let rehearsal = Rehearsal::new(spec(), START).await;
    rehearsal.pass("2026-09-02T00:00:00Z").await;
    rehearsal.provider.change(|behaviour| behaviour.loses_renditions = true);
    rehearsal.set_time("2026-09-02T00:30:00Z");
    let plan = rehearsal.plan(Reprocess::All).await;
    assert_eq!(plan.requests, 24);
    let summary = rehearsal.run(&plan, &rehearsal.options()).await;
    assert_eq!((summary.requests, summary.mismatched), (24 + 1, 1));
}
