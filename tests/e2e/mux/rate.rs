//! The permitted rate is used, and never exceeded.

use std::time::Duration;

use highwater_simulator::RateLimit;

use super::{Mux, at};

#[test]
fn at_twenty_requests_a_second_the_rate_is_used_and_no_429_is_made() {
    let now = at("2026-09-08T12:00:00Z");
    let mux = Mux::arranged(now, 160, |simulator| {
        simulator.rate_limit(RateLimit::new(20.0, 20)).latency(Duration::from_millis(300))
    });
    mux.configure("page_size = 25\nrequests_per_second = 20\n");
    mux.backfill(now, "2026-09-03", "2026-09-07").expect_code(0);
    let log = mux.server.log();
    assert_eq!(mux.server.traffic().answered_429, 0);
    // The first request of a run goes alone; from the second on, requests are to keep to the pace.
    let arrivals: Vec<Duration> = log.iter().skip(1).map(|request| request.arrived).collect();
    let spanned = (*arrivals.last().expect("requests") - arrivals[0]).as_secs_f64();
    let permitted = spanned * 20.0;
    let used = (arrivals.len() - 1) as f64 / permitted;
    assert!(arrivals.len() > 250, "{} requests", arrivals.len());
    assert!(used >= 0.97, "{:.1} % of the permitted requests were used", used * 100.0);
}
