//! The shrink guard: what is published is not taken away on one answer.

use highwater_core::{HeldWindow, Window};

use super::{Rig, day, hour, spec};
use crate::fixture::at;
use crate::plan::PlanRequest;

const LOADED: &str = "2026-09-01T01:00:00Z";
const REVISITED: &str = "2026-09-02T01:00:00Z";

fn window() -> Window {
    hour("2026-09-01T00:00:00Z")
}

/// One loaded hour that the provider has emptied since, held at its first revisit.
async fn held() -> Rig {
    let rig = Rig::new(&[spec()]).await;
    rig.pass(LOADED).await;
    rig.world().revise(window().start(), &[]);
    let before = rig.rows(window()).await;
    let summary = rig.pass(REVISITED).await;
    assert_eq!((summary.windows.held, summary.windows.failed), (1, 0));
    assert_eq!(seconds(&rig).await, before.values().sum::<i64>());
    rig
}

/// What is published of the hour.
async fn seconds(rig: &Rig) -> i64 {
    let rows = rig.rows(window()).await;
    rows.iter().filter(|((start, _), _)| *start == window().start()).map(|(_, seconds)| seconds).sum()
}

async fn decide(rig: &Rig, decide: impl Fn(&mut HeldWindow) + Send + Sync) {
    let (source, dataset) = (&rig.worlds[0].0, &rig.spec(0).name);
    let change = |checkpoint: &mut highwater_core::Checkpoint| checkpoint.held.iter_mut().for_each(&decide);
    rig.warehouse.update_checkpoint(source, dataset, change).await.unwrap();
}

#[tokio::test]
async fn a_window_that_would_shrink_is_held_and_an_equal_answer_an_hour_later_publishes_it() {
    let rig = held().await;
    let status = rig.status().await;
    let dataset = &status.sources[0].datasets[0];
    assert_eq!(dataset.held[0].due_at, at("2026-09-02T02:00:00Z"));
    assert!(dataset.loaded.covers(window()));
    rig.pass("2026-09-02T01:59:00Z").await;
    assert!(seconds(&rig).await > 0);
    rig.pass("2026-09-02T02:00:00Z").await;
    assert_eq!(seconds(&rig).await, 0);
    assert_eq!(rig.checkpoint(0).await.held, []);
}

#[tokio::test]
async fn a_window_whose_content_comes_back_is_held_no_longer() {
    let rig = held().await;
    let rows = [("r0", 100), ("r1", 200), ("r2", 300)];
    rig.world().revise(window().start(), &rows);
    rig.pass("2026-09-02T02:00:00Z").await;
    assert_eq!(seconds(&rig).await, 600);
    assert_eq!(rig.checkpoint(0).await.held, []);
}

#[tokio::test]
async fn an_accepted_hold_publishes_at_the_next_run() {
    let rig = held().await;
    decide(&rig, |held| held.accepted = true).await;
    rig.pass("2026-09-02T01:01:00Z").await;
    assert_eq!(seconds(&rig).await, 0);
}

#[tokio::test]
async fn a_refused_hold_stays_refused_for_the_same_answer_and_is_final_after_the_last_revisit() {
    let rig = held().await;
    decide(&rig, |held| held.refused = true).await;
    rig.pass("2026-09-02T04:00:00Z").await;
    let asked = rig.world().asked().iter().filter(|request| request.window == window()).count();
    rig.pass("2026-09-04T01:00:00Z").await;
    let again = rig.world().asked().iter().filter(|request| request.window == window()).count();
    assert_eq!(again, asked + 1);
    assert!(seconds(&rig).await > 0);
    let checkpoint = rig.checkpoint(0).await;
    assert_eq!(checkpoint.held, []);
    assert_eq!(checkpoint.open_record(window()).unwrap().verdict.as_deref(), Some("held"));
    rig.pass("2026-09-05T00:00:00Z").await;
    let sealed = rig.checkpoint(0).await.sealed;
    assert_eq!(sealed[&day("2026-09-01").date()].verdict.as_deref(), Some("held"));
}

#[tokio::test]
async fn a_loss_within_the_tolerance_is_published_at_once() {
    let rig = Rig::new(&[spec()]).await;
    let before = rig.world().usage(window());
    rig.pass(LOADED).await;
    let less: Vec<(&str, i64)> =
        before.iter().map(|(id, seconds)| (id.as_str(), seconds * 95 / 100)).collect();
    rig.world().revise(window().start(), &less);
    let summary = rig.pass(REVISITED).await;
    assert_eq!(summary.windows.held, 0);
    assert_eq!(seconds(&rig).await, less.iter().map(|(_, seconds)| seconds).sum::<i64>());
}

#[tokio::test]
async fn the_guard_also_holds_where_a_writer_died_between_two_tables() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass(LOADED).await;
    let of = |part: &str| rig.files("").into_keys().find(|path| path.contains(part)).unwrap();
    let kept = [of("/data/resources/"), of("/state/")].map(|path| (std::fs::read(&path).unwrap(), path));
    rig.world().revise(window().start(), &[("r0", 900)]);
    rig.pass(REVISITED).await;
    kept.iter().for_each(|(bytes, path)| std::fs::write(path, bytes).unwrap());
    rig.world().revise(window().start(), &[]);
    let only = PlanRequest { range: Some(window()), ..rig.request() };
    let summary = rig.run_plan(&rig.plan(&only).await, &rig.options()).await;
    assert_eq!(summary.windows.held, 1);
    assert_eq!(seconds(&rig).await, 900);
}
