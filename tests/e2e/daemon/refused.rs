//! A source whose credentials are refused costs a request a turn, and nobody else anything.

use super::*;

#[test]
fn a_refused_source_neither_storms_nor_disturbs_the_others() {
    let stage = Stage::new();
    let (refusing, good) = (stage.serve(20, |simulator| simulator), stage.serve(20, |simulator| simulator));
    let every_other_second = format!("schedule = \"*/2 * * * * *\"\n{WRONG}");
    stage.configure(4, "", &[("refused", &refusing, &every_other_second), ("good", &good, RIGHT)]);
    let mut daemon = stage.start();
    let clock = SystemClock;
    let started = clock.monotonic();
    daemon.until(|daemon| daemon.has_loaded_all("good"));
    daemon.until(|_| refusing.traffic().requests >= 3);
    let turns = (clock.monotonic() - started).as_secs() / 2 + 2;
    let asked = refusing.traffic().requests;
    assert!(asked <= turns, "{asked} requests in {turns} turns");

    let (_, metrics) = daemon.get("/metrics");
    let says = |line: &str| metrics.lines().any(|known| known == line);
    assert!(says("highwater_source_refused{source=\"refused\"} 1"), "{metrics}");
    assert!(says("highwater_source_refused{source=\"good\"} 0"), "{metrics}");
    assert!(says("highwater_ready 1"), "{metrics}");
    let (_, page) = daemon.get("/");
    assert!(page.contains("refused refuses our credentials"));
    for text in [metrics, page, daemon.get("/api/status").1] {
        assert!(!text.contains("canary"), "a secret is told");
    }
}
