//! The raw archive gives up old bodies of final windows, and of no others.

use super::{site::Site, stores::Store};

#[test]
fn a_run_takes_old_bodies_of_final_windows_from_the_archive_once_a_day() {
    let site = Site::new("2026-09-02T12:00:00Z", 10, |_| Store::Folder);
    site.configure("raw_retention = \"2d\"\n", "");
    let run = |now: &str| {
        site.highwater(now, &["run"]).run().expect_code(0);
        let of = |date: &str| site.files(&format!("raw/env/delivery_usage/usage_date={date}")).len();
        [of("2026-09-01"), of("2026-09-02"), of("2026-09-03")]
    };
    assert_eq!(run("2026-09-02T12:00:00Z"), [24, 0, 0]);
    site.advance_hours(60);
    // The first day is final and older than two days; the second one is neither.
    assert_eq!(run("2026-09-05T00:00:00Z"), [0, 24, 12 + 12]);
    site.advance_hours(20);
    assert_eq!(run("2026-09-05T20:00:00Z")[1], 24, "not twice on one date");
    site.advance_hours(4);
    assert_eq!(run("2026-09-06T00:00:00Z")[1], 0);
}
