//! The script of `sql duckdb`: all of it runs before any object, after some and after all, over a folder and over S3.

use std::collections::BTreeSet;

use highwater_core::Table;

use super::estate::{Estate, Place};
use crate::{
    duckdb::{DuckDb, python},
    process::Invocation,
};

/// What people ask first, beside the two views of each table.
const FIRST_QUESTIONS: [&str; 5] =
    ["usage_by_day", "top_resources", "coverage_by_day", "usage_with_coverage", "month_totals"];

/// Each column of each view, with its type.
fn columns(duckdb: &DuckDb) -> BTreeSet<(String, String, String)> {
    let sql = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal AND table_name <> 'told'";
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let rows = duckdb.query(sql);
    rows.iter()
        .map(|row| (text(&row["table_name"]), text(&row["column_name"]), text(&row["data_type"])))
        .collect()
}

/// The rows of every view, each asked for all its columns.
fn rows(duckdb: &DuckDb) -> i64 {
    let tables = Table::ALL.iter().flat_map(|table| [table.to_string(), format!("{table}_reported")]);
    let views: Vec<String> = tables.chain(FIRST_QUESTIONS.map(str::to_owned)).collect();
    let every: Vec<String> =
        views.iter().map(|view| format!("(SELECT count(t::VARCHAR) FROM {view} t)")).collect();
    duckdb.value(&format!("SELECT {}", every.join(" + "))).as_i64().expect("a count")
}

fn runs_at_every_stage(place: Place) {
    let estate = Estate::empty(place);
    let nothing = estate.duckdb();
    assert_eq!(rows(&nothing), 0);
    let typed = columns(&nothing);
    let views: BTreeSet<&str> = typed.iter().map(|(view, ..)| view.as_str()).collect();
    assert_eq!(views.len(), 2 * Table::ALL.len() + FIRST_QUESTIONS.len());

    estate
        .highwater(&["backfill", "--from", super::FROM, "--to", super::TO, "--source", "cdn"])
        .run()
        .expect_code(0);
    let some = estate.duckdb();
    assert!(rows(&some) > 0);
    assert_eq!(columns(&some), typed, "columns do not depend on what is there");
    assert_eq!(
        some.value("SELECT count(*) FROM resource_usage_by_rendition"),
        0,
        "a table without an object"
    );

    estate.backfill(super::FROM, super::TO).expect_code(0);
    let all = estate.duckdb();
    assert!(rows(&all) > rows(&some));
    assert_eq!(columns(&all), typed, "columns do not depend on what is there");
}

#[test]
fn the_script_runs_over_a_folder_at_every_stage() {
    runs_at_every_stage(Place::Folder);
}

#[test]
fn the_script_runs_over_s3_at_every_stage() {
    runs_at_every_stage(Place::S3);
}

#[test]
fn the_command_line_takes_the_script_as_its_init_file() {
    let estate = Estate::loaded(Place::Folder);
    let script = estate.sandbox.write("init.sql", &estate.sql("duckdb"));
    let command = Invocation::of(python().with_file_name("duckdb"), &estate.sandbox.path(""));
    let ask = "SELECT DISTINCT provider, typeof(usage_date) FROM usage_by_day ORDER BY ALL";
    let answer =
        command.args(["-init"]).args([script]).args(["-csv", "-noheader", "-c", ask]).run().expect_code(0);
    assert_eq!(answer.stdout, "mux,DATE\nscaleengine,DATE\nwowza,DATE\n");
}

#[test]
fn no_secret_stands_in_the_script() {
    let estate = Estate::empty(Place::S3);
    let script = estate.sql("duckdb");
    assert!(script.contains("CREATE OR REPLACE SECRET highwater"));
    assert!(!script.contains("KEY_ID '") && !script.contains("SECRET '"), "{script}");
}
