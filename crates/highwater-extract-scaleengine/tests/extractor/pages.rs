//! Pages decoded without a provider.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use highwater_core::{
    Column, ErrorKind, Extractor, PageFacts, PageRequest, RawPage, Result, Role, Secret, Table, Window,
};
use proptest::prelude::*;

use crate::bench::{Source, day, now, span};
use crate::recording::{Recording, Reject};

const GOLDEN: &str = include_str!("../golden/usage_page.json");

static EXTRACTOR: LazyLock<Arc<dyn Extractor>> = LazyLock::new(|| {
    Source::at("http://127.0.0.1:9".to_owned(), "key", &Secret::new("secret".to_owned())).connect()
});

fn usage_request(window: Window) -> PageRequest {
    PageRequest::new("video_usage", window)
        .with_param("app", "demo")
        .with_param("limit", 1000)
        .with_param("offset", 0)
}

fn decode(request: PageRequest, body: impl Into<Bytes>) -> (Result<PageFacts>, Recording) {
    let mut rows = Recording::default();
    let page = RawPage { request, body: body.into(), fetched_at: now() };
    (EXTRACTOR.decode(&EXTRACTOR.datasets()[0], &page, &mut rows), rows)
}

fn usage(body: &str) -> (Result<PageFacts>, Recording) {
    decode(usage_request(day("2026-09-01")), body.to_owned())
}

/// A page with these members of `usage`.
fn page(rows: &str) -> String {
    format!(r#"{{"status":"success","usage":[{rows}],"count":1,"message":"","handle_time":"0.1 seconds"}}"#)
}

fn drift(body: &str) -> String {
    let error = usage(body).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Drift, "{error}");
    error.to_string()
}

#[test]
fn the_vendors_page_gives_both_rows_of_the_url_that_it_lists_twice() {
    let (facts, rows) = usage(GOLDEN);
    assert_eq!(facts.unwrap(), PageFacts::default());
    let figures: Vec<(i64, i64)> = rows
        .of(Table::ResourceUsage)
        .map(|row| (row.int(Column::DeliveredBytes), row.int(Column::Requests)))
        .collect();
    assert_eq!(figures, [(5_106_077, 1), (2_875_558, 1)]);
    for row in &rows.rows {
        assert_eq!(row.bucket, day("2026-09-01"));
        assert_eq!(row.text(Column::ResourceType), "video_url");
        assert_eq!(row.text(Column::ResourceId), "demo/sestore/jb/my_video.mp4");
    }
    let resources: Vec<_> = rows.of(Table::Resources).collect();
    assert_eq!(resources.len(), 2);
    assert_eq!(resources[0], resources[1]);
    assert_eq!(resources[0].text(Column::ParentId), "demo");
    assert_eq!(resources[0].text(Column::Name), "sestore/jb/my_video.mp4");
    assert!(rows.rejects.is_empty() && rows.unknown_fields.is_empty());
}

#[test]
fn figures_are_exact_as_text_and_as_numbers() {
    let row = |figure: &str| format!(r#"{{"video_url":"a","bytes_total":{figure},"requests_total":"0"}}"#);
    for figure in [r#""9007199254740993""#, "9007199254740993", "9223372036854775807"] {
        let (facts, rows) = usage(&page(&row(figure)));
        facts.unwrap();
        let bytes = rows.of(Table::ResourceUsage).next().unwrap().int(Column::DeliveredBytes);
        assert_eq!(bytes.to_string(), figure.trim_matches('"'));
    }
}

#[test]
fn names_come_through_unchanged() {
    for name in
        [" a / b ", "caf\u{e9}", "cafe\u{301}", "\u{1f600}\u{0}\n", "/", "a//../b?x=y#z", "0", "\\\"<>&'"]
    {
        let row = serde_json::json!({"video_url": name, "bytes_total": 1, "requests_total": 1}).to_string();
        let (facts, rows) = usage(&page(&row.replace('/', "\\/")));
        facts.unwrap();
        assert_eq!(rows.of(Table::Resources).next().unwrap().text(Column::Name), name);
        assert_eq!(
            rows.of(Table::ResourceUsage).next().unwrap().text(Column::ResourceId),
            format!("demo/{name}")
        );
    }
}

#[test]
fn a_row_that_cannot_be_kept_is_set_aside_alone() {
    let good = r#"{"video_url":"a","bytes_total":"1","requests_total":"1"}"#;
    for (bad, path, reason) in [
        (
            r#"{"video_url":"b","bytes_total":"9223372036854775808","requests_total":"1"}"#,
            "usage[1].bytes_total",
            "bytes_total: too large for 64 bits",
        ),
        (
            r#"{"video_url":"b","bytes_total":"1","requests_total":-4}"#,
            "usage[1].requests_total",
            "requests_total: negative",
        ),
        (
            r#"{"video_url":"b","bytes_total":"1.5","requests_total":"1"}"#,
            "usage[1].bytes_total",
            "bytes_total: not a whole number",
        ),
        (
            r#"{"video_url":"","bytes_total":"1","requests_total":"1"}"#,
            "usage[1].video_url",
            "video_url: empty",
        ),
    ] {
        let (facts, rows) = usage(&page(&[good, bad, good].join(",")));
        facts.unwrap();
        assert_eq!(rows.of(Table::ResourceUsage).count(), 2);
        let [reason, path, row] = [reason, path, bad].map(str::to_owned);
        assert_eq!(rows.rejects, [Reject { reason, path, row }]);
    }
}

#[test]
fn a_missing_or_strange_field_is_named_by_its_path() {
    let good = r#"{"video_url":"a","bytes_total":"1","requests_total":"1"}"#;
    for (bad, path) in [
        (r#"{"bytes_total":"1","requests_total":"1"}"#, "video_url"),
        (r#"{"video_url":null,"bytes_total":"1","requests_total":"1"}"#, "video_url"),
        (r#"{"video_url":7,"bytes_total":"1","requests_total":"1"}"#, "video_url"),
        (r#"{"video_url":"a","requests_total":"1"}"#, "bytes_total"),
        (r#"{"video_url":"a","bytes_total":"1","requests_total":[1]}"#, "requests_total"),
    ] {
        let message = drift(&page(&[good, good, good, bad].join(",")));
        assert!(message.ends_with(&format!("operation=`video_usage` path=`usage[3].{path}`")), "{message}");
    }
    assert!(drift(r#"{"usage":[],"count":0}"#).ends_with("path=`status`"));
    assert!(drift(r#"{"status":"queued","usage":[]}"#).ends_with("path=`status`"));
    assert!(drift(r#"{"status":"success","count":0}"#).ends_with("path=`usage`"));
    assert!(drift(r#"{"status":"success","usage":[],"count":"many"}"#).ends_with("path=`count`"));
    assert!(drift("<html>").contains("a page of HTML"));
}

#[test]
fn count_may_be_missing_and_new_fields_are_counted() {
    let row = r#"{"video_url":"a","bytes_total":"1","requests_total":"1","viewers":3}"#;
    let (facts, rows) = usage(&format!(r#"{{"status":"success","usage":[{row},{row}],"region":"eu"}}"#));
    assert!(facts.unwrap().next.is_empty());
    let counted: Vec<(&str, u64)> =
        rows.unknown_fields.iter().map(|(path, count)| (path.as_str(), *count)).collect();
    assert_eq!(counted, [("region", 1), ("usage[].viewers", 2)]);
}

#[test]
fn a_months_page_pulled_for_control_gives_figures_and_no_rows() {
    let request = usage_request(span("2026-09-01", "2026-10-01")).with_role(Role::Control);
    let (facts, rows) = decode(request.clone(), GOLDEN);
    let micros: Vec<i128> = facts.unwrap().figures.iter().map(|figure| figure.micros).collect();
    assert_eq!(micros, [7_981_635_000_000, 2_000_000]);
    assert!(rows.rows.is_empty());
    let bad = page(r#"{"video_url":"a","bytes_total":"x","requests_total":"1"}"#);
    let (facts, rows) = decode(request, bad);
    assert!(
        facts.unwrap().figures.iter().all(|figure| figure.micros == 0),
        "days leave out a bad row as well"
    );
    assert!(rows.rejects.is_empty());
}

#[test]
fn a_list_of_applications_names_one_request_for_each() {
    let body = r#"{"status":"success","apps":[{"id":1,"name":"a"},{"id":2,"name":"7"}],"count":2}"#;
    let list = PageRequest::new("getapps", day("2026-09-01"));
    assert!(decode(list.clone(), body).0.unwrap().next.is_empty());
    for (role, following) in [(Role::List, Role::Rows), (Role::Control, Role::Control)] {
        let (facts, rows) = decode(list.clone().with_role(role), body);
        let next = facts.unwrap().next;
        let apps: Vec<Option<&str>> = next.iter().map(|request| request.param("app")).collect();
        assert_eq!(apps, [Some("a"), Some("7")]);
        assert!(next.iter().all(|request| request.role == following && request.window == list.window));
        assert!(rows.rows.is_empty());
    }
    let list = list.with_role(Role::List);
    let nameless = decode(list.clone(), r#"{"status":"success","apps":[{"id":1}]}"#).0.unwrap_err();
    assert!(nameless.to_string().ends_with("operation=`getapps` path=`apps[0].name`"));
    let entangled = r#"{"status":"success","apps":[{"name":"a"},{"name":"a/b"}]}"#;
    assert_eq!(decode(list.clone(), entangled).0.unwrap_err().kind(), ErrorKind::Drift);
    let cut = decode(list, r#"{"status":"success","apps":[],"count":2}"#).0.unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::Mismatch);
}

fn anything() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        ".{0,8}".prop_map(serde_json::Value::from),
        Just(serde_json::Value::from("success")),
    ];
    let names = prop::sample::select(vec![
        "status",
        "usage",
        "apps",
        "name",
        "count",
        "video_url",
        "bytes_total",
        "requests_total",
        "message",
        "new",
    ]);
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|members| {
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_answered_without_panic(body in any::<Vec<u8>>(), cut in 0..GOLDEN.len()) {
        for request in [usage_request(day("2026-09-01")), PageRequest::new("getapps", day("2026-09-01"))] {
            let _ = decode(request.clone(), body.clone());
            let _ = decode(request, &GOLDEN.as_bytes()[..cut]);
        }
    }

    #[test]
    fn any_json_is_answered_without_panic(body in anything()) {
        for role in [Role::Rows, Role::List, Role::Control] {
            let _ = decode(usage_request(day("2026-09-01")).with_role(role), body.to_string());
            let _ = decode(PageRequest::new("getapps", day("2026-09-01")).with_role(role), body.to_string());
        }
    }
}
