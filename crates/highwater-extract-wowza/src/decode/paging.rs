//! Paging: how far a page goes, and what comes after it. Numbered pages name all others at once; keyed ones only the
//! next.

use highwater_core::{Listing, PageRequest, Result, Sink};

use super::figures::{count, word};
use super::reader::Reader;
use crate::settings::MAX_PAGE_SIZE;
use crate::wire::{Envelope, Pagination};

/// More pages than an account can have: a total that needs them is not a total.
const MOST_PAGES: i64 = 100_000;

const PATH: &str = "pagination";

/// How the `listed` rows of a page count, and the requests for the pages after it.
pub(super) fn paging(
    reader: &Reader<'_>,
    envelope: &Envelope<'_>,
    listed: usize,
    sink: &mut dyn Sink,
) -> Result<(Listing, Vec<PageRequest>)> {
    let pagination =
        envelope.pagination.as_ref().ok_or_else(|| reader.drift(PATH, "a required field is missing"))?;
    reader.note_unknown(PATH, pagination, sink);
    let total = count("total_records", pagination.total_records).map_err(|flaw| reader.fatal(PATH, flaw))?;
    let listed = i64::try_from(listed).unwrap_or(i64::MAX);
    let next = if pagination.page.is_some() {
        numbered(reader, pagination, total)?
    } else {
        keyed(reader, pagination, listed, total)?.into_iter().collect()
    };
    let listing = Listing {
        series: reader.operation.to_owned(),
        listed: listed.unsigned_abs(),
        total: total.unsigned_abs(),
    };
    Ok((listing, next))
}

/// Pages two to the last, from the first; by the size that the answer says it used.
fn numbered(reader: &Reader<'_>, pagination: &Pagination<'_>, total: i64) -> Result<Vec<PageRequest>> {
    let page = count("page", pagination.page).map_err(|flaw| reader.fatal(PATH, flaw))?;
    let asked = reader.request.param("page").unwrap_or("1");
    if asked.parse() != Ok(page) {
        return Err(reader.mismatch("the provider answered with another page", asked, &page.to_string()));
    }
    if page != 1 {
        return Ok(Vec::new());
    }
    let per_page = per_page(reader, pagination)?;
    let last = total / per_page + i64::from(total % per_page > 0);
    if last > MOST_PAGES {
        return Err(reader.drift("pagination.total_records", "more records than there can be"));
    }
    let request = |page| reader.request.clone().with_param("page", page).with_param("per_page", per_page);
    Ok((2..=last).map(request).collect())
}

/// The page that the answer's key leads to. The last page has no key, an empty one, or the one that led to it.
fn keyed(
    reader: &Reader<'_>,
    pagination: &Pagination<'_>,
    listed: i64,
    total: i64,
) -> Result<Option<PageRequest>> {
    let key = word("next_page_key", pagination.next_page_key).map_err(|flaw| reader.fatal(PATH, flaw))?;
    let sent = reader.request.param("next_page_key");
    let Some(key) = key.filter(|key| !key.is_empty() && sent != Some(key)) else { return Ok(None) };
    if listed == 0 || (sent.is_none() && listed >= total) {
        return Ok(None);
    }
    let per_page = per_page(reader, pagination)?;
    Ok(Some(reader.request.clone().with_param("next_page_key", key).with_param("per_page", per_page)))
}

fn per_page(reader: &Reader<'_>, pagination: &Pagination<'_>) -> Result<i64> {
    let per_page = match pagination.per_page {
        Some(_) => count("per_page", pagination.per_page).map_err(|flaw| reader.fatal(PATH, flaw))?,
        None => reader.request.param("per_page").and_then(|text| text.parse().ok()).unwrap_or(MAX_PAGE_SIZE),
    };
    if per_page < 1 {
        return Err(reader.drift("pagination.per_page", "pages without rows"));
    }
    Ok(per_page)
}
