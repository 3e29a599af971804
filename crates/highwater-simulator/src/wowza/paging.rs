//! The two paging styles: numbered pages for transcoders, opaque keys for VOD streams.

use std::ops::Range;

use serde_json::{Value, json};

use super::behaviour::{LastPage, OverCap, PayloadVersion, WowzaBehaviour};
use super::dice::{Topic, roll};
use super::errors::Refusal;
use super::query::Query;
use crate::world::Seed;

const MAX_PER_PAGE: usize = 1000;

/// The rows to show, and the `pagination` that goes with them.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: Range<usize>,
    pub(super) pagination: Value,
}

/// A numbered page of `total` rows. A page past the end has no rows.
pub(super) fn numbered(query: &Query, total: usize, behaviour: &WowzaBehaviour) -> Result<Page, Refusal> {
    let per_page = per_page(query, behaviour)?;
    let page = positive(query, "page")?.unwrap_or(1);
    let first = page.saturating_sub(1).saturating_mul(per_page).min(total);
    let rows = first..first.saturating_add(per_page).min(total);
    let pagination = json!({
        "payload_version": payload_version("1.0", 1.0, behaviour),
        "total_records": total,
        "page": page,
        "per_page": per_page,
        "total_pages": total.div_ceil(per_page),
        "page_first_index": rows.start,
        "page_last_index": rows.end.saturating_sub(1).max(rows.start),
    });
    Ok(Page { rows, pagination })
}

/// A page of `total` rows that starts where the key says.
pub(super) fn keyed(
    query: &Query,
    total: usize,
    seed: Seed,
    behaviour: &WowzaBehaviour,
) -> Result<Page, Refusal> {
    let per_page = per_page(query, behaviour)?;
    let sent = query.get("next_page_key").filter(|key| !key.is_empty());
    let first = match sent {
        None => 0,
        Some(key) => offset(key, seed)
            .filter(|&offset| offset <= total)
            .ok_or_else(|| Refusal::Invalid(format!("next_page_key isn't valid: {key}.")))?,
    };
    let rows = first..first.saturating_add(per_page).min(total);
    let mut pagination = json!({
        "payload_version": payload_version("2.0", 2.0, behaviour),
        "total_records": total,
        "per_page": per_page,
        "total_pages": total.div_ceil(per_page),
    });
    let next = if rows.end < total { Some(json!(key(rows.end, seed))) } else { last_key(sent, behaviour) };
    if let Some(next) = next {
        pagination["next_page_key"] = next;
    }
    Ok(Page { rows, pagination })
}

fn last_key(sent: Option<&str>, behaviour: &WowzaBehaviour) -> Option<Value> {
    match behaviour.last_page {
        LastPage::Omitted => None,
        LastPage::Null => Some(Value::Null),
        LastPage::Empty => Some(json!("")),
        LastPage::Repeated => sent.map(|key| json!(key)),
    }
}

fn per_page(query: &Query, behaviour: &WowzaBehaviour) -> Result<usize, Refusal> {
    match positive(query, "per_page")?.unwrap_or(MAX_PER_PAGE) {
        asked if asked <= MAX_PER_PAGE => Ok(asked),
        _ if behaviour.per_page_over_cap == OverCap::Clamp => Ok(MAX_PER_PAGE),
        asked => Err(Refusal::Invalid(format!("per_page is more than 1000: {asked}."))),
    }
}

fn positive(query: &Query, name: &str) -> Result<Option<usize>, Refusal> {
    let Some(text) = query.get(name) else { return Ok(None) };
    match text.parse::<usize>() {
        Ok(number) if number > 0 => Ok(Some(number)),
        _ => Err(Refusal::Invalid(format!("{name} isn't a positive integer: {text}."))),
    }
}

fn payload_version(text: &str, number: f64, behaviour: &WowzaBehaviour) -> Value {
    match behaviour.payload_version {
        PayloadVersion::Text => json!(text),
        PayloadVersion::Number => json!(number),
    }
}

/// A key that looks like nothing in particular.
fn key(offset: usize, seed: Seed) -> String {
    format!("{:08x}", (offset as u64 ^ roll(seed, Topic::PageKey, 0, 0)) & 0xffff_ffff)
}

fn offset(text: &str, seed: Seed) -> Option<usize> {
    let scrambled = u64::from_str_radix(text, 16).ok().filter(|_| text.len() == 8)?;
    usize::try_from((scrambled ^ roll(seed, Topic::PageKey, 0, 0)) & 0xffff_ffff).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::parse(text)
    }

    #[test]
    fn numbered_pages_count_indexes_from_zero() {
        let page = numbered(&query("page=3&per_page=3"), 2130, &WowzaBehaviour::default()).expect("a page");
        assert_eq!(page.rows, 6..9);
        let expected = json!({"payload_version": "1.0", "total_records": 2130, "page": 3, "per_page": 3,
            "total_pages": 710, "page_first_index": 6, "page_last_index": 8});
        assert_eq!(page.pagination, expected);
    }

    #[test]
    fn a_numbered_page_past_the_end_is_empty() {
        let page = numbered(&query("page=9"), 5, &WowzaBehaviour::default()).expect("a page");
        assert!(page.rows.is_empty());
        assert_eq!(page.pagination["total_pages"], 1);
    }

    #[test]
    fn page_sizes_below_one_are_refused_and_above_the_maximum_are_clamped() {
        let usual = WowzaBehaviour::default();
        for text in ["per_page=0", "per_page=-1", "per_page=many", "page=0"] {
            assert!(numbered(&query(text), 5, &usual).is_err(), "{text}");
        }
        let page = keyed(&query("per_page=5000"), 2500, Seed(1), &usual).expect("a page");
        assert_eq!((page.rows, page.pagination["per_page"].clone()), (0..1000, json!(1000)));
        let strict = WowzaBehaviour { per_page_over_cap: OverCap::Refuse, ..usual };
        assert!(keyed(&query("per_page=5000"), 2500, Seed(1), &strict).is_err());
    }

    #[test]
    fn the_last_keyed_page_ends_in_each_of_the_forms() {
        let key_sent = key(4, Seed(1));
        for (last_page, expected) in [
            (LastPage::Omitted, None),
            (LastPage::Null, Some(Value::Null)),
            (LastPage::Empty, Some(json!(""))),
            (LastPage::Repeated, Some(json!(key_sent))),
        ] {
            let behaviour = WowzaBehaviour { last_page, ..WowzaBehaviour::default() };
            let text = format!("per_page=2&next_page_key={key_sent}");
            let page = keyed(&query(&text), 5, Seed(1), &behaviour).expect("a page");
            assert_eq!(page.rows, 4..5);
            assert_eq!(page.pagination.get("next_page_key").cloned(), expected);
        }
    }

    #[test]
    fn a_key_that_was_never_given_out_is_refused() {
        for text in ["next_page_key=1yr9pykn", "next_page_key=00000000"] {
            assert!(keyed(&query(text), 5, Seed(1), &WowzaBehaviour::default()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_payload_version_can_be_a_number() {
        let behaviour =
            WowzaBehaviour { payload_version: PayloadVersion::Number, ..WowzaBehaviour::default() };
        let page = keyed(&query(""), 5, Seed(1), &behaviour).expect("a page");
        assert_eq!(page.pagination["payload_version"], json!(2.0));
    }
}
