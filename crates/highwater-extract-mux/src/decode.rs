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
use highwater_core::wire::Listed;
use highwater_core::{Listing, PageFacts, RawPage, Result, Sink, Window};
use highwater_http::{drift, read_rows};

use crate::datasets::OPERATION;
use crate::paging;
use crate::rows::Rows;
use crate::wire;

/// Decodes `page`. Rows go to `sink` while the page is read, unless it was pulled for its totals.
///
/// # Errors
/// `Drift` with the path of what is not as we know it.
pub(crate) fn decode(page: &RawPage, sink: &mut dyn Sink) -> Result<PageFacts> {
    let mut rows = Rows::of(page, sink);
    let listed = read_rows(OPERATION, &page.body, "data", |row| rows.take(row))?;
    let envelope = Envelope::check(&listed)?;
    let figures = rows.finish(&listed.page)?;
    let Envelope { listed, echo, total, limit } = envelope;
    Ok(PageFacts {
        echo: Some(echo),
        listing: Some(Listing { series: OPERATION.to_owned(), listed: listed as u64, total }),
        next: paging::following(&page.request, listed, total, limit),
        figures,
    })
}

/// Whether `body` is a page at all: what a probe wants to know.
///
/// # Errors
/// As [`decode`].
pub(crate) fn check_envelope(body: &[u8]) -> Result<()> {
    let listed = read_rows(OPERATION, body, "data", |_: &mut wire::Report<'_>| ())?;
    Envelope::check(&listed).map(|_| ())
}

/// What stands around the rows.
struct Envelope {
    listed: usize,
    echo: Window,
    total: u64,
    limit: u64,
}

impl Envelope {
    fn check(listed: &Listed<wire::Page<'_>>) -> Result<Self> {
        let page = &listed.page;
        let missing = |field| drift(OPERATION, field, "a required field is missing");
        let listed = listed.rows.ok_or_else(|| missing("data"))?;
        let total = page.total_row_count.ok_or_else(|| missing("total_row_count"))?;
        let timeframe = page.timeframe.as_deref().ok_or_else(|| missing("timeframe"))?;
        let limit = page.limit.ok_or_else(|| missing("limit"))?;
        if limit == 0 {
            return Err(drift(OPERATION, "limit", "the page size is zero"));
        }
        let echo = echo(timeframe)
            .ok_or_else(|| drift(OPERATION, "timeframe", "not a pair of instants in order"))?;
        Ok(Self { listed, echo, total, limit })
    }
}

fn echo(timeframe: &[i64]) -> Option<Window> {
    let [start, end] = timeframe else { return None };
    Window::new(DateTime::from_timestamp(*start, 0)?, DateTime::from_timestamp(*end, 0)?).ok()
}
