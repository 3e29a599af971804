//! What the reconcilers load, and when they leave a source alone.

use highwater_core::{DatasetName, ErrorKind, SourceName};

use super::*;
use crate::schedule::Schedule;

/// Two full days and three hours are available at the start: 51 windows of an hour, 2 of a day.
async fn caught_up() -> Rig {
    let mut rig = Rig::new("2026-09-03T06:05:00Z", "2026-09-01").await;
    rig.wake().await;
    rig
}

#[tokio::test]
async fn at_the_start_all_that_is_due_is_loaded_the_newest_first() {
    let rig = caught_up().await;
    let world = rig.world("good");
    assert_eq!((world.asked("hourly"), world.asked("daily")), (51, 2));
    let state = world.state();
    let first = state.asked.iter().find(|(dataset, ..)| dataset == "hourly").unwrap();
    assert_eq!(first.1.date().to_string(), "2026-09-03");
    assert!(!state.doubled);
}

#[tokio::test]
async fn wakes_before_the_schedule_has_come_ask_nothing() {
    let mut rig = caught_up().await;
    for _ in 0..4 {
        rig.advance(1);
        rig.wake().await;
    }
    assert_eq!(rig.world("good").asked("hourly"), 51);
    rig.advance(1);
    rig.wake().await;
    rig.wake().await;
    assert_eq!(
        rig.world("good").asked("hourly"),
        51,
        "at 06:10 no further hour is there, the last one came at 06:00"
    );
    rig.advance(60);
    rig.wake().await;
    rig.wake().await;
    assert_eq!(rig.world("good").asked("hourly"), 52 + 1, "one new hour, and one revisit of a day ago");
}

#[tokio::test]
async fn missed_wakes_lose_nothing() {
    let mut rig = caught_up().await;
    rig.advance(24 * 60);
    rig.wake().await;
    let status = status_of(&rig, "hourly");
    assert!(status.missing.is_empty());
    assert_eq!(status.behind_seconds, Some(0));
    assert!(!rig.world("good").state().doubled);
}

#[tokio::test]
async fn a_restart_catches_up_and_asks_for_nothing_twice() {
    let mut rig = caught_up().await;
    rig.restart().await;
    rig.wake().await;
    assert_eq!(rig.world("good").asked("hourly"), 51);
    rig.advance(3 * 60);
    rig.restart().await;
    rig.wake().await;
    assert!(status_of(&rig, "hourly").missing.is_empty());
}

#[tokio::test]
async fn refused_credentials_cost_one_request_a_turn_and_disturb_nobody() {
    let mut rig = Rig::new("2026-09-03T06:05:00Z", "2026-09-01").await;
    rig.world("good").state().failure = Some(ErrorKind::Auth);
    for _ in 0..10 {
        rig.wake().await;
        rig.advance(1);
    }
    let refused = rig.world("good").state().asked.len();
    assert_eq!(refused, 2, "once at the start, once at ten past");
    assert_eq!(rig.world("other").asked("hourly"), 51);
    let notes = rig.daemon.board.copy();
    assert!(notes.activities[0].refused && !notes.activities[1].refused);
    rig.world("good").state().failure = None;
    rig.advance(60);
    rig.wake().await;
    assert!(!rig.daemon.board.notes().activities[0].refused);
    assert!(status_of(&rig, "hourly").missing.is_empty());
}

#[tokio::test]
async fn a_window_that_fails_is_tried_once_a_turn() {
    let mut rig = Rig::new("2026-09-03T06:05:00Z", "2026-09-01").await;
    let broken = window("2026-09-02T05:00:00Z", "2026-09-02T06:00:00Z");
    rig.world("good").state().broken.insert(broken);
    for _ in 0..5 {
        rig.wake().await;
        rig.advance(1);
    }
    let tried =
        |rig: &Rig| rig.world("good").state().asked.iter().filter(|(_, asked, _)| *asked == broken).count();
    assert_eq!(tried(&rig), 1);
    assert_eq!(status_of(&rig, "hourly").failed.len(), 1);
    rig.advance(1);
    rig.wake().await;
    assert_eq!(tried(&rig), 2);
    rig.world("good").state().broken.clear();
    rig.advance(60);
    rig.wake().await;
    assert!(status_of(&rig, "hourly").failed.is_empty());
}

#[tokio::test]
async fn a_daily_dataset_does_not_wait_a_day_for_a_provider_that_was_away_for_an_hour() {
    let mut rig = Rig::of_days("2026-09-03T06:05:00Z", "2026-09-01").await;
    rig.wake().await;
    rig.clock.advance(at("2026-09-04T04:30:00Z").signed_duration_since(rig.clock.now()).to_std().unwrap());
    rig.world("good").state().failure = Some(ErrorKind::Transient { retry_after: None });
    rig.wake().await;
    let tried = rig.world("good").asked("daily");
    rig.advance(59);
    rig.world("good").state().failure = None;
    rig.wake().await;
    assert_eq!(rig.world("good").asked("daily"), tried, "it is left alone for an hour");
    rig.advance(1);
    rig.wake().await;
    let status = status_of(&rig, "daily");
    assert_eq!((status.missing.is_empty(), status.failed.is_empty()), (true, true));
    let asked = rig.world("good").asked("daily");
    rig.advance(60);
    rig.wake().await;
    assert_eq!(rig.world("good").asked("daily"), asked, "all is there: the next turn is the schedule's");
}

#[tokio::test]
async fn what_time_alone_decides_is_told_before_any_run_records_it() {
    let mut rig = Rig::of_days("2026-09-03T06:05:00Z", "2026-09-01").await;
    let broken = window("2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z");
    rig.world("good").state().broken.insert(broken);
    rig.wake().await;
    assert_eq!(status_of(&rig, "daily").failed.len(), 1);
    rig.clock.advance(Duration::from_secs(86_400 * 89));
    rig.daemon.read_state().await;
    let status = status_of(&rig, "daily");
    assert_eq!((status.failed.len(), status.expired), (0, broken.into()));
}

#[tokio::test]
async fn wakes_that_overlap_an_activation_start_no_second_one() {
    let rig = Rig::new("2026-09-03T06:05:00Z", "2026-09-01").await;
    let world = Arc::clone(rig.world("good"));
    let closed = world.gate.acquire_many(u32::try_from(super::fake::GATE).unwrap()).await.unwrap();
    let mut tasks = rig.daemon.start().unwrap();
    until(|| !world.state().asked.is_empty()).await;
    for _ in 0..3 {
        rig.advance(60);
        rig.daemon.wake.ring();
        tokio::task::yield_now().await;
    }
    drop(closed);
    until(|| rig.daemon.board.notes().activities[0].working_since.is_none() && world.asked("hourly") >= 54)
        .await;
    rig.daemon.stop.cancel();
    while tasks.join_next().await.is_some() {}
    let state = world.state();
    assert!(!state.doubled);
    let hourly: Vec<_> =
        state.asked.iter().filter(|(dataset, ..)| dataset == "hourly").map(|asked| asked.1).collect();
    let distinct: std::collections::BTreeSet<_> = hourly.iter().collect();
    assert!(distinct.len() >= 54, "the hours that came meanwhile are there too");
}

#[tokio::test]
async fn a_catch_up_is_taken_in_slices_between_which_others_have_their_turn() {
    let mut rig = Rig::new("2026-09-25T00:05:00Z", "2026-09-01").await;
    rig.wake().await;
    let world = rig.world("good");
    assert_eq!(world.asked("hourly"), 24 * 24 - 3);
    let state = world.state();
    let mut days = 0;
    for (index, (dataset, ..)) in state.asked.iter().enumerate() {
        days += usize::from(dataset == "daily");
        assert!(days + 2 >= (index - days) / 24, "day {days} waits for {index} requests");
    }
    drop(state);
    assert_eq!(rig.daemon.board.notes().runs.len(), 2, "one run a source, however many slices");
}

#[tokio::test]
async fn a_store_that_is_away_costs_nothing_but_time() {
    let mut rig = caught_up().await;
    let state = rig.folder.path().join("warehouse/state");
    let aside = rig.folder.path().join("aside");
    std::fs::rename(&state, &aside).unwrap();
    std::fs::write(&state, "in the way").unwrap();
    for _ in 0..10 {
        rig.advance(10);
        rig.wake().await;
    }
    assert!(!rig.daemon.board.is_ready());
    std::fs::remove_file(&state).unwrap();
    std::fs::rename(&aside, &state).unwrap();
    rig.advance(1);
    rig.wake().await;
    assert!(rig.daemon.board.is_ready());
    assert!(status_of(&rig, "hourly").missing.is_empty());
    assert!(status_of(&rig, "hourly").failed.is_empty());
}

#[tokio::test]
async fn an_accelerated_ticker_drives_the_daemon_as_cron_does() {
    let rig = Rig::new("2026-09-03T06:05:00Z", "2026-09-01").await;
    let mut tasks = rig.daemon.start().unwrap();
    let ticker = tokio::spawn(tick(Schedule::parse("10 * * * *").unwrap(), Arc::clone(&rig.daemon)));
    let world = Arc::clone(rig.world("good"));
    until(|| world.asked("hourly") == 51 && is_idle(&rig)).await;
    for hour in 1..=12 {
        until(|| rig.clock.until_next_sleeper().is_some()).await;
        rig.advance(60);
        let there = 51 + hour;
        until(|| loaded_hours(&rig) == there && is_idle(&rig)).await;
    }
    rig.daemon.stop.cancel();
    ticker.abort();
    while tasks.join_next().await.is_some() {}
    assert!(!world.state().doubled);
}

/// Rings at each activation of `schedule`, on the daemon's own clock.
async fn tick(schedule: Schedule, daemon: Arc<Daemon>) {
    let clock = Arc::clone(&daemon.session.clock);
    while let Some(next) = schedule.next_after(clock.now()) {
        clock.sleep((next - clock.now()).to_std().unwrap()).await;
        daemon.wake.ring();
    }
}

fn is_idle(rig: &Rig) -> bool {
    rig.daemon.board.notes().activities.iter().all(|activity| activity.working_since.is_none())
}

fn loaded_hours(rig: &Rig) -> i64 {
    let notes = rig.daemon.board.copy();
    notes.checkpoints.first().map_or(0, |checkpoint| checkpoint.loaded().duration().num_hours())
}

/// Waits for `condition`, letting the tasks of the daemon work.
async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

fn status_of(rig: &Rig, dataset: &str) -> highwater_pipeline::DatasetStatus {
    let notes = rig.daemon.board.copy();
    let view = super::super::view::View::new(&rig.daemon.session.config, &notes, rig.clock.now());
    let wanted = (SourceName::new("good").unwrap(), DatasetName::new(dataset).unwrap());
    let mut found = view
        .statuses()
        .filter(|(feed, _)| (&feed.source.name, &feed.dataset.spec.name) == (&wanted.0, &wanted.1));
    found.next().map(|(_, status)| status.clone()).unwrap()
}
