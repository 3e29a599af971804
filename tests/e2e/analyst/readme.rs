//! The analyst's minute as the README has it.

use std::{env, fs};

use super::estate::{Estate, Place};
use crate::{duckdb::python, place::root, process::Invocation};

/// What is typed in the first block of "Query it", without prompts.
fn typed() -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).expect("there is a README");
    let section = readme.split("## Query it").nth(1).expect("it has the section");
    let block = section.split("```").nth(1).expect("the section has a block");
    block.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
}

#[test]
fn three_lines_lead_from_a_warehouse_to_a_table_for_a_chart() {
    let lines = typed();
    let [install, script, ask] = lines.as_slice() else { panic!("three lines: {lines:?}") };
    assert_eq!(install, "pip install duckdb-cli");
    let estate = Estate::loaded(Place::Folder);

    let script = script.split('#').next().unwrap_or_default().trim();
    let (command, file) = script.split_once(" > ").expect("the script goes to a file");
    let arguments: Vec<&str> = command.split(' ').skip(1).collect();
    estate.sandbox.write(file, &estate.highwater(&arguments).run().expect_code(0).stdout);

    let environment = python().parent().expect("the interpreter stands in a folder").to_owned();
    let path = env::join_paths([environment, "/usr/bin".into(), "/bin".into()]).expect("a search path");
    let answer = Invocation::of("/bin/sh", &estate.sandbox.path("")).args(["-c", ask]).env("PATH", path);
    let table = answer.run().expect_code(0).stdout;
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows[0], "usage_date,provider,hours");
    assert_eq!(rows.len(), 1 + 3 * 3, "a row a day and provider: {table}");
    assert!(rows[1].starts_with("2026-09-24,mux,"), "{table}");
}
