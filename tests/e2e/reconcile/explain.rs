//! From a number to where it came from.

use std::fs::File;

use super::Books;

#[test]
fn a_number_leads_to_its_pull_its_raw_pages_and_its_totals() {
    let books = Books::of_final_days("2026-09-05T12:00:00Z", "2026-09-02");
    books.json(&["backfill", "--from", "2026-09-02", "--to", "2026-09-03"]).expect_code(0);
    let top = "SELECT resource_id AS id, sum(delivered_seconds)::VARCHAR AS total, count(*) AS hours \
               FROM resource_usage_reported GROUP BY ALL ORDER BY sum(delivered_seconds) DESC, id LIMIT 1";
    let top = books.warehouse().duckdb().query(top).remove(0);
    let id = top["id"].as_str().expect("an id");

    let found = books.json(&["explain", id, "2026-09-02"]).expect_code(0).json();
    let dataset = &found["datasets"][0];
    assert_eq!((&dataset["source"], &dataset["dataset"]), (&"env".into(), &"delivery_usage".into()));
    let usage = &dataset["tables"][0];
    assert_eq!(usage["table"], "resource_usage");
    let root = books.sandbox.path("warehouse");
    assert!(root.join(usage["object"].as_str().expect("a path")).exists());
    let rows = usage["rows"].as_array().expect("rows");
    assert_eq!(Some(rows.len() as i64), top["hours"].as_i64());
    assert!(rows.iter().all(|row| row["resource_id"] == id));

    let windows = dataset["windows"].as_array().expect("windows");
    assert_eq!(windows.len(), rows.len());
    for window in windows {
        assert_eq!((&window["state"], &window["pulls"]), (&"final".into(), &1.into()));
        let archive = root.join(window["archive"].as_str().expect("a path"));
        let bodies = zstd::decode_all(File::open(archive).expect("it is there")).expect("zstandard");
        assert!(String::from_utf8_lossy(&bodies).contains(id));
        assert_eq!(window["pages"].as_array().map(Vec::len), Some(1));
    }
    let totals = dataset["control_totals"].as_array().expect("control totals");
    assert!(totals.iter().any(|check| check["measure"] == "resource_usage.delivered_seconds"));
    assert_eq!(dataset["restatements"], serde_json::json!([]));

    let told = books.highwater(&["explain", id, "2026-09-02"]).run().expect_code(0).stdout;
    assert!(told.starts_with(&format!("{id} on 2026-09-02\n")), "{told}");
    assert!(told.contains("The day, or the month around it, was compared with the provider's figures:"));
    books.highwater(&["explain", "nobody", "2026-09-02"]).run().expect_code(2);
}
