//! Day and hours of one world agree in the warehouse, whichever way they came.

use super::{Mux, at, differing_rows};

#[test]
fn twenty_four_hours_add_up_to_their_day() {
    let (now, from, to) = (at("2026-09-05T12:00:00Z"), "2026-09-03", "2026-09-04");
    let hourly = Mux::new(now, 60);
    hourly.backfill(now, from, to).expect_code(0);
    let daily = Mux::new(now, 60);
    daily.configure("datasets.delivery_usage = { grain = \"day\" }\nrequests_per_second = 500\n");
    daily.backfill(now, from, to).expect_code(0);
    let day = daily.warehouse().reported("resource_usage");
    let ours = "SELECT resource_id, sum(delivered_seconds) FROM resource_usage_reported GROUP BY ALL";
    let theirs = format!("SELECT resource_id, sum(delivered_seconds) FROM {day} GROUP BY ALL");
    assert_eq!(differing_rows(&hourly.warehouse().duckdb(), ours, &theirs), 0);
}
