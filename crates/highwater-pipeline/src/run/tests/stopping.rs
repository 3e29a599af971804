//! A run that is asked to stop, or runs out of requests, keeps what is complete.

use highwater_core::Window;

use super::world::Fault;
use super::{Rig, days, hour, unrevised};
use crate::run::RunOptions;

#[tokio::test]
async fn a_cancelled_run_commits_what_is_complete_and_the_next_one_goes_on() {
    let rig = Rig::new(&[unrevised()]).await;
    rig.set_time("2026-09-04T00:00:00Z");
    let options = rig.options();
    rig.world().cancel_after(50, options.cancel.clone());
    let plan = rig.plan(&rig.request()).await;
    let summary = rig.run_plan(&plan, &options).await;
    assert!(summary.interrupted);
    let settled = summary.windows.loaded + summary.windows.empty;
    assert_eq!(settled + summary.left, 72);
    assert!(settled > 20 && summary.left > 0, "{summary:?}");
    let loaded = rig.checkpoint(0).await.loaded();
    assert_eq!(loaded.duration().num_hours(), i64::try_from(settled).unwrap());
    let again = rig.pass("2026-09-04T00:00:00Z").await;
    assert_eq!(again.windows.loaded + again.windows.empty, summary.left);
    let range = days("2026-09-01", "2026-09-04");
    assert_eq!(rig.rows(range).await, rig.expected(range));
}

#[tokio::test]
async fn a_pull_that_outlasts_the_grace_period_is_abandoned() {
    let rig = Rig::new(&[unrevised()]).await;
    rig.set_time("2026-09-01T06:00:00Z");
    let silent = hour("2026-09-01T02:00:00Z");
    rig.world().fail(silent.start(), &[Fault::Silent]);
    let options = rig.options();
    rig.world().cancel_after(10, options.cancel.clone());
    let plan = rig.plan(&rig.request()).await;
    let time_passes = async {
        loop {
            if options.cancel.is_cancelled() {
                rig.clock.advance(std::time::Duration::from_secs(1));
            }
            tokio::task::yield_now().await;
        }
    };
    let summary = tokio::select! {
        summary = rig.run_plan(&plan, &options) => summary,
        () = time_passes => unreachable!(),
    };
    assert_eq!((summary.interrupted, summary.left, summary.windows.failed), (true, 1, 0));
    assert!(!rig.checkpoint(0).await.loaded().overlaps(silent));
    assert_eq!(rig.checkpoint(0).await.loaded().duration().num_hours(), 5);
}

#[tokio::test]
async fn a_run_that_is_cancelled_before_it_starts_asks_nothing() {
    let rig = Rig::new(&[unrevised()]).await;
    rig.set_time("2026-09-01T06:00:00Z");
    let options = rig.options();
    options.cancel.cancel();
    let summary = rig.run_plan(&rig.plan(&rig.request()).await, &options).await;
    assert_eq!((summary.interrupted, summary.left, summary.requests), (true, 6, 0));
}

#[tokio::test]
async fn no_pull_starts_once_the_requests_are_used_up() {
    let rig = Rig::new(&[unrevised()]).await;
    rig.pass("2026-09-01T03:00:00Z").await;
    rig.set_time("2026-09-02T00:00:00Z");
    let options = RunOptions { max_requests: Some(10), ..rig.options() };
    let summary = rig.run_plan(&rig.plan(&rig.request()).await, &options).await;
    assert!(summary.requests <= 10 && summary.requests >= 8, "{summary:?}");
    assert!(summary.left > 0 && !summary.interrupted && !summary.is_complete());
    let loaded: Vec<Window> = rig.checkpoint(0).await.loaded().iter().collect();
    assert_eq!(loaded.len(), 1);
}
