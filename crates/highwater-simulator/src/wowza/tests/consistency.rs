//! One world behind all operations: what should add up does.

use super::{WowzaApi, ask, behaving, number, rows, sum};
use crate::wowza::Remainder;

const DAY: &str = "from=2026-09-24&to=2026-09-25";
const TEN_DAYS: &str = "from=2026-09-18%2000:00:00&to=2026-09-28%2000:00:00";

#[test]
fn lists_summaries_and_filtered_account_totals_agree() {
    let api = WowzaApi::default();
    for window in [DAY, TEN_DAYS] {
        let transcoders = ask(&api, &format!("transcoders?{window}"));
        let vod_streams = ask(&api, &format!("vod_streams?{window}"));
        let vod_egress = ask(&api, &format!("vod_streams/egress?{window}"));
        let account = |filter: &str| {
            ask(&api, &format!("accounts?{window}&filter[0][field]=resource&filter[0][eq]={filter}"))["account"].clone()
        };
        let transcoder_rows = rows(&transcoders, "transcoders");
        let summary = &ask(&api, &format!("transcoders/summary?{window}"))["summary"];
        for field in ["egress_bytes", "egress_seconds"] {
            let total = sum(transcoder_rows, field);
            assert!(total > 0);
            assert_eq!(number(summary, field), total);
            assert_eq!(sum(rows(summary, "configurations"), field), total);
            assert_eq!(number(&account("transcoders"), field), total);
        }
        let additional = sum(transcoder_rows, "egress_seconds_additional_targets");
        assert_eq!(number(&account("transcoders"), "egress_seconds_additional_targets"), additional);
        let summary = &ask(&api, &format!("vod_streams/summary?{window}"))["summary"];
        for field in ["viewing_bytes", "viewing_seconds"] {
            let total = sum(rows(&vod_streams, "vod_streams"), field);
            assert_eq!(number(summary, field), total);
            assert_eq!(number(&account("vod_streams"), field), total);
        }
        let summary = &ask(&api, &format!("vod_streams/egress/summary?{window}"))["summary"];
        let total = sum(rows(&vod_egress, "vod_streams"), "egress_bytes");
        assert_eq!(number(summary, "egress_bytes"), total);
        assert_eq!(number(&account("vod_streams"), "egress_bytes"), total);
    }
}

#[test]
fn the_unfiltered_account_total_exceeds_its_parts_only_by_what_is_not_itemised() {
    let total = |api: &WowzaApi, filter: &str| {
        let path = format!("accounts?{DAY}&filter[0][field]=resource&filter[0][in]={filter}");
        number(&ask(api, &path)["account"], "viewing_bytes")
    };
    let parts = |api: &WowzaApi| total(api, "transcoders") + total(api, "vod_streams");
    let with = WowzaApi::default();
    let without = behaving(|behaviour| behaviour.remainder = Remainder::None);
    assert_eq!(parts(&with), parts(&without));
    assert_eq!(total(&without, "transcoders,vod_streams"), parts(&without));
    let unfiltered = number(&ask(&with, &format!("accounts?{DAY}"))["account"], "viewing_bytes");
    assert!(unfiltered > parts(&with));
    assert!(unfiltered - parts(&with) < unfiltered / 5);
}

#[test]
fn a_day_is_the_sum_of_its_hours_and_viewers_are_counted_once() {
    let api = WowzaApi::default();
    let day = ask(&api, &format!("vod_streams?{DAY}"));
    let day = rows(&day, "vod_streams");
    let hours: Vec<_> = (0..24)
        .map(|hour| {
            let to =
                if hour == 23 { "2026-09-25 00".to_owned() } else { format!("2026-09-24 {:02}", hour + 1) };
            ask(
                &api,
                &format!("vod_streams?from=2026-09-24 {hour:02}:00:00&to={to}:00:00").replace(' ', "%20"),
            )
        })
        .collect();
    let mut fewer = 0;
    for row in day {
        let of_hours: Vec<_> = hours
            .iter()
            .flat_map(|hour| rows(hour, "vod_streams"))
            .filter(|other| other["id"] == row["id"])
            .cloned()
            .collect();
        for field in ["viewing_seconds", "viewing_bytes"] {
            assert_eq!(number(row, field), sum(&of_hours, field));
        }
        let viewers = number(row, "unique_viewers");
        let most = of_hours.iter().map(|hour| number(hour, "unique_viewers")).max().expect("24 hours");
        assert!(most <= viewers && viewers <= sum(&of_hours, "unique_viewers"));
        fewer += u64::from(viewers < sum(&of_hours, "unique_viewers"));
    }
    assert!(fewer > 0, "distinct counts do not add up");
}

#[test]
fn details_countries_renditions_and_trends_of_a_resource_agree() {
    let api = WowzaApi::default();
    let listed = ask(&api, &format!("vod_streams?{DAY}"));
    for row in rows(&listed, "vod_streams").iter().filter(|row| row["archived"] == false) {
        let id = row["id"].as_str().expect("an id");
        let one = ask(&api, &format!("vod_streams/{id}?{DAY}"))["vod_stream"].clone();
        let egress = ask(&api, &format!("vod_streams/egress/{id}?{DAY}"))["vod_stream"].clone();
        assert_eq!(one["egress_bytes"], egress["egress_bytes"]);
        for (path, key) in [("countries", "countries"), ("renditions", "renditions"), ("trend", "trend")] {
            let parts = ask(&api, &format!("vod_streams/{id}/{path}?{DAY}"));
            for field in ["viewing_seconds", "viewing_bytes"] {
                assert_eq!(number(row, field), sum(rows(&parts, key), field), "{id} {path} {field}");
                assert_eq!(row[field], one[field]);
            }
        }
    }
    let listed = ask(&api, &format!("transcoders?{DAY}"));
    for row in rows(&listed, "transcoders").iter().filter(|row| row["archived"] == false) {
        let id = row["id"].as_str().expect("an id");
        let one = ask(&api, &format!("transcoders/{id}?{DAY}"))["transcoder"].clone();
        let countries = ask(&api, &format!("transcoders/{id}/countries?{DAY}"));
        assert_eq!(row["egress_seconds"], one["egress_seconds"]);
        assert_eq!(number(&one, "viewing_bytes"), sum(rows(&countries, "countries"), "viewing_bytes"));
        let viewers = number(&one, "unique_viewers");
        let average = (number(&one, "viewing_seconds") as f64 / viewers.max(1) as f64).round() as u64;
        assert_eq!(number(&one, "avg_viewing_seconds"), if viewers == 0 { 0 } else { average });
    }
}

#[test]
fn account_countries_and_trend_add_up_to_the_account() {
    let api = WowzaApi::default();
    for filter in ["", "&filter[0][field]=resource&filter[0][eq]=transcoders"] {
        let account = ask(&api, &format!("accounts?{DAY}{filter}"));
        let countries = ask(&api, &format!("accounts/countries?{DAY}{filter}"));
        let trend = ask(&api, &format!("accounts/trend?{DAY}{filter}"));
        for field in ["viewing_seconds", "viewing_bytes"] {
            let total = number(&account["account"], field);
            assert!(total > 0);
            assert_eq!(total, sum(rows(&countries, "countries"), field));
            assert_eq!(total, sum(rows(&trend, "trend"), field));
        }
        assert_eq!(rows(&account["limits"], "resources").len(), if filter.is_empty() { 2 } else { 1 });
        assert_eq!(account["limits"], countries["limits"]);
        assert_eq!(account["limits"], trend["limits"]);
    }
}

#[test]
fn archived_created_and_deleted_resources_are_listed_when_they_existed() {
    let api = WowzaApi::default();
    let count = |window: &str| rows(&ask(&api, &format!("transcoders?{window}")), "transcoders").len();
    assert_eq!(count("from=2026-09-23&to=2026-09-23%2018:00:00"), 11, "the late one is not there yet");
    assert_eq!(count(DAY), 12);
    assert_eq!(count("from=2026-09-25%2018:00:00&to=2026-09-26"), 11, "the deleted one is gone");
    let body = ask(&api, &format!("transcoders?{DAY}"));
    let archived: Vec<_> = rows(&body, "transcoders").iter().filter(|row| row["archived"] == true).collect();
    assert_eq!(archived.len(), 3);
    let idle = archived.iter().filter(|row| number(row, "egress_seconds") == 0).count();
    assert_eq!(idle, 2, "the deleted one was at work on that day");
}
