//! `fetch`: every operation by itself, as rows and as received.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use super::{Account, TOKEN, at, equality::assert_equal, eventful, expected, expected::Rows};
use crate::{duckdb::DuckDb, process::Outcome};

const NOW: &str = "2026-09-29T12:20:30Z";
const DAY: (&str, &str) = ("2026-09-23", "2026-09-24");

/// One operation, the resource it is asked about, and the rows that it must print.
struct Case {
    operation: &'static str,
    id: Option<String>,
    rows: Vec<Rows>,
    /// Where the data stand in the body.
    key: &'static str,
}

/// All operations, asked about lasting resources.
fn cases(account: &Account) -> Vec<Case> {
    let (transcoder, vod_stream) = (account.lasting("transcoder_hour"), account.lasting("vod_hour"));
    let everything = "scope = 'account'";
    let newest = at("2026-09-29T12:19:00Z");
    let listed = |list: &str| vec![expected::listed(list, "day"), expected::described(list, "day")];
    let all = |operation, key, rows| Case { operation, id: None, rows, key };
    let one = |operation, key, id: &str, rows: Rows| {
        let sql = format!("SELECT * FROM ({}) WHERE resource_id = '{id}'", rows.sql);
        Case { operation, id: Some(id.to_owned()), rows: vec![Rows { sql, ..rows }], key }
    };
    let of_transcoder = |operation, key, rows| one(operation, key, &transcoder, rows);
    let of_vod_stream = |operation, key, rows| one(operation, key, &vod_stream, rows);
    let by_id = expected::by_id;
    vec![
        all("transcoders", "transcoders", listed("transcoders")),
        of_transcoder("transcoder", "transcoder", by_id("transcoder_viewing")),
        all("transcoder_summary", "summary", vec![expected::configurations()]),
        of_transcoder("transcoder_countries", "countries", by_id("transcoder_countries")),
        of_transcoder("transcoder_trend", "trend", by_id("transcoder_trend")),
        of_transcoder("transcoder_live", "transcoder", expected::live("transcoder", newest)),
        all("account", "account", vec![expected::viewers_in_all()]),
        all("account_countries", "countries", vec![expected::of_account("countries", everything)]),
        all("account_trend", "trend", vec![expected::of_account("trend", everything)]),
        all("account_live", "account", vec![expected::live("account", newest)]),
        all("vod_streams", "vod_streams", listed("vod_streams")),
        of_vod_stream("vod_stream", "vod_stream", by_id("vod_details")),
        all("vod_summary", "summary", vec![expected::vod_summary(expected::VIEWING)]),
        all("vod_egress", "vod_streams", vec![expected::listed("vod_egress", "day")]),
        of_vod_stream("vod_egress_one", "vod_stream", by_id("vod_egress_one")),
        all("vod_egress_summary", "summary", vec![expected::vod_summary(&["egress_bytes"])]),
        of_vod_stream("vod_countries", "countries", by_id("vod_countries")),
        of_vod_stream("vod_renditions", "renditions", by_id("vod_renditions")),
        of_vod_stream("vod_trend", "trend", by_id("vod_trend")),
        of_vod_stream("vod_live", "vod_stream", expected::live("vod_stream", newest)),
    ]
}

fn fetch(account: &Account, case: &Case, how: &str) -> Outcome {
    let mut invocation = account.highwater(NOW, &["fetch", "wz", case.operation, how]);
    if let Some(id) = &case.id {
        invocation = invocation.args(["--id", id]);
    }
    if !case.operation.ends_with("_live") {
        invocation = invocation.args(["--from", DAY.0, "--to", DAY.1]);
    }
    invocation.run().expect_code(0)
}

/// The fields of fetched rows, of whichever table.
const FETCHED: &[(&str, &str)] = &[
    ("operation", "VARCHAR"),
    ("table_name", "VARCHAR"),
    ("scope", "VARCHAR"),
    ("resource_type", "VARCHAR"),
    ("resource_id", "VARCHAR"),
    ("country_code", "VARCHAR"),
    ("rendition", "VARCHAR"),
    ("transcoder_type", "VARCHAR"),
    ("billing_mode", "VARCHAR"),
    ("bucket_start", "TIMESTAMP"),
    ("bucket_end", "TIMESTAMP"),
    ("delivered_seconds", "DECIMAL(18,6)"),
    ("delivered_bytes", "BIGINT"),
    ("egress_seconds", "DECIMAL(18,6)"),
    ("egress_bytes", "BIGINT"),
    ("egress_seconds_additional_targets", "DECIMAL(18,6)"),
    ("unique_viewers", "BIGINT"),
    ("requests", "BIGINT"),
    ("name", "VARCHAR"),
    ("parent_id", "VARCHAR"),
    ("type", "VARCHAR"),
    ("archived", "BOOLEAN"),
    ("created_at", "TIMESTAMP"),
    ("deleted_at", "TIMESTAMP"),
    ("duration_seconds", "DECIMAL(18,6)"),
    ("tier", "VARCHAR"),
    ("quality", "VARCHAR"),
    ("passthrough", "VARCHAR"),
];

/// Fetched rows as JSON lines that say of which operation and table they are.
fn lines(operation: &str, tables: &Value) -> String {
    let tables = tables.as_object().expect("tables by name");
    let rows = tables.iter().flat_map(|(table, rows)| {
        rows.as_array().expect("rows").iter().map(move |row| {
            let mut row = row.clone();
            row["operation"] = operation.into();
            row["table_name"] = table.as_str().into();
            format!("{row}\n")
        })
    });
    rows.collect()
}

#[test]
fn every_operation_prints_its_rows_as_the_world_has_them() {
    let account = Account::new(NOW, &eventful());
    let cases = cases(&account);
    assert_eq!(cases.len(), 20);
    let fetched: String = cases
        .iter()
        .map(|case| lines(case.operation, &fetch(&account, case, "--format=json").json()))
        .collect();
    let fetched = account.sandbox.write("fetched.jsonl", &fetched);
    let past_hour = account.told(("2026-09-29T11:21:00Z", "2026-09-29T12:20:00Z"));
    let facts = account.told(DAY) + &live_only(&past_hour);
    let world = account.sandbox.write("world.jsonl", &facts);
    let duckdb = DuckDb::new()
        .json_lines("fetched", &fetched, FETCHED)
        .json_lines("world", &world, expected::WORLD)
        .first(&expected::told(at(NOW)));
    let pairs: Vec<_> = cases
        .iter()
        .flat_map(|case| case.rows.iter().map(move |rows| (case.operation, rows)))
        .map(|(operation, Rows { table, columns, sql })| {
            let of = format!("operation = '{operation}' AND table_name = '{table}'");
            (
                format!("{operation}: {table}"),
                format!("SELECT {columns} FROM fetched WHERE {of}"),
                sql.clone(),
            )
        })
        .collect();
    assert_equal(&duckdb, &pairs);
    let beside = "SELECT count(DISTINCT (operation, table_name)) FROM fetched";
    assert_eq!(duckdb.value(beside), pairs.len(), "nothing is printed beside");
    assert!(account.contents("").is_empty(), "fetch writes nothing");
}

/// The facts of live minutes alone.
fn live_only(dump: &str) -> String {
    dump.lines().filter(|line| line.contains("\"live_minute\"")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn raw_prints_the_body_of_each_operation_and_nothing_else() {
    let account = Account::new(NOW, &eventful());
    for case in cases(&account) {
        let printed = fetch(&account, &case, "--raw");
        let target = account.server.log().last().expect("a request was made").target.clone();
        assert_eq!(printed.stdout, format!("{}\n", body(&account, &target)), "{}", case.operation);
        assert!(printed.json().get(case.key).is_some(), "{}: {}", case.operation, printed.stdout);
    }
}

/// What the server answers to `target`.
fn body(account: &Account, target: &str) -> String {
    let mut stream = TcpStream::connect(account.server.address()).expect("it listens");
    let request = format!(
        "GET {target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    body.to_owned()
}

#[test]
fn the_account_is_asked_for_by_part_with_both_filters() {
    let account = Account::new(NOW, &eventful());
    let fetch = |operator: &str, parts: &str, table: &str, operation: &str| {
        let filter = format!("filter[0][{operator}]={parts}");
        let arguments = ["fetch", "wz", operation, "--from", DAY.0, "--to", DAY.1, "--format", "json"];
        let filtered = account.highwater(NOW, &arguments);
        let filtered = filtered.args(["--param", "filter[0][field]=resource", "--param", &filter]);
        filtered.run().expect_code(0).json()[table][0].clone()
    };
    let only = fetch("eq", "transcoders", "account_usage", "account");
    assert_eq!(only["scope"], "transcoders");
    let same = fetch("in", "transcoders", "account_usage", "account");
    assert_eq!(same["egress_bytes"], only["egress_bytes"]);
    assert!(only["egress_bytes"].as_u64() > Some(0));
}

#[test]
fn a_word_of_the_path_is_not_taken_for_an_id_and_an_odd_id_is_one_segment() {
    let account = Account::new(NOW, &eventful());
    for id in ["summary", "egress"] {
        account.highwater(NOW, &["fetch", "wz", "vod_stream", "--id", id]).run();
    }
    assert_eq!(account.requests(), 0, "neither is ever sent");
    account.highwater(NOW, &["fetch", "wz", "transcoder", "--id", "a/../summary"]).run().expect_code(0);
    let log = account.server.log();
    assert!(log[0].target.contains("/usage/transcoders/a%2F..%2Fsummary?"), "{}", log[0].target);
}
