//! Tables from the raw archive, while the provider is gone.

use serde_json::json;

use super::{
    site::{Site, TABLES, folder_and_s3},
    stores::Store,
};

const NOW: &str = "2026-09-04T13:00:00Z";
const RANGE: (&str, &str) = ("2026-09-01", "2026-09-03");

fn loaded(store: Store) -> Site {
    let mut site = Site::new(NOW, 20, |_| store);
    site.backfill(NOW, RANGE.0, RANGE.1).expect_code(0);
    site.stop_provider();
    site
}

/// All rows of all tables as text, in order.
fn rows(site: &Site) -> Vec<serde_json::Map<String, serde_json::Value>> {
    let all = |table: &&str| format!("SELECT '{table}' AS t, x::VARCHAR AS row FROM {table}_reported x");
    let all: Vec<String> = TABLES.iter().map(all).collect();
    site.duckdb(&TABLES).query(&format!("{} ORDER BY ALL", all.join(" UNION ALL ")))
}

#[test]
fn a_lost_table_comes_back_with_the_same_rows_and_without_the_provider() {
    for store in folder_and_s3() {
        let site = loaded(store(&crate::binary::Sandbox::new()));
        let (before, checkpoint) = (rows(&site), site.checkpoint(NOW));
        let same = site.json(NOW, &["rebuild", "--from", RANGE.0, "--to", RANGE.1]);
        assert_eq!(same["windows"], json!({"rebuilt": 0, "unchanged": 48, "failed": 0}));
        assert_eq!(same["objects_written"], 0);

        for (file, _) in site.files("data/resource_usage_by_rendition/") {
            site.put(&file, None);
        }
        let rebuilt = site.json(NOW, &["rebuild", "--from", RANGE.0, "--to", RANGE.1]);
        assert_eq!(rebuilt["windows"], json!({"rebuilt": 48, "unchanged": 0, "failed": 0}));
        assert_eq!(rows(&site), before, "the time and the run of the pull included");
        assert_eq!(site.checkpoint(NOW), checkpoint);
        let restatements = site.files("data/restatements/");
        assert!(restatements.is_empty(), "nothing that was published has changed");
    }
}

#[test]
fn a_window_whose_bodies_are_gone_is_named_and_the_others_are_rebuilt() {
    let site = loaded(Store::Folder);
    let (gone, _) = site.files("raw").remove(5);
    site.put(&gone, None);
    for (file, _) in site.files("data/resources/") {
        site.put(&file, None);
    }
    let arguments = ["rebuild", "--from", RANGE.0, "--to", RANGE.1, "--format", "json"];
    let outcome = site.without_secrets(NOW, &arguments).run().expect_code(3).json();
    assert_eq!(outcome["windows"], json!({"rebuilt": 47, "unchanged": 0, "failed": 1}));
    let failure = &outcome["failures"][0];
    assert_eq!(failure["window"][0], "2026-09-01T05:00:00Z");
    assert!(failure["hint"].as_str().is_some_and(|hint| hint.contains("raw_archive")), "{failure}");
}
