//! The table `coverage`, read by DuckDB, is what `status` says.

use serde_json::{Value, json};

use super::Books;

/// The merged windows of one state, as `status` prints them.
fn covered(books: &Books, states: &str) -> Value {
    let rows = books.warehouse().duckdb().query(&format!(
        "SELECT strftime(window_start, '%Y-%m-%dT%H:%M:%SZ') AS a, strftime(window_end, '%Y-%m-%dT%H:%M:%SZ') AS b \
         FROM coverage_reported WHERE state IN ({states}) ORDER BY window_start"
    ));
    let mut merged: Vec<[Value; 2]> = Vec::new();
    for row in rows {
        let (from, to) = (row["a"].clone(), row["b"].clone());
        match merged.last_mut().filter(|last| last[1] == from) {
            Some(last) => last[1] = to,
            None => merged.push([from, to]),
        }
    }
    json!(merged)
}

#[test]
fn coverage_equals_status_at_its_as_of() {
    // Days that are lost, missing, final, and loaded for now.
    let books = Books::new("2026-09-30T12:00:00Z", "2026-06-30", "");
    books.json(&["backfill", "--from", "2026-07-01", "--to", "2026-07-05"]).expect_code(0);
    books.json(&["backfill", "--from", "2026-09-26", "--to", "2026-09-29"]).expect_code(0);
    let status = books.json(&["status"]).expect_code(0).json();
    let dataset = &status["sources"][0]["datasets"][0];
    for (field, states) in [
        ("loaded", "'loaded', 'empty', 'final'"),
        ("final", "'final'"),
        ("missing", "'missing'"),
        ("expired", "'expired'"),
    ] {
        assert_eq!(covered(&books, states), dataset[field], "{field}");
        assert_ne!(dataset[field], json!([]), "{field}");
    }
    let rows = books.warehouse().duckdb().value("SELECT sum(\"rows\")::BIGINT FROM coverage_reported");
    assert_eq!(rows, dataset["rows"]);
    let doubled = "SELECT count(*) FROM coverage_reported a JOIN coverage_reported b \
                   ON a.window_start < b.window_end AND b.window_start < a.window_end AND a.window_start <> b.window_start";
    assert_eq!(books.warehouse().duckdb().value(doubled), 0, "no instant is in two states");
}

#[test]
fn what_did_not_change_is_not_written_again() {
    let books = Books::of_final_days("2026-09-05T12:00:00Z", "2026-09-02");
    books.json(&["backfill", "--from", "2026-09-02", "--to", "2026-09-03"]).expect_code(0);
    let as_of = "SELECT min(as_of) = max(as_of) AND count(*) = 24 FROM coverage_reported WHERE usage_date = DATE '2026-09-02'";
    let first = "SELECT max(as_of)::VARCHAR FROM coverage_reported WHERE usage_date = DATE '2026-09-02'";
    assert_eq!(books.warehouse().duckdb().value(as_of), true);
    let before = books.warehouse().duckdb().value(first);
    books.json(&["run"]).expect_code(0);
    assert_eq!(books.warehouse().duckdb().value(first), before);
}
