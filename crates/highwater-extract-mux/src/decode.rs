//! From a page to rows and facts. Pure, and without an allocation a row.
//!
//! Where each field goes:
//!
//! | field | to |
//! |---|---|
//! | `asset_id` | `resource_id`, with `resource_type` `asset` |
//! | `delivered_seconds` | `delivered_seconds` of `resource_usage`; required, as `asset_id` is |
//! | `delivered_seconds_by_resolution.tier_*` | one row each of `resource_usage_by_rendition`, in the words of Mux's tiers |
//! | `live_stream_id`, `passthrough` | `parent_id`, `passthrough` of `resources` |
//! | `created_at`, `deleted_at`, `asset_duration` | `created_at`, `deleted_at`, `duration_seconds` |
//! | `asset_resolution_tier` | `tier`: the tier at ingest, not of delivery |
//! | `asset_video_quality`, else `asset_encoding_tier` | `quality` |
//! | `asset_state` | not stored: `deleted` shows in `deleted_at`, and it describes the moment of the call, not the bucket |
//! | `timeframe` | the echo; rows get the bucket that was asked, which must be the same |
//! | `total_row_count`, `limit` | the total that the rows are checked against, and the pages that follow |
//! | `page` | not stored: it repeats the request |
//!
//! The tiers of a row need not add up to its total: the documents do not promise it.

use chrono::DateTime;
use highwater_core::wire::Raw;
use highwater_core::{
    Column, Error, Figure, Grain, Listing, PageFacts, RawPage, Relation, Result, Role, Sink, Table, Window,
};
use highwater_http::{drift, read_json};

use crate::datasets::OPERATION;
use crate::paging;
use crate::report::{Refused, Report};
use crate::wire;

/// Decodes `page`. Rows go to `sink`, unless the page was pulled for its totals.
///
/// # Errors
/// `Drift` with the path of what is not as we know it.
pub(crate) fn decode(page: &RawPage, sink: &mut dyn Sink) -> Result<PageFacts> {
    let wire: wire::Page<'_> = read_json(OPERATION, &page.body)?;
    let envelope = Envelope::check(&wire)?;
    let figures = match page.request.role {
        Role::Control => add_up(page, envelope.rows)?,
        Role::Rows | Role::List => {
            put_rows(page, envelope.rows, sink)?;
            name_unknown_fields(&wire, envelope.rows, sink);
            Vec::new()
        }
    };
    let (listed, total) = (envelope.rows.len(), envelope.total);
    Ok(PageFacts {
        echo: Some(envelope.echo),
        listing: Some(Listing { series: OPERATION.to_owned(), listed: listed as u64, total }),
        next: paging::following(&page.request, listed, total, envelope.limit),
        figures,
    })
}

/// Whether `body` is a page at all: what a probe wants to know.
///
/// # Errors
/// As [`decode`].
pub(crate) fn check_envelope(body: &[u8]) -> Result<()> {
    Envelope::check(&read_json(OPERATION, body)?).map(|_| ())
}

/// What stands around the rows.
struct Envelope<'a> {
    rows: &'a [wire::Report<'a>],
    echo: Window,
    total: u64,
    limit: u64,
}

impl<'a> Envelope<'a> {
    fn check(page: &'a wire::Page<'a>) -> Result<Self> {
        let missing = |field| drift(OPERATION, field, "a required field is missing");
        let rows = page.data.as_deref().ok_or_else(|| missing("data"))?;
        let total = page.total_row_count.ok_or_else(|| missing("total_row_count"))?;
        let timeframe = page.timeframe.as_deref().ok_or_else(|| missing("timeframe"))?;
        let limit = page.limit.ok_or_else(|| missing("limit"))?;
        if limit == 0 {
            return Err(drift(OPERATION, "limit", "the page size is zero"));
        }
        let echo = echo(timeframe)
            .ok_or_else(|| drift(OPERATION, "timeframe", "not a pair of instants in order"))?;
        Ok(Self { rows, echo, total, limit })
    }
}

fn echo(timeframe: &[i64]) -> Option<Window> {
    let [start, end] = timeframe else { return None };
    Window::new(DateTime::from_timestamp(*start, 0)?, DateTime::from_timestamp(*end, 0)?).ok()
}

fn put_rows(page: &RawPage, rows: &[wire::Report<'_>], sink: &mut dyn Sink) -> Result<()> {
    let mut texts: Option<Vec<Raw<'_>>> = None;
    for (index, row) in rows.iter().enumerate() {
        match Report::check(row) {
            Ok(report) => report.put(page.request.window, sink),
            Err(Refused::Drift { field, what }) => return Err(drifted(index, field, what)),
            Err(Refused::Row { field, what }) => {
                let texts = texts.get_or_insert_with(|| row_texts(&page.body));
                let text = texts.get(index).map_or("", |text| text.get());
                sink.reject_row(what, &path(index, field), text);
            }
        }
    }
    Ok(())
}

fn drifted(index: usize, field: &str, what: &str) -> Error {
    drift(OPERATION, &path(index, field), what)
}

fn path(index: usize, field: &str) -> String {
    format!("data[{index}].{field}")
}

fn row_texts(body: &[u8]) -> Vec<Raw<'_>> {
    serde_json::from_slice::<wire::RowTexts<'_>>(body).ok().and_then(|page| page.data).unwrap_or_default()
}

fn name_unknown_fields(page: &wire::Page<'_>, rows: &[wire::Report<'_>], sink: &mut dyn Sink) {
    for name in &page.unknown {
        sink.unknown_field(name);
    }
    for row in rows {
        for name in &row.unknown {
            sink.unknown_field(&format!("data[].{name}"));
        }
        for name in row.delivered_seconds_by_resolution.iter().flat_map(|tiers| &tiers.unknown) {
            sink.unknown_field(&format!("data[].delivered_seconds_by_resolution.{name}"));
        }
    }
}

/// Adds up what the provider says over a longer span. A bad row is left out, as it is from our side.
fn add_up(page: &RawPage, rows: &[wire::Report<'_>]) -> Result<Vec<Figure>> {
    let (mut delivered, mut by_tier) = (0, 0);
    for (index, row) in rows.iter().enumerate() {
        match Report::check(row) {
            Ok(report) => {
                delivered += report.delivered_micros();
                by_tier += report.tiers_micros();
            }
            Err(Refused::Drift { field, what }) => return Err(drifted(index, field, what)),
            Err(Refused::Row { .. }) => {}
        }
    }
    // Every figure is rounded to a microsecond: one here against one for each hour on our side.
    let hours = page.request.window.buckets(Grain::Hour).count();
    let tolerance_micros = (rows.len() * hours) as i128;
    let figure = |table, micros| Figure {
        table,
        measure: Column::DeliveredSeconds,
        micros,
        tolerance_micros,
        relation: Relation::Equal,
    };
    Ok(vec![figure(Table::ResourceUsage, delivered), figure(Table::ResourceUsageByRendition, by_tier)])
}
