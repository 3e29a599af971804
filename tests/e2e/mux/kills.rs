//! A backfill that is killed again and again ends, and nothing is lost, doubled or left behind.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use highwater_core::{Grain, Window};
use highwater_simulator::fault::Fault;
use nix::sys::signal::Signal;

use super::{Mux, assert_equals_world, at, timeframe};

#[test]
fn a_backfill_killed_again_and_again_ends_exact() {
    let now = at("2026-09-15T12:00:00Z");
    let mux = Mux::arranged(now, 120, |simulator| simulator.latency(Duration::from_millis(15)));
    mux.configure("page_size = 25\nrequests_per_second = 200\n");
    let answered_until = Arc::new(AtomicU64::new(0));
    // What is asked after that waits for longer than a process lives: no machine is fast enough to end between two looks.
    let (asked, until) = (AtomicU64::new(0), Arc::clone(&answered_until));
    let late = move |_: &_| asked.fetch_add(1, Ordering::Relaxed) >= until.load(Ordering::Relaxed);
    mux.server.faults().add(Fault::slow(Duration::from_secs(3600)).when(late));
    let arguments = ["backfill", "--from", "2026-09-01", "--to", "2026-09-15"];
    let mut kills = 0;
    loop {
        // Killed after some hundred more requests have been answered, wherever it is then.
        let last = mux.server.traffic().requests + 150 + 37 * kills % 110;
        answered_until.store(last, Ordering::Relaxed);
        let mut running = mux.highwater(now, &arguments).spawn();
        let killed = loop {
            if mux.server.traffic().requests > last {
                running.signal(Signal::SIGKILL);
                break true;
            }
            if running.has_ended() {
                break false;
            }
            std::thread::yield_now();
        };
        let outcome = running.wait();
        if !killed {
            outcome.expect_code(0);
            break;
        }
        kills += 1;
        assert!(kills < 60, "it gets on between kills");
    }
    assert!(kills >= 3, "it was killed {kills} times");
    let strange = mux
        .warehouse()
        .files("data")
        .into_iter()
        .filter(|file| !file.ends_with("/env.delivery_usage.parquet"));
    let strange: Vec<_> = strange.filter(|file| !file.starts_with("data/coverage/")).collect();
    assert!(strange.is_empty(), "nothing but live data below data/: {strange:?}");
    assert_equals_world(&mux.duckdb("2026-09-01T00:00:00Z", "2026-09-15T00:00:00Z"));
    let plan = mux.highwater(now, &["plan", "--format", "json"]).run().expect_code(0).json();
    assert_eq!(plan["units"], serde_json::json!([]));
    let doubled = "SELECT count(*) FROM (SELECT resource_id, bucket_start FROM resource_usage_reported GROUP BY ALL HAVING count(*) > 1)";
    assert_eq!(mux.warehouse().duckdb().value(doubled), 0);
}

#[test]
fn a_stopped_backfill_keeps_what_is_complete_and_goes_on() {
    let now = at("2026-09-15T12:00:00Z");
    let mux = Mux::arranged(now, 60, |simulator| simulator.latency(Duration::from_millis(60)));
    let arguments = ["backfill", "--from", "2026-09-01", "--to", "2026-09-15", "--format", "json"];
    let mut running = mux.highwater(now, &arguments).spawn();
    running.wait_for_line(|line| line.contains("env/delivery_usage/2026-09-01"));
    running.signal(Signal::SIGTERM);
    let stopped = running.wait().expect_code(130);
    assert!(stopped.json()["windows"]["loaded"].as_u64() > Some(0));
    let asked = mux.server.log().len();
    mux.highwater(now, &arguments).run().expect_code(0);
    assert_equals_world(&mux.duckdb("2026-09-01T00:00:00Z", "2026-09-15T00:00:00Z"));
    let again: BTreeSet<Window> =
        mux.server.log().iter().skip(asked).filter_map(|request| timeframe(&request.target)).collect();
    let asks_for = |date: &str| {
        let day = Window::day(date.parse().expect("a literal date"));
        day.buckets(Grain::Hour).filter(|hour| again.contains(hour)).count()
    };
    assert_eq!((asks_for("2026-09-01"), asks_for("2026-09-14")), (0, 24), "it goes on where it was");
}
