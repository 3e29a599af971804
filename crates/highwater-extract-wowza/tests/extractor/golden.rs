//! One body of each operation, typed after the provider's pages: the rows that it becomes, and where each of its
//! fields went.

use std::collections::{BTreeMap, BTreeSet};

use highwater_core::{Listing, PageFacts, PageRequest, RawPage, Window};
use serde_json::Value;

use crate::recording::Recording;
use crate::rig::{dataset_of, day, instant, offline, window};

/// A question, the provider's answer to it, and what comes of that.
struct Golden {
    operation: &'static str,
    id: Option<&'static str>,
    params: &'static [(&'static str, &'static str)],
    body: &'static str,
    /// Rows as `table column=value …`, columns by name; the bucket is left out where it is the window.
    rows: &'static [&'static str],
    /// Fields that change neither rows nor facts, and why. All others do.
    unused: &'static [(&'static str, &'static str)],
}

const AVERAGE: &str = "viewing_seconds divided by unique_viewers, rounded";
const COUNTED: &str = "follows from total_records and per_page";
const ASKED: &str = "the resource that was asked for is known from the request";
const BY_LIST: &str = "read from the list";
const BY_TOTALS: &str = "a control total, read in its own role";
const NEWEST: &str = "the newest closed minute says it";
const BY_CODE: &str = "the code says it";
const STYLE: &str = "the style shows in the other fields";

macro_rules! golden {
    ($operation:literal, $id:expr, [$($param:expr),*], rows [$($row:literal),* $(,)?], unused [$($unused:expr),* $(,)?]) => {
        Golden {
            operation: $operation,
            id: $id,
            params: &[$($param),*],
            body: include_str!(concat!("bodies/", $operation, ".json")),
            rows: &[$($row),*],
            unused: &[$($unused),*],
        }
    };
}

const TRANSCODERS_ONLY: (&str, &str) = ("filter[0][eq]", "transcoders");
const VOD_ONLY: (&str, &str) = ("filter[0][eq]", "vod_streams");

fn goldens() -> Vec<Golden> {
    vec![
        golden!("transcoders", None, [("page", "3"), ("per_page", "2")],
        rows [
            "resource_usage egress_bytes=0 egress_seconds=51 egress_seconds_additional_targets=17 resource_id=trc0de01 resource_type=transcoder",
            "resources archived=false billing_mode=pay_as_you_go name=Main stage resource_id=trc0de01 resource_type=transcoder type=transcoded",
            "resource_usage egress_bytes=163535997883 egress_seconds=86400 egress_seconds_additional_targets=0 resource_id=trc0de2 resource_type=transcoder",
            "resources archived=false billing_mode=twentyfour_seven name=Council hall resource_id=trc0de2 resource_type=transcoder type=passthrough",
        ],
        unused [
            ("pagination.payload_version", STYLE), ("pagination.total_pages", COUNTED),
            ("pagination.per_page", "read on the first page"),
            ("pagination.page_first_index", COUNTED), ("pagination.page_last_index", COUNTED),
        ]),
        golden!("transcoder", Some("trc0de01"), [],
        rows ["resource_usage delivered_bytes=4711 delivered_seconds=120 resource_id=trc0de01 resource_type=transcoder unique_viewers=3"],
        unused [
            ("transcoder.id", ASKED), ("transcoder.name", BY_LIST), ("transcoder.archived", BY_LIST),
            ("transcoder.transcoder_type", BY_LIST), ("transcoder.billing_mode", BY_LIST),
            ("transcoder.egress_bytes", BY_LIST), ("transcoder.egress_seconds", BY_LIST),
            ("transcoder.egress_seconds_additional_targets", BY_LIST),
            ("transcoder.avg_viewing_seconds", AVERAGE),
        ]),
        golden!("transcoder_countries", Some("trc0de01"), [],
            rows [
                "resource_usage_by_country country_code=US delivered_bytes=9001 delivered_seconds=333 resource_id=trc0de01 resource_type=transcoder unique_viewers=2",
                "resource_usage_by_country country_code=CA delivered_bytes=18002 delivered_seconds=640 resource_id=trc0de01 resource_type=transcoder unique_viewers=11",
            ],
            unused [("countries[].name", BY_CODE), ("countries[].avg_viewing_seconds", AVERAGE)]),
        golden!("transcoder_summary", None, [],
            rows [
                "account_usage_by_configuration billing_mode=pay_as_you_go egress_bytes=4000 egress_seconds=600 scope=transcoders transcoder_type=transcoded",
                "account_usage_by_configuration billing_mode=twentyfour_seven egress_bytes=3000 egress_seconds=300 scope=transcoders transcoder_type=passthrough",
            ],
            unused [("summary.egress_bytes", BY_TOTALS), ("summary.egress_seconds", BY_TOTALS)]),
        golden!("transcoder_trend", Some("trc0de01"), [],
            rows [
                "viewing_trend @2026-09-20T00:00:00Z/2026-09-20T01:00:00Z delivered_bytes=8483993 delivered_seconds=1288800 resource_id=trc0de01 resource_type=transcoder unique_viewers=358",
                "viewing_trend @2026-09-20T01:00:00Z/2026-09-20T02:00:00Z delivered_bytes=6937994 delivered_seconds=270000 resource_id=trc0de01 resource_type=transcoder unique_viewers=75",
                "viewing_trend @2026-09-20T23:00:00Z/2026-09-21T00:00:00Z delivered_bytes=3958503 delivered_seconds=1440000 resource_id=trc0de01 resource_type=transcoder unique_viewers=400",
            ],
            unused []),
        golden!("transcoder_live", Some("trc0de01"), [], rows [],
            unused [("transcoder.id", ASKED), ("transcoder.unique_viewers", NEWEST)]),
        golden!(
            "account",
            None,
            [TRANSCODERS_ONLY],
            rows["account_usage delivered_bytes=31415 delivered_seconds=43210987 egress_bytes=7177171 egress_seconds=48111 egress_seconds_additional_targets=321 scope=transcoders unique_viewers=16021"],
            unused[("account.avg_viewing_seconds", AVERAGE)]
        ),
        golden!("account_countries", None, [VOD_ONLY],
            rows [
                "account_usage_by_country country_code=US delivered_bytes=9001 delivered_seconds=333 scope=vod_streams unique_viewers=2",
                "account_usage_by_country country_code= delivered_bytes=18002 delivered_seconds=640 scope=vod_streams unique_viewers=11",
            ],
            unused [("countries[].name", BY_CODE), ("countries[].avg_viewing_seconds", AVERAGE)]),
        golden!("account_trend", None, [TRANSCODERS_ONLY],
            rows [
                "account_viewing_trend @2026-09-20T00:00:00Z/2026-09-20T01:00:00Z delivered_bytes=8483993 delivered_seconds=1288800 scope=transcoders unique_viewers=358",
                "account_viewing_trend @2026-09-20T01:00:00Z/2026-09-20T02:00:00Z delivered_bytes=6937994 delivered_seconds=270000 scope=transcoders unique_viewers=75",
                "account_viewing_trend @2026-09-20T23:00:00Z/2026-09-21T00:00:00Z delivered_bytes=3958503 delivered_seconds=1440000 scope=transcoders unique_viewers=400",
            ],
            unused []),
        golden!("account_live", None, [], rows [],
            unused [("account.id", "the source's name stands for the account"), ("account.unique_viewers", NEWEST)]),
        golden!("vod_streams", None, [("per_page", "2")],
        rows [
            "resource_usage delivered_bytes=31415 delivered_seconds=43210987 resource_id=v0dstr1 resource_type=vod_stream unique_viewers=16021",
            "resources archived=true name=A talk on Mar 25, 2024 @ 05:09pm PDT resource_id=v0dstr1 resource_type=vod_stream type=fastly",
            "resource_usage delivered_bytes=37067405516 delivered_seconds=590000000 resource_id=v0dstr22 resource_type=vod_stream unique_viewers=84001",
            "resources archived=false name=Another talk resource_id=v0dstr22 resource_type=vod_stream type=fastly",
        ],
        unused [
            ("vod_streams[].avg_viewing_seconds", AVERAGE), ("pagination.payload_version", STYLE),
            ("pagination.total_pages", COUNTED),
        ]),
        golden!("vod_egress", None, [("per_page", "2")],
        rows [
            "resource_usage egress_bytes=31415 resource_id=v0dstr1 resource_type=vod_stream",
            "resource_usage egress_bytes=0 resource_id=v0dstr22 resource_type=vod_stream",
        ],
        unused [
            ("vod_streams[].name", "vod_streams tells it"), ("vod_streams[].archived", "vod_streams tells it"),
            ("vod_streams[].type", "vod_streams tells it"), ("pagination.payload_version", STYLE),
            ("pagination.total_pages", COUNTED),
        ]),
        golden!("vod_stream", Some("v0dstr1"), [],
        rows ["resource_usage egress_seconds=90123 resource_id=v0dstr1 resource_type=vod_stream"],
        unused [
            ("vod_stream.id", ASKED), ("vod_stream.name", BY_LIST), ("vod_stream.archived", BY_LIST),
            ("vod_stream.type", BY_LIST), ("vod_stream.unique_viewers", BY_LIST),
            ("vod_stream.viewing_seconds", BY_LIST), ("vod_stream.viewing_bytes", BY_LIST),
            ("vod_stream.avg_viewing_seconds", AVERAGE), ("vod_stream.egress_bytes", BY_LIST),
        ]),
        golden!("vod_egress_one", Some("v0dstr1"), [],
        rows ["resource_usage egress_bytes=31415 resource_id=v0dstr1 resource_type=vod_stream"],
        unused [
            ("vod_stream.id", ASKED), ("vod_stream.name", BY_LIST), ("vod_stream.archived", BY_LIST),
            ("vod_stream.type", BY_LIST),
        ]),
        golden!(
            "vod_summary",
            None,
            [],
            rows["account_usage delivered_bytes=31415 delivered_seconds=66000321 scope=vod_streams unique_viewers=700123"],
            unused[("summary.avg_viewing_seconds", AVERAGE)]
        ),
        golden!("vod_egress_summary", None, [],
            rows ["account_usage egress_bytes=31415 scope=vod_streams"], unused []),
        golden!("vod_countries", Some("v0dstr1"), [],
            rows [
                "resource_usage_by_country country_code=US delivered_bytes=9001 delivered_seconds=333 resource_id=v0dstr1 resource_type=vod_stream unique_viewers=2",
                "resource_usage_by_country country_code=CA delivered_bytes=18002 delivered_seconds=640 resource_id=v0dstr1 resource_type=vod_stream unique_viewers=11",
            ],
            unused [("countries[].name", BY_CODE), ("countries[].avg_viewing_seconds", AVERAGE)]),
        golden!("vod_renditions", Some("v0dstr1"), [],
            rows [
                "resource_usage_by_rendition delivered_bytes=20001 delivered_seconds=221 rendition=360 resource_id=v0dstr1 resource_type=vod_stream unique_viewers=13",
                "resource_usage_by_rendition delivered_bytes=30003 delivered_seconds=228 rendition=720 resource_id=v0dstr1 resource_type=vod_stream unique_viewers=12",
            ],
            unused [("renditions[].avg_viewing_seconds", AVERAGE)]),
        golden!("vod_trend", Some("v0dstr1"), [],
            rows [
                "viewing_trend @2026-09-20T00:00:00Z/2026-09-20T01:00:00Z delivered_bytes=8483993 delivered_seconds=1288800 resource_id=v0dstr1 resource_type=vod_stream unique_viewers=358",
                "viewing_trend @2026-09-20T01:00:00Z/2026-09-20T02:00:00Z delivered_bytes=6937994 delivered_seconds=270000 resource_id=v0dstr1 resource_type=vod_stream unique_viewers=75",
                "viewing_trend @2026-09-20T23:00:00Z/2026-09-21T00:00:00Z delivered_bytes=3958503 delivered_seconds=1440000 resource_id=v0dstr1 resource_type=vod_stream unique_viewers=400",
            ],
            unused []),
        golden!("vod_live", Some("v0dstr1"), [], rows [],
            unused [("vod_stream.id", ASKED), ("vod_stream.unique_viewers", NEWEST)]),
    ]
}

impl Golden {
    fn is_live(&self) -> bool {
        self.operation.ends_with("_live")
    }

    fn window(&self) -> Window {
        if self.is_live() {
            window("2026-09-20T12:01:00Z", "2026-09-20T13:01:00Z")
        } else {
            day("2026-09-20")
        }
    }

    fn request(&self) -> PageRequest {
        let mut request = PageRequest::new(self.operation, self.window());
        request.id = self.id.map(str::to_owned);
        self.params.iter().fold(request, |request, (key, value)| request.with_param(key, value))
    }

    /// What a body becomes, or the error that it leads to.
    fn decode(&self, body: &str) -> Result<(Recording, PageFacts), String> {
        let extractor = offline();
        let fetched_at =
            instant(if self.is_live() { "2026-09-20T13:01:05Z" } else { "2026-09-29T12:00:00Z" });
        let page = RawPage { request: self.request(), body: body.to_owned().into(), fetched_at };
        let mut recording = Recording::default();
        let dataset = dataset_of(extractor.as_ref(), self.operation);
        let facts = extractor.decode(&dataset, &page, &mut recording).map_err(|error| error.to_string())?;
        Ok((recording, facts))
    }

    fn lines(&self, recording: &Recording) -> Vec<String> {
        let window = self.window().to_string();
        let line = |row: &crate::recording::Recorded| {
            let bucket = row.cell("bucket");
            let at = if bucket == window { String::new() } else { format!(" @{bucket}") };
            let cells = row.cells.iter().filter(|(column, _)| **column != "bucket");
            let cells: Vec<String> = cells.map(|(column, value)| format!("{column}={value}")).collect();
            format!("{}{at} {}", row.table, cells.join(" "))
        };
        recording.rows.iter().map(line).collect()
    }
}

#[test]
fn there_is_a_body_for_each_operation() {
    let operations: BTreeSet<&str> = offline().operations().iter().map(|spec| spec.name).collect();
    let goldens: BTreeSet<&str> = goldens().iter().map(|golden| golden.operation).collect();
    assert_eq!(goldens, operations);
}

#[test]
fn each_body_becomes_its_rows() {
    for golden in goldens().iter().filter(|golden| !golden.is_live()) {
        let (recording, facts) = golden.decode(golden.body).unwrap();
        assert_eq!(golden.lines(&recording), golden.rows, "{}", golden.operation);
        assert!(recording.rejects.is_empty() && recording.unknown.is_empty(), "{}", golden.operation);
        assert_eq!(facts.echo, Some(golden.window()), "{}", golden.operation);
    }
}

#[test]
fn the_past_hour_becomes_a_row_a_minute_and_the_countries_one_at_its_end() {
    for golden in goldens().iter().filter(|golden| golden.is_live()) {
        let (recording, facts) = golden.decode(golden.body).unwrap();
        assert_eq!(facts, PageFacts::default());
        let lines = golden.lines(&recording);
        assert_eq!(lines.len(), 62);
        let (kind, id) = match golden.operation {
            "transcoder_live" => ("transcoder", "trc0de01"),
            "vod_live" => ("vod_stream", "v0dstr1"),
            _ => ("account", "wowza-main"),
        };
        let row = |from: &str, to: &str, country: &str, viewers: u8| {
            format!(
                "live_viewers @2026-09-20T{from}:00Z/2026-09-20T{to}:00Z country_code={country} resource_id={id} resource_type={kind} unique_viewers={viewers}"
            )
        };
        assert_eq!(lines[0], row("12:01", "12:02", "", 7));
        assert_eq!(lines[58], row("12:59", "13:00", "", 7));
        assert_eq!(lines[59], row("13:00", "13:01", "", 9));
        let (us, de) = if kind == "vod_stream" { (4, 5) } else { (5, 4) };
        assert_eq!(lines[60..], [row("13:00", "13:01", "US", us), row("13:00", "13:01", "DE", de)]);
    }
}

#[test]
fn pages_say_how_they_count_and_what_follows() {
    for golden in goldens() {
        let (_, facts) = golden.decode(golden.body).unwrap();
        let expected = match golden.operation {
            "transcoders" => Some((1412, None)),
            "vod_streams" | "vod_egress" => Some((140, Some("k3y0pq7r"))),
            _ => None,
        };
        let listing =
            expected.map(|(total, _)| Listing { series: golden.operation.to_owned(), listed: 2, total });
        assert_eq!(facts.listing, listing);
        let next =
            expected.and_then(|(_, key)| key).map(|key| golden.request().with_param("next_page_key", key));
        assert_eq!(facts.next, Vec::from_iter(next));
    }
}

/// Every value of a body by its path without indexes, each with a pointer to its first place.
fn leaves(value: &Value, path: String, pointer: String, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                leaves(value, path, format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(values) => {
            for (nth, value) in values.iter().enumerate() {
                leaves(value, format!("{path}[]"), format!("{pointer}/{nth}"), found);
            }
        }
        _ => {
            found.entry(path).or_insert(pointer);
        }
    }
}

#[test]
fn every_field_changes_what_is_known_or_is_named_as_told_elsewhere() {
    for golden in goldens() {
        let body: Value = serde_json::from_str(golden.body).unwrap();
        let mut paths = BTreeMap::new();
        leaves(&body, String::new(), String::new(), &mut paths);
        let unused: BTreeSet<&str> = golden
            .unused
            .iter()
            .map(|(path, why)| {
                assert!(!why.is_empty() && paths.contains_key(*path), "{} {path}", golden.operation);
                *path
            })
            .collect();
        let outcome = |body: &str| {
            golden.decode(body).map(|(recording, facts)| (recording.rows, recording.rejects, facts))
        };
        let usual = outcome(golden.body);
        for (path, pointer) in &paths {
            let mut changed = body.clone();
            let value = changed.pointer_mut(pointer).unwrap();
            *value = match value {
                Value::Bool(flag) => Value::Bool(!*flag),
                Value::Number(number) => Value::from(number.as_i64().unwrap() + 1),
                Value::String(text) => Value::from(format!("{text}x")),
                other => panic!("{path} is {other}"),
            };
            let counts = outcome(&changed.to_string()) != usual;
            assert_eq!(counts, !unused.contains(path.as_str()), "{} {path}", golden.operation);
        }
    }
}

#[test]
fn the_whole_account_is_a_row_of_viewers_alone() {
    let golden = goldens().into_iter().find(|golden| golden.operation == "account").unwrap();
    let whole = Golden { params: &[], ..golden };
    let body = whole.body.replace(r#""transcoders""#, r#""transcoders", "vod_streams""#);
    let (recording, _) = whole.decode(&body).unwrap();
    assert_eq!(whole.lines(&recording), ["account_usage scope=account unique_viewers=16021"]);
}
