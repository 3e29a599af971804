//! Data of every shape: a day without any, a column without any, objects from before a column was there.

use highwater_simulator::Fault;

use super::{
    FROM, TO,
    estate::{Estate, Place},
};

/// One source of Mux, and no other.
fn of_mux() -> Estate {
    let estate = Estate::empty(Place::Folder);
    estate.configure(&["env"], FROM);
    estate
}

#[test]
fn a_day_without_data_is_an_empty_answer_and_no_error() {
    let estate = of_mux();
    let nothing = |body: &mut serde_json::Value| {
        body["data"] = serde_json::json!([]);
        body["total_row_count"] = 0.into();
    };
    estate.servers[0].faults().add(Fault::edit_json(nothing));
    let run = estate.backfill("2026-09-25", "2026-09-26").expect_code(0).json();
    assert_eq!(run["windows"]["empty"], 24);
    let alone = estate.duckdb();
    assert_eq!(alone.value("SELECT count(*) FROM resource_usage"), 0, "no other day is there yet");
    assert_eq!(alone.value("SELECT count(*) FROM month_totals WHERE delivered_seconds IS NOT NULL"), 0);

    estate.servers[0].faults().clear();
    estate.backfill(FROM, TO).expect_code(0);
    let duckdb = estate.duckdb();
    assert_eq!(estate.objects("resource_usage").len(), 3, "that day has an object too");
    let days = duckdb.query("SELECT DISTINCT usage_date FROM usage_by_day ORDER BY ALL");
    let days: Vec<_> = days.iter().map(|row| row["usage_date"].clone()).collect();
    assert_eq!(days, ["2026-09-24", "2026-09-26"]);
    let that_day = "SELECT count(*) || '/' || coalesce(sum(delivered_seconds)::VARCHAR, 'null') FROM resource_usage WHERE usage_date = '2026-09-25'";
    assert_eq!(duckdb.value(that_day), "0/null");
}

#[test]
fn a_measure_that_nobody_reports_is_null_and_not_zero() {
    let estate = of_mux();
    estate.backfill(FROM, TO).expect_code(0);
    let duckdb = estate.duckdb();
    for view in ["resource_usage_reported", "resource_usage", "usage_by_day", "top_resources", "month_totals"]
    {
        let row = duckdb.query(&format!(
            "SELECT count(*) > 0 AS some, count(delivered_bytes) AS told, sum(delivered_bytes) AS total, \
             any_value(typeof(delivered_bytes)) AS kind FROM {view}"
        ));
        let row = serde_json::Value::Object(row[0].clone());
        let expected = serde_json::json!({"some": true, "told": 0, "total": null, "kind": "BIGINT"});
        assert_eq!(row, expected, "{view}");
    }
}

#[test]
fn an_object_from_before_a_column_reads_as_null_there() {
    let estate = of_mux();
    estate.backfill(FROM, TO).expect_code(0);
    let before = estate.duckdb().value("SELECT sum(delivered_seconds) FROM resource_usage");
    // The oldest one, whose columns DuckDB would take for everybody's.
    let object = estate.sandbox.path("warehouse").join(&estate.objects("resource_usage")[0]);
    let older = estate.sandbox.path("older.parquet");
    crate::duckdb::DuckDb::new().query(&format!(
        "COPY (SELECT * EXCLUDE (run_id) FROM read_parquet('{}', hive_partitioning = false)) TO '{}' (FORMAT parquet)",
        object.display(),
        older.display()
    ));
    std::fs::rename(older, object).expect("it can be moved");

    let duckdb = estate.duckdb();
    assert_eq!(duckdb.value("SELECT sum(delivered_seconds) FROM resource_usage"), before);
    let days = duckdb.query(
        "SELECT usage_date, count(run_id) > 0 AS named FROM resource_usage_reported GROUP BY ALL ORDER BY ALL",
    );
    let named: Vec<_> = days.iter().map(|row| row["named"].clone()).collect();
    assert_eq!(named, [false, true, true]);
}
