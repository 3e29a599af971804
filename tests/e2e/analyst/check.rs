//! `check` over the analyst's files: all objects are seen, have the dictionary's columns, and belong to a source.

use super::estate::{Estate, Place, SOURCES};
use crate::{duckdb::DuckDb, process::Outcome};

impl Estate {
    /// `check`, and of what it says the finding called `what`.
    #[track_caller]
    fn check(&self, code: i32, what: &str) -> serde_json::Value {
        let outcome: Outcome = self.highwater(&["check", "--format", "json"]).run().expect_code(code);
        let report = outcome.json();
        let checks = report["checks"].as_array().expect("a list");
        checks
            .iter()
            .find(|check| check["what"] == what)
            .unwrap_or_else(|| panic!("{what}: {report:#}"))
            .clone()
    }

    /// Some object of `resource_usage`.
    fn object(&self) -> String {
        self.objects("resource_usage").swap_remove(0)
    }
}

#[test]
fn a_warehouse_as_it_should_be_passes() {
    for place in [Place::Folder, Place::S3] {
        let estate = Estate::loaded(place);
        for what in ["objects", "columns", "athena projection", "sources of objects"] {
            let check = estate.check(0, what);
            assert_eq!((&check["ok"], &check["hint"]), (&true.into(), &serde_json::Value::Null), "{check}");
        }
    }
}

#[test]
fn a_file_that_is_no_object_is_named() {
    let estate = Estate::loaded(Place::Folder);
    let place = "data/resource_usage/provider=mux/usage_date=2026-09-25/backup.parquet";
    estate.copy(&estate.object(), place);
    let check = estate.check(3, "objects");
    assert!(check["detail"].as_str().is_some_and(|detail| detail.contains(place)), "{check}");
    assert!(check["hint"].as_str().is_some_and(|hint| hint.contains("move them elsewhere")), "{check}");
}

#[test]
fn an_object_of_other_columns_is_named() {
    let estate = Estate::loaded(Place::Folder);
    let object = estate.object();
    let path = estate.sandbox.path("warehouse").join(&object);
    let metadata = DuckDb::new().query(&format!(
        "SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata('{}') WHERE decode(key) LIKE 'highwater.%'",
        path.display()
    ));
    let text = |value: &serde_json::Value| value.as_str().expect("text").replace('\'', "''");
    let pairs: Vec<String> =
        metadata.iter().map(|row| format!("'{}': '{}'", text(&row["key"]), text(&row["value"]))).collect();
    let other = estate.sandbox.path("other.parquet");
    DuckDb::new().query(&format!(
        "COPY (SELECT * RENAME (delivered_seconds AS seconds) FROM read_parquet('{}', hive_partitioning = false)) TO '{}' \
         (FORMAT parquet, KV_METADATA {{{}}})",
        path.display(),
        other.display(),
        pairs.join(", ")
    ));
    std::fs::rename(other, path).expect("it can be moved");
    let check = estate.check(3, "columns");
    let detail = check["detail"].as_str().expect("text");
    assert!(detail.contains("other columns") && detail.contains(&object), "{detail}");
}

#[test]
fn an_object_at_another_units_place_is_named() {
    let estate = Estate::loaded(Place::Folder);
    let place = "data/resource_usage/provider=mux/usage_date=2026-09-28/env.delivery_usage.parquet";
    estate.copy(&estate.object(), place);
    let check = estate.check(3, "columns");
    assert!(check["detail"].as_str().is_some_and(|detail| detail.contains(place)), "{check}");
}

#[test]
fn what_athena_would_not_show_is_named() {
    let estate = Estate::loaded(Place::Folder);
    for place in [
        "data/resource_usage/provider=acme/usage_date=2026-09-24/env.delivery_usage.parquet",
        "data/resource_usage/provider=mux/usage_date=2027-01-01/env.delivery_usage.parquet",
    ] {
        estate.copy(&estate.object(), place);
        let check = estate.check(3, "athena projection");
        assert!(check["detail"].as_str().is_some_and(|detail| detail.contains(place)), "{check}");
        std::fs::remove_file(estate.sandbox.path("warehouse").join(place)).expect("it was put there");
    }
}

#[test]
fn days_before_the_configured_start_are_a_warning_about_athenas_tables() {
    let estate = Estate::loaded(Place::Folder);
    estate.configure(&SOURCES, "2026-09-25");
    let check = estate.check(0, "athena projection");
    assert_eq!(check["ok"], true);
    assert!(check["detail"].as_str().is_some_and(|detail| detail.contains("2026-09-24")), "{check}");
    assert!(check["hint"].as_str().is_some_and(|hint| hint.contains("highwater sql athena")), "{check}");
}

#[test]
fn objects_of_a_source_that_is_no_longer_configured_are_a_warning() {
    let estate = Estate::loaded(Place::Folder);
    estate.configure(&["env", "cdn"], super::FROM);
    let check = estate.check(0, "sources of objects");
    assert_eq!((&check["ok"], &check["detail"]), (&true.into(), &"no longer configured: wz (wowza)".into()));
    assert!(check["hint"].as_str().is_some_and(|hint| hint.contains("configure them again")), "{check}");
    let table = estate.highwater(&["check"]).run().expect_code(0).stdout;
    assert!(
        table.lines().any(|line| line.contains("sources of objects") && line.contains("warning")),
        "{table}"
    );
}
