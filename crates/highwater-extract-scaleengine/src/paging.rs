//! Paging by limit and offset, right whatever the provider's `count` counts and however few rows it gives at once.

use highwater_core::{Error, ErrorKind, PageRequest, Result, Role, Window};

use crate::apps::App;
use crate::datasets::VIDEO_USAGE;

/// A short page may have been cut to a bound of the provider's own that nobody documents. Such a bound is a round number:
/// a page with a multiple of this many rows is not taken for the last one.
const ROUND: u64 = 25;

/// The request for the first page of an application's usage.
pub(crate) fn first(app: &App, window: Window, role: Role, page_size: u64) -> PageRequest {
    let request = PageRequest::new(VIDEO_USAGE, window).with_role(role);
    app.in_request(request).with_param("limit", page_size).with_param("offset", 0)
}

/// The rows that `request` asks for at once.
pub(crate) fn limit(request: &PageRequest, page_size: u64) -> u64 {
    number(request, "limit").unwrap_or(page_size).max(1)
}

/// The rows that `request` skips.
pub(crate) fn offset(request: &PageRequest) -> u64 {
    number(request, "offset").unwrap_or(0)
}

fn number(request: &PageRequest, key: &str) -> Option<u64> {
    request.param(key).and_then(|text| text.parse().ok())
}

/// The request after one that was answered with `rows` rows and this `count`, which is of all rows of the series or of
/// those on the page.
///
/// # Errors
/// `Mismatch` for a page without rows where `count` says that there are some.
pub(crate) fn next(
    request: &PageRequest,
    page_size: u64,
    rows: u64,
    count: Option<u64>,
) -> Result<Option<PageRequest>> {
    let (limit, offset) = (limit(request, page_size), offset(request));
    let end = offset.saturating_add(rows);
    let announced = count.filter(|count| *count > end);
    match (rows, announced) {
        (0, Some(count)) => Err(Error::new(
            ErrorKind::Mismatch,
            format!("the provider counts rows but lists none: count=`{count}` offset=`{offset}`"),
        )),
        (0, None) => Ok(None),
        (_, None) if rows < limit && !rows.is_multiple_of(ROUND) => Ok(None),
        _ => Ok(Some(request.clone().with_param("limit", limit).with_param("offset", end))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request() -> PageRequest {
        let day = Window::day("2026-09-01".parse().unwrap());
        first(&App::Name("demo".to_owned()), day, Role::Rows, 1000)
    }

    #[derive(Clone, Copy, Debug)]
    enum Count {
        Total,
        Page,
        Absent,
    }

    /// How many rows are read of a provider that has `total` and gives at most `bound` at once, and with how many requests.
    fn read(total: u64, page_size: u64, bound: u64, meaning: Count) -> (u64, usize) {
        let mut pending = Some(request().with_param("limit", page_size));
        let (mut seen, mut requests) = (0, 0);
        while let Some(asked) = pending {
            let rows = total.saturating_sub(offset(&asked)).min(limit(&asked, 1)).min(bound);
            let count = match meaning {
                Count::Total => Some(total),
                Count::Page => Some(rows),
                Count::Absent => None,
            };
            assert_eq!(offset(&asked), seen, "rows are read in order, each once");
            seen += rows;
            requests += 1;
            pending = next(&asked, 1, rows, count).unwrap();
        }
        (seen, requests)
    }

    #[test]
    fn a_full_page_is_not_the_last_although_count_says_so() {
        assert_eq!(read(2000, 1000, 1000, Count::Page), (2000, 3));
        assert_eq!(read(2001, 1000, 1000, Count::Page), (2001, 3));
    }

    #[test]
    fn a_short_page_is_not_the_last_when_count_says_that_there_is_more() {
        assert_eq!(read(1701, 1000, 37, Count::Total).0, 1701);
    }

    #[test]
    fn a_series_of_one_short_page_takes_one_request() {
        assert_eq!(read(7, 1000, 1000, Count::Total), (7, 1));
        assert_eq!(read(7, 1000, 1000, Count::Page), (7, 1));
        assert_eq!(read(0, 1000, 1000, Count::Total), (0, 1));
    }

    #[test]
    fn a_page_without_the_rows_that_count_announces_contradicts_itself() {
        let error = next(&request(), 1000, 0, Some(3)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch);
    }

    proptest! {
        #[test]
        fn every_row_is_read_once_whatever_count_counts(
            total in 0..400_u64,
            page_size in 1..60_u64,
            bound in prop_oneof![Just(u64::MAX), Just(25), Just(50)],
            meaning in prop_oneof![Just(Count::Total), Just(Count::Page), Just(Count::Absent)],
        ) {
            prop_assert_eq!(read(total, page_size, bound, meaning).0, total);
        }
    }
}
