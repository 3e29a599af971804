//! Control totals against a provider in memory.

use highwater_core::{Relation, Window};

use super::{Verdict, mismatched, stored};
use crate::rehearsal::{Rehearsal, spec};

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
    let options = crate::RunOptions { max_requests: Some(24), ..rehearsal.options() };
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
