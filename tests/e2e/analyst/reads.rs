//! What a question opens: the objects of its days, and no other for the sake of its columns.

use super::estate::{Estate, Place};

#[test]
fn a_question_about_one_day_opens_the_objects_of_that_day_alone() {
    let estate = Estate::loaded(Place::S3);
    let ask = "CREATE TABLE answer AS SELECT provider, sum(delivered_seconds) FROM usage_by_day \
               WHERE usage_date = DATE '2026-09-25' GROUP BY ALL";
    // The log is on before the views are made, so that what making them reads is seen too.
    let duckdb = estate.duckdb_after("CALL enable_logging('HTTP')").first(ask);
    let opened = duckdb.query(
        "SELECT DISTINCT regexp_extract(request.url, 'usage_date(=|%3D)([0-9-]+)', 2) AS day, \
         count(DISTINCT regexp_extract(request.url, '[^/]+[.]parquet')) AS objects \
         FROM duckdb_logs_parsed('HTTP') WHERE request.url LIKE '%.parquet%' GROUP BY ALL",
    );
    let days: Vec<_> = opened.iter().map(|row| (row["day"].clone(), row["objects"].clone())).collect();
    assert_eq!(days, [("2026-09-25".into(), 5.into())]);
}
