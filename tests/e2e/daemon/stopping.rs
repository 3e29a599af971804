//! The daemon is stopped in the midst of its work: it ends in time and in order, and goes on where it stopped.

use highwater_core::Clock;
use nix::sys::signal::Signal;

use super::*;

#[test]
fn under_load_sigterm_ends_it_within_ten_seconds_and_nothing_complete_is_lost() {
    let stage = Stage::new();
    let server = stage.serve(60, |simulator| simulator.latency(Duration::from_millis(40)));
    stage.configure(30, "", &[("env", &server, RIGHT)]);
    let mut daemon = stage.start();
    daemon.until(|_| server.traffic().requests > 150);
    let (clock, asked) = (SystemClock, server.traffic().requests);
    let signalled = clock.monotonic();
    daemon.running.signal(Signal::SIGTERM);
    let outcome = daemon.running.wait().expect_code(0);
    let took = clock.monotonic() - signalled;
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(outcome.stderr.contains("stopped: what was complete is committed"), "{}", outcome.stderr);
    assert!(server.traffic().requests < asked + 100, "it asks no more");

    let status = stage.highwater(&["status", "--format", "json"]).run().expect_code(0).json();
    let dataset = &status["sources"][0]["datasets"][0];
    assert_ne!(dataset["loaded"], serde_json::json!([]));
    assert_ne!(dataset["missing"], serde_json::json!([]), "it was stopped in the midst");
    assert_eq!(dataset["failed"], serde_json::json!([]), "being stopped is no failure");

    server.set_latency(Duration::ZERO);
    let mut again = stage.start();
    again.until(|daemon| daemon.has_loaded_all("env"));
    again.running.signal(Signal::SIGINT);
    again.running.wait().expect_code(0);
    let doubled = "SELECT count(*) FROM (SELECT resource_id, bucket_start FROM resource_usage_reported GROUP BY ALL HAVING count(*) > 1)";
    assert_eq!(stage.sandbox.warehouse("warehouse").duckdb().value(doubled), 0);
}

#[test]
fn a_second_signal_stops_it_at_once() {
    let stage = Stage::new();
    let server = stage.serve(20, |simulator| simulator.latency(Duration::from_secs(3_600)));
    stage.configure(5, "", &[("env", &server, RIGHT)]);
    let mut daemon = stage.start();
    daemon.until(|_| server.traffic().requests > 0);
    daemon.running.signal(Signal::SIGTERM);
    daemon.running.wait_for_line(|line| line.contains("a second signal stops at once"));
    daemon.running.signal(Signal::SIGTERM);
    daemon.running.wait().expect_code(130);
}

#[test]
fn what_does_not_answer_is_abandoned_when_the_grace_period_is_over() {
    let stage = Stage::new();
    let server = stage.serve(20, |simulator| simulator.latency(Duration::from_secs(3_600)));
    stage.configure(5, "", &[("env", &server, RIGHT)]);
    let mut daemon = stage.start();
    daemon.until(|_| server.traffic().requests > 0);
    let clock = SystemClock;
    let signalled = clock.monotonic();
    daemon.running.signal(Signal::SIGTERM);
    daemon.running.wait().expect_code(0);
    let took = clock.monotonic() - signalled;
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn it_runs_in_real_time_alone() {
    let stage = Stage::new();
    let server = stage.serve(5, |simulator| simulator);
    stage.configure(5, "", &[("env", &server, RIGHT)]);
    let outcome = stage.highwater(&["daemon", "--now", "2026-09-01"]).run().expect_code(2);
    assert!(outcome.stderr.contains("--now"), "{}", outcome.stderr);
    assert_eq!(server.traffic().requests, 0);
}

#[test]
fn a_warehouse_out_of_reach_makes_it_not_ready_and_costs_nothing_but_time() {
    let stage = Stage::new();
    let server = stage.serve(20, |simulator| simulator);
    stage.configure(5, "status_file = true", &[("env", &server, RIGHT)]);
    let mut daemon = stage.start();
    daemon.until(|daemon| daemon.has_loaded_all("env"));
    assert_eq!(daemon.get("/healthz").0, 200);
    assert_eq!(daemon.get("/readyz").0, 200);
    let page = std::fs::read_to_string(stage.sandbox.path("warehouse/status.html")).expect("it was written");
    assert!(page.contains("</html>"));
    let (state, aside) = (stage.sandbox.path("warehouse/state"), stage.sandbox.path("aside"));
    std::fs::rename(&state, &aside).expect("it can be moved");
    std::fs::write(&state, "in the way").expect("it can be written");
    let (status, body) = daemon.get("/readyz");
    assert_eq!(status, 503, "{body}");
    assert_eq!(daemon.get("/healthz").0, 200, "it is alive all the same");
    std::fs::remove_file(&state).expect("it can be removed");
    std::fs::rename(&aside, &state).expect("it can be moved");
    assert_eq!(daemon.get("/readyz").0, 200);
}
