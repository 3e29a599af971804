//! Large accounts, page by page.

use std::collections::HashSet;

use super::{ask, rows};
use crate::wowza::{WowzaApi, WowzaPlan};

const HOUR: &str = "from=2026-09-24%2010:00:00&to=2026-09-24%2011:00:00";

#[test]
fn twenty_five_hundred_transcoders_come_on_numbered_pages() {
    let api = WowzaApi::new(&WowzaPlan { transcoders: 2500, ..WowzaPlan::default() });
    let mut ids = HashSet::new();
    for (page, expected) in [(1, 1000), (2, 1000), (3, 500), (4, 0)] {
        let body = ask(&api, &format!("transcoders?{HOUR}&page={page}"));
        assert_eq!(body["pagination"]["total_records"], 2500);
        assert_eq!(body["pagination"]["total_pages"], 3);
        let rows = rows(&body, "transcoders");
        assert_eq!(rows.len(), expected);
        ids.extend(rows.iter().map(|row| row["id"].to_string()));
    }
    assert_eq!(ids.len(), 2500);
}

#[test]
fn twenty_five_hundred_vod_streams_come_by_keys() {
    let api = WowzaApi::new(&WowzaPlan { vod_streams: 2500, ..WowzaPlan::default() });
    for list in ["vod_streams", "vod_streams/egress"] {
        let (mut ids, mut pages, mut key) = (HashSet::new(), 0, String::new());
        loop {
            let body = ask(&api, &format!("{list}?{HOUR}&per_page=400{key}"));
            ids.extend(rows(&body, "vod_streams").iter().map(|row| row["id"].to_string()));
            assert_eq!(body["pagination"]["total_records"], 2500);
            assert_eq!(body["pagination"]["total_pages"], 7);
            pages += 1;
            match body["pagination"].get("next_page_key") {
                Some(next) => key = format!("&next_page_key={}", next.as_str().expect("a key")),
                None => break,
            }
        }
        assert_eq!((ids.len(), pages), (2500, 7));
    }
}
