//! How the toy extractor reads a page.

use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta};
use highwater_core::{
    Column, Error, ErrorKind, Grain, Listing, PageFacts, RawPage, Result, Seconds, Sink, Table, Window,
};
use highwater_http::{drift, read_json};
use serde_json::{Map, Value};

use crate::flaw::Flaw;
use crate::toy::{FOREIGN_COLUMN, ToyExtractor};

const ENVELOPE: [&str; 5] = ["total_row_count", "timeframe", "page", "limit", "data"];

pub(crate) fn decode(extractor: &ToyExtractor, page: &RawPage, sink: &mut dyn Sink) -> Result<PageFacts> {
    let flaw = extractor.flaw;
    let body: Value = read_json("usage", &page.body).map_err(|error| match flaw {
        Some(Flaw::TakesHtmlForBadRequest) => Error::new(ErrorKind::BadRequest, "not JSON"),
        _ => error,
    })?;
    extractor.decoded.fetch_add(1, Ordering::Relaxed);
    let number = param(page, "page");
    let is_late = extractor.latest_page.fetch_max(number, Ordering::Relaxed) > number;
    let envelope = body.as_object().ok_or_else(|| drift("usage", ".", "not an object"))?;
    unknown(flaw, envelope, &ENVELOPE, "", sink)?;
    let rows = envelope.get("data").and_then(Value::as_array);
    let rows = rows.ok_or_else(|| drift("usage", "data", "not a list"))?;
    let total = envelope.get("total_row_count").and_then(Value::as_u64);
    let total = match (total, flaw) {
        (Some(total), _) => total,
        (None, Some(Flaw::PassesOverIncompleteRows)) => 0,
        (None, Some(Flaw::DoesNotSayWhere)) => return Err(Error::new(ErrorKind::Drift, "no total")),
        (None, _) => return Err(drift("usage", "total_row_count", "not a number")),
    };
    let mut bucket = page.request.window;
    match flaw {
        Some(Flaw::RoundsBucketsToTheDay) => bucket = Grain::Day.bucket(bucket.start()),
        Some(Flaw::ReachesBeyondTheWindow) => bucket = Grain::Hour.bucket(bucket.end()),
        _ => {}
    }
    for (index, row) in rows.iter().enumerate() {
        let row =
            row.as_object().ok_or_else(|| drift("usage", &format!("data[{index}]"), "not an object"))?;
        unknown(flaw, row, &KNOWN, "data[].", sink)?;
        let Some(id) = row.get("asset_id").and_then(Value::as_str) else {
            match flaw {
                Some(Flaw::PassesOverIncompleteRows) => continue,
                Some(Flaw::DoesNotSayWhere) => return Err(Error::new(ErrorKind::Drift, "no id")),
                _ => return Err(drift("usage", &format!("data[{index}].asset_id"), "not a text")),
            }
        };
        if !(flaw == Some(Flaw::WantsPagesInOrder) && is_late && index == 0) {
            put(extractor, sink, bucket, id, row);
        }
    }
    if flaw == Some(Flaw::InventsRows) && rows.is_empty() {
        put(extractor, sink, bucket, "nobody", &Map::new());
    }
    Ok(facts(extractor, page, envelope, (rows.len() as u64, total)))
}

const KNOWN: [&str; 12] = [
    "asset_id",
    "live_stream_id",
    "passthrough",
    "created_at",
    "deleted_at",
    "asset_state",
    "asset_duration",
    "asset_resolution_tier",
    "asset_encoding_tier",
    "asset_video_quality",
    "delivered_seconds",
    "delivered_seconds_by_resolution",
];

fn unknown(
    flaw: Option<Flaw>,
    object: &Map<String, Value>,
    known: &[&str],
    prefix: &str,
    sink: &mut dyn Sink,
) -> Result<()> {
    for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
        match flaw {
            Some(Flaw::DropsUnknownFields) => {}
            Some(Flaw::RefusesUnknownFields) => return Err(drift("usage", name, "unknown")),
            _ => sink.unknown_field(&format!("{prefix}{name}")),
        }
    }
    Ok(())
}

fn put(extractor: &ToyExtractor, sink: &mut dyn Sink, bucket: Window, id: &str, row: &Map<String, Value>) {
    sink.begin(Table::ResourceUsage, bucket);
    sink.text(Column::ResourceType, "asset");
    sink.text(Column::ResourceId, id);
    let delivered = row.get("delivered_seconds").map(ToString::to_string);
    if let Some(seconds) = delivered.and_then(|text| Seconds::parse(&text).ok()) {
        sink.seconds(Column::DeliveredSeconds, seconds);
    }
    match extractor.flaw {
        Some(Flaw::CountsWhileItDecodes) => {
            let decoded = extractor.decoded.load(Ordering::Relaxed);
            sink.int(Column::Requests, i64::try_from(decoded).unwrap_or_default());
        }
        Some(Flaw::SetsColumnsThatAreNotThere) => sink.text(FOREIGN_COLUMN, "720p"),
        _ => {}
    }
    sink.commit_row();
}

fn facts(
    extractor: &ToyExtractor,
    page: &RawPage,
    envelope: &Map<String, Value>,
    (listed, total): (u64, u64),
) -> PageFacts {
    let bound = |index: usize| {
        let seconds = envelope.get("timeframe").and_then(|bounds| bounds.get(index)).and_then(Value::as_i64);
        seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0))
    };
    let mut echo = bound(0).zip(bound(1)).and_then(|(start, end)| Window::new(start, end).ok());
    if extractor.flaw == Some(Flaw::EchoesAnotherWindow) {
        echo = echo.map(|echo| Window::of(echo.start(), echo.end() + TimeDelta::hours(1)));
    }
    let number = param(page, "page");
    let ends = listed == 0
        || number * param(page, "limit") >= total
        || extractor.flaw == Some(Flaw::StopsAfterTheFirstPage);
    let next = page.request.clone().with_param("page", number + 1);
    PageFacts {
        echo,
        listing: Some(Listing { series: "assets".to_owned(), listed, total }),
        next: if ends { Vec::new() } else { vec![next] },
        figures: Vec::new(),
    }
}

fn param(page: &RawPage, key: &str) -> u64 {
    page.request.param(key).and_then(|text| text.parse().ok()).unwrap_or(1)
}
