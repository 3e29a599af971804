//! The whole way on S3: what DuckDB reads over HTTP is what the world holds, whatever the store wants of conditions.

use super::{at, site::Site, stores::Store};

const NOW: &str = "2026-09-03T12:00:00Z";
/// By then every hour was pulled again after it was revised.
const LATER: &str = "2026-09-04T01:00:00Z";
const RANGE: (&str, &str) = ("2026-09-01T00:00:00Z", "2026-09-03T00:00:00Z");

/// Loads two days, and the revisits that are due some hours later.
#[track_caller]
fn load_and_revisit(site: &Site) {
    site.revise();
    let outcome = site.backfill(NOW, RANGE.0, RANGE.1).expect_code(0).json();
    assert_eq!(outcome["windows"]["loaded"], 48);
    site.assert_equals_world(RANGE.0, RANGE.1, at(NOW));
    site.advance_hours(13);
    site.backfill(LATER, RANGE.0, RANGE.1).expect_code(0);
    site.assert_equals_world(RANGE.0, RANGE.1, at(LATER));
    site.highwater(LATER, &["check"]).run().expect_code(0);
    let status = site.json(LATER, &["status", "--from", "2026-09-01", "--to", "2026-09-03"]);
    assert_eq!(status["sources"][0]["datasets"][0]["loaded"], serde_json::json!([[RANGE.0, RANGE.1]]));
}

#[test]
fn on_s3_with_etags() {
    load_and_revisit(&Site::new(NOW, 40, |_| Store::s3()));
}

#[test]
fn on_an_s3_that_wants_etags_without_quotes() {
    let site = Site::new(NOW, 40, |_| Store::s3());
    site.store.own().server.faults().refuse_quotes(true);
    site.configure("conditional_writes = \"etag-unquoted\"\n", "");
    load_and_revisit(&site);
}

#[test]
fn on_an_s3_without_conditions_by_one_writer() {
    let site = Site::new(NOW, 40, |_| Store::s3());
    site.store.own().server.faults().ignore_conditions(true);
    site.configure("conditional_writes = \"disabled\"\n", "");
    load_and_revisit(&site);
}

#[test]
fn on_an_s3_that_is_not_ours() {
    load_and_revisit(&Site::new(NOW, 40, Store::moto));
}
