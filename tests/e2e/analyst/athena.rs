//! Athena's statements: each parses in the dialect of Athena.

use highwater_core::Table;

use super::estate::{Estate, Place};
use crate::{binary::Sandbox, duckdb::python, place::root, process::Invocation};

#[test]
fn every_statement_for_athena_parses_in_its_dialect() {
    let estate = Estate::empty(Place::S3);
    let script = estate.sandbox.write("athena.sql", &estate.sql("athena"));
    let parse = Invocation::of(python(), &estate.sandbox.path(""))
        .args([root().join("tests/python/athena_parses.py")]);
    let found = parse.args([script]).run().expect_code(0).json();
    let tables = Table::ALL.len();
    assert_eq!(
        found,
        serde_json::json!({"DROP TABLE": tables, "CREATE TABLE": tables, "CREATE VIEW": tables + 5})
    );
}

#[test]
fn what_the_parser_does_not_understand_is_refused() {
    let sandbox = Sandbox::new();
    for statement in ["CREATE EXTERNAL TABLE t (a bigint STORED AS PARQUET", "MSCK REPAIR TABLE t"] {
        let script = sandbox.write("athena.sql", &format!("{statement};\n"));
        let parse =
            Invocation::of(python(), &sandbox.path("")).args([root().join("tests/python/athena_parses.py")]);
        parse.args([script]).run().expect_code(1);
    }
}

#[test]
fn the_projection_begins_with_the_first_day_there_is() {
    let estate = Estate::empty(Place::Folder);
    estate.configure(&["cdn"], "2026-09-25");
    assert!(estate.sql("athena").contains("'projection.usage_date.range' = '2026-09-25,NOW'"));
    estate.backfill("2026-09-20", "2026-09-22").expect_code(0);
    assert!(estate.sql("athena").contains("'projection.usage_date.range' = '2026-09-20,NOW'"));
}
