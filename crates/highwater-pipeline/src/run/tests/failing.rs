//! What fails is recorded, disturbs nothing else, and is taken again.

use highwater_core::{ErrorKind, Window};

use super::world::Fault;
use super::{Rig, day, hour, spec, unrevised};
use crate::plan::Reason;

fn failing() -> Window {
    hour("2026-09-01T05:00:00Z")
}

#[tokio::test]
async fn a_failure_is_recorded_and_the_next_run_takes_it_again() {
    let rig = Rig::new(&[unrevised()]).await;
    rig.world().fail(failing().start(), &[Fault::Unanswered]);
    let summary = rig.pass("2026-09-01T12:00:00Z").await;
    assert_eq!((summary.windows.failed, summary.windows.loaded), (1, 10));
    assert!(!summary.is_complete());
    let checkpoint = rig.checkpoint(0).await;
    assert_eq!((checkpoint.failed[0].window, checkpoint.failed[0].error.as_str()), (failing(), "no answer"));
    assert_eq!(checkpoint.last_error.as_deref(), Some("no answer"));
    assert_eq!(rig.plan(&rig.request()).await.units[0].reasons, [Reason::Failed].into());
    let again = rig.pass("2026-09-01T12:00:00Z").await;
    assert_eq!((again.windows.loaded, again.windows.failed), (1, 0));
    let checkpoint = rig.checkpoint(0).await;
    assert_eq!((checkpoint.failed.len(), checkpoint.last_error), (0, None));
}

#[tokio::test]
async fn a_revisit_that_fails_leaves_what_is_published() {
    let rig = Rig::new(&[spec()]).await;
    rig.pass("2026-09-01T06:00:00Z").await;
    rig.world().fail(failing().start(), &[Fault::Unanswered]);
    let summary = rig.pass("2026-09-02T06:00:00Z").await;
    assert_eq!(summary.windows.failed, 1);
    let status = rig.status().await;
    let dataset = &status.sources[0].datasets[0];
    assert!(dataset.loaded.covers(failing()));
    assert_eq!(dataset.failed[0].window, failing());
    assert_eq!(rig.rows(failing()).await, rig.expected(day("2026-09-01")));
}

#[tokio::test]
async fn an_answer_that_contradicts_itself_is_pulled_again_once() {
    for fault in [Fault::OtherWindow, Fault::WrongTotal] {
        let rig = Rig::new(&[unrevised()]).await;
        rig.world().fail(failing().start(), &[fault]);
        let summary = rig.pass("2026-09-01T06:00:00Z").await;
        assert_eq!((summary.windows.failed, summary.windows.loaded), (0, 5), "{fault:?}");
        assert_eq!(
            rig.rows(failing()).await,
            rig.expected(Window::of(day("2026-09-01").start(), failing().end()))
        );
    }
}

#[tokio::test]
async fn an_answer_that_contradicts_itself_twice_fails_its_window() {
    let rig = Rig::new(&[unrevised()]).await;
    rig.world().fail(failing().start(), &[Fault::OtherWindow, Fault::OtherWindow]);
    let summary = rig.pass("2026-09-01T06:00:00Z").await;
    assert_eq!((summary.windows.failed, summary.windows.loaded), (1, 4));
    assert_eq!(rig.world().asked().iter().filter(|request| request.window == failing()).count(), 2);
}

#[tokio::test]
async fn pages_that_are_not_as_we_know_them_fail_the_window_and_are_kept() {
    let rig = Rig::new(&[unrevised()]).await;
    rig.world().fail(failing().start(), &[Fault::NotJson]);
    let summary = rig.pass("2026-09-01T06:00:00Z").await;
    assert_eq!(summary.windows.failed, 1);
    let kept = rig.files("raw").into_keys().filter(|path| path.contains("20260901T050000Z"));
    assert_eq!(kept.count(), 1);
}

#[tokio::test]
async fn refused_credentials_cost_one_request_and_stop_only_their_source() {
    let rig = Rig::new(&[unrevised(), unrevised()]).await;
    rig.world().fail_always(Some(Fault::Refused));
    let summary = rig.pass("2026-09-03T00:00:00Z").await;
    assert_eq!(rig.world().asked().len(), 1);
    assert!(summary.auth_refused && !summary.interrupted);
    let [refused, other] = &summary.sources[..] else { panic!("two sources") };
    assert_eq!(refused.error.as_ref().unwrap().kind, ErrorKind::Auth.as_str());
    assert_eq!((refused.left, refused.windows.failed), (48, 0));
    assert_eq!((other.windows.loaded + other.windows.empty, other.left), (48, 0));
    let checkpoint = rig.checkpoint(0).await;
    assert_eq!((checkpoint.failed.len(), checkpoint.last_error.as_deref()), (0, Some("credentials refused")));
    rig.world().fail_always(None);
    let again = rig.pass("2026-09-03T00:00:00Z").await;
    assert!(again.is_complete());
}

#[tokio::test]
async fn credentials_that_expire_on_the_way_leave_what_was_loaded() {
    let rig = Rig::new(&[unrevised()]).await;
    let expired = hour("2026-09-02T00:00:00Z");
    rig.world().fail(expired.start(), &[Fault::Refused]);
    let summary = rig.pass("2026-09-10T00:00:00Z").await;
    assert!(summary.auth_refused);
    let loaded = rig.checkpoint(0).await.loaded();
    assert!(!loaded.overlaps(expired));
    assert!(!loaded.is_empty());
    assert_eq!(rig.pass("2026-09-10T00:00:00Z").await.left, 0);
    let range = super::days("2026-09-01", "2026-09-10");
    assert_eq!(rig.rows(range).await, rig.expected(range));
}

#[tokio::test]
async fn a_provider_that_answers_nothing_is_left_to_the_next_run() {
    let rig = Rig::new(&[unrevised()]).await;
    rig.world().fail_always(Some(Fault::Unanswered));
    let summary = rig.pass("2026-10-01T00:00:00Z").await;
    assert!(summary.windows.failed >= 32 && summary.left > 600, "{summary:?}");
    assert!(summary.sources[0].error.is_some());
}

#[tokio::test]
async fn a_warehouse_that_cannot_be_written_fails_the_unit() {
    let rig = Rig::new(&[unrevised()]).await;
    std::fs::write(rig.folder.path().join("warehouse/data"), "in the way").unwrap();
    let summary = rig.pass("2026-09-01T02:00:00Z").await;
    assert_eq!((summary.windows.failed, summary.windows.loaded), (2, 0));
    std::fs::remove_file(rig.folder.path().join("warehouse/data")).unwrap();
    assert!(rig.pass("2026-09-01T02:00:00Z").await.is_complete());
}

#[tokio::test]
async fn a_warehouse_that_takes_nothing_is_not_asked_for_in_vain() {
    let rig = Rig::new(&[unrevised()]).await;
    // A file where the archive's folder is to be: whatever is pulled cannot be archived.
    std::fs::write(rig.folder.path().join("warehouse/raw"), "").unwrap();
    let summary = rig.pass("2026-09-04T00:00:00Z").await;
    assert!(summary.windows.failed >= 8 && summary.windows.failed < 30, "{summary:?}");
    assert!(summary.left > 0 && !summary.is_complete());
    assert!(rig.world().asked().len() < 120, "{} requests", rig.world().asked().len());
    assert_eq!(summary.sources[0].error.as_ref().map(|error| error.kind), Some("storage"));
}
