//! Audits against a provider in memory.

use highwater_core::Window;

use super::AuditReport;
use crate::control::{Verdict, mismatched};
use crate::fixture::window;
use crate::rehearsal::{Rehearsal, spec};

fn day(date: &str) -> Window {
    Window::day(date.parse().unwrap())
}

fn verdicts(report: &AuditReport) -> Vec<Verdict> {
    report.checks.iter().map(|check| check.verdict()).collect()
}

#[tokio::test]
async fn honest_data_match_by_day_and_by_month() {
    let rehearsal = Rehearsal::new(spec(), "2026-08-31").await;
    rehearsal.pass("2026-10-01T12:00:00Z").await;
    let report = rehearsal.audit(None).await;
    assert!(report.is_clean());
    assert!(verdicts(&report).iter().all(|verdict| *verdict == Verdict::Match), "{:?}", report.checks);
    // Rows, renditions, and two figures a day; two figures of the month.
    assert_eq!(report.checks.len(), 31 * 4 + 2);
    let september = window("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z");
    let months: Vec<_> = report.checks.iter().filter(|check| check.window == september).collect();
    assert_eq!(months.len(), 2);
    assert_eq!(months[0].ours, 30 * 24 * 53_000_000);
    let partial: Vec<_> = report.unchecked.iter().map(|unchecked| unchecked.window).collect();
    assert_eq!(partial, [window("2026-10-01T00:00:00Z", "2026-10-01T12:00:00Z")]);
}

#[tokio::test]
async fn a_mismatch_is_named_and_goes_when_the_figures_agree_again() {
    let rehearsal = Rehearsal::new(spec(), "2026-09-01").await;
    rehearsal.pass("2026-09-03T00:00:00Z").await;
    rehearsal.provider.change(|behaviour| behaviour.total_per_mille = 900);
    let report = rehearsal.audit(Some(day("2026-09-02"))).await;
    assert!(!report.is_clean());
    let found: Vec<_> = report.with_verdict(Verdict::Mismatch).collect();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].window, found[0].dataset.as_str()), (day("2026-09-02"), "usage"));
    assert_eq!(found[0].measure, "resource_usage.delivered_seconds");
    assert_eq!(mismatched(&rehearsal.checkpoint().await), day("2026-09-02").into());

    rehearsal.provider.change(|behaviour| behaviour.total_per_mille = 1000);
    assert!(rehearsal.audit(None).await.is_clean());
    assert!(mismatched(&rehearsal.checkpoint().await).is_empty());
}

#[tokio::test]
async fn a_month_that_differs_marks_its_days_until_it_agrees() {
    let rehearsal = Rehearsal::new(spec(), "2026-09-01").await;
    rehearsal.pass("2026-10-01T00:00:00Z").await;
    rehearsal.provider.change(|behaviour| behaviour.total_per_mille = 900);
    rehearsal.audit(None).await;
    rehearsal.provider.change(|behaviour| behaviour.total_per_mille = 1000);
    // The day agrees again; the month was not looked at.
    assert!(rehearsal.audit(Some(day("2026-09-05"))).await.is_clean());
    assert!(mismatched(&rehearsal.checkpoint().await).covers(day("2026-09-05")));
    rehearsal.audit(None).await;
    assert!(mismatched(&rehearsal.checkpoint().await).is_empty());
}

#[tokio::test]
async fn renditions_that_do_not_add_up_are_named_with_the_resource() {
    let rehearsal = Rehearsal::new(spec(), "2026-09-01").await;
    rehearsal.provider.change(|behaviour| behaviour.loses_renditions = true);
    rehearsal.pass("2026-09-02T00:00:00Z").await;
    let report = rehearsal.audit(None).await;
    let found: Vec<_> = report.with_verdict(Verdict::Mismatch).collect();
    let measures: Vec<&str> = found.iter().map(|check| check.measure.as_str()).collect();
    assert_eq!(
        measures,
        [
            "delivered_seconds by rendition",
            "delivered_seconds by rendition of asset a",
            "resource_usage_by_rendition.delivered_seconds"
        ]
    );
    assert!(found.iter().all(|check| check.difference() == -24_000_000));
}

#[tokio::test]
async fn a_figure_that_cannot_be_had_leaves_the_audit_unclean_and_stops_no_other() {
    let rehearsal = Rehearsal::new(spec(), "2026-09-01").await;
    rehearsal.pass("2026-09-03T00:00:00Z").await;
    rehearsal.provider.change(|behaviour| behaviour.unanswered = Some(day("2026-09-01").start()));
    let report = rehearsal.audit(None).await;
    assert!(!report.is_clean());
    assert_eq!(report.unchecked.len(), 1);
    assert_eq!(report.unchecked[0].window, day("2026-09-01"));
    assert_eq!(report.checks.iter().filter(|check| check.window == day("2026-09-02")).count(), 4);
}
