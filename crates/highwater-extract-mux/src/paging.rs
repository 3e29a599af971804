//! Which pages follow a page. The first page names the rest at once, so that they can be fetched together.

use highwater_core::PageRequest;

/// The most pages named at once: a total that is absurd must not exhaust memory.
const NAMED_AT_ONCE: u64 = 1_000;

/// The pages after the one that answered `request`, of which `listed` rows came and which says that the list has `total`
/// rows in pages of `limit`. None follows an empty page, or one that reaches the total. Pages are asked for in the size
/// that the answer echoes, because that is the size the provider counts pages in.
pub(crate) fn following(request: &PageRequest, listed: usize, total: u64, limit: u64) -> Vec<PageRequest> {
    let page = request.param("page").and_then(|page| page.parse::<u64>().ok()).unwrap_or(1).max(1);
    let last = total.div_ceil(limit);
    if listed == 0 || page >= last {
        return Vec::new();
    }
    let opens_a_stretch = (page - 1).is_multiple_of(NAMED_AT_ONCE);
    let named = if opens_a_stretch { last.min(page.saturating_add(NAMED_AT_ONCE)) } else { page + 1 };
    (page + 1..=named)
        .map(|next| request.clone().with_param("page", next).with_param("limit", limit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use highwater_core::Window;

    fn request(page: u64) -> PageRequest {
        let start = DateTime::UNIX_EPOCH;
        PageRequest::new("delivery_usage", Window::of(start, start + TimeDelta::hours(1)))
            .with_param("page", page)
            .with_param("limit", 100)
            .with_param("asset_id", "a")
    }

    fn pages(requests: &[PageRequest]) -> Vec<&str> {
        requests.iter().filter_map(|request| request.param("page")).collect()
    }

    #[test]
    fn the_first_page_names_all_others_in_the_size_that_was_echoed() {
        let next = following(&request(1), 40, 121, 40);
        assert_eq!(pages(&next), ["2", "3", "4"]);
        assert!(
            next.iter().all(|next| next.param("limit") == Some("40") && next.param("asset_id") == Some("a"))
        );
    }

    #[test]
    fn a_page_that_reaches_the_total_or_is_empty_is_the_last() {
        assert!(following(&request(1), 100, 100, 100).is_empty());
        assert!(following(&request(2), 1, 101, 100).is_empty());
        assert!(following(&request(3), 0, 1000, 100).is_empty());
        assert!(following(&request(1), 0, 0, 100).is_empty());
    }

    #[test]
    fn a_total_that_grew_is_followed() {
        assert_eq!(pages(&following(&request(2), 100, 201, 100)), ["3"]);
    }

    #[test]
    fn an_absurd_total_is_named_in_stretches() {
        assert_eq!(following(&request(1), 100, u64::MAX, 1).len(), 1000);
        assert_eq!(following(&request(1001), 100, u64::MAX, 1).len(), 1000);
        assert_eq!(following(&request(1002), 100, u64::MAX, 1).len(), 1);
        assert!(following(&request(u64::MAX), 100, u64::MAX, 1).is_empty());
    }
}
