//! Trends and live samples as they are printed.

use super::{WowzaApi, ask, ask_at, behaving, instant, number, rows, send, sum};
use crate::wowza::{LiveStamps, TrendGaps, WowzaCredentials};

const TREND: &str = "accounts/trend";

fn first_id(api: &WowzaApi, list: &str) -> String {
    let body = ask(api, &format!("{list}?from=2026-09-24&to=2026-09-25"));
    let rows = rows(&body, list);
    rows.iter().find(|row| row["archived"] == false).expect("a row")["id"].as_str().expect("an id").to_owned()
}

#[test]
fn trends_are_by_minute_hour_or_day_and_agree() {
    let api = WowzaApi::default();
    let points = |window: &str| rows(&ask(&api, &format!("{TREND}?{window}")), "trend").to_vec();
    let minutes = points("from=2026-09-24%2001:00:00&to=2026-09-24%2003:00:00");
    let hours = points("from=2026-09-24&to=2026-09-25");
    let days = points("from=2026-09-24&to=2026-09-27");
    assert_eq!([minutes.len(), hours.len(), days.len()], [120, 24, 3]);
    assert_eq!(minutes[61]["sampled_at"], "2026-09-24T02:01:00.000Z");
    assert_eq!(days[2]["sampled_at"], "2026-09-26T00:00:00.000Z");
    for field in ["viewing_seconds", "viewing_bytes"] {
        assert_eq!(sum(&minutes[..60], field), number(&hours[1], field));
        assert_eq!(sum(&hours, field), number(&days[0], field));
    }
    let most = minutes[..60].iter().map(|point| number(point, "unique_viewers")).max();
    assert!(most <= Some(number(&hours[1], "unique_viewers")));
    let old = points("from=2026-08-01&to=2026-08-03");
    assert_eq!(old.len(), 48, "beyond thirty days always by the hour");
}

#[test]
fn a_sparse_trend_leaves_out_what_nobody_watched() {
    let dense = WowzaApi::default();
    let sparse = behaving(|behaviour| behaviour.trend_gaps = TrendGaps::Sparse);
    let path = format!("vod_streams/{}/trend?from=2026-09-24&to=2026-09-25", first_id(&dense, "vod_streams"));
    let all = rows(&ask(&dense, &path), "trend").to_vec();
    let some = rows(&ask(&sparse, &path), "trend").to_vec();
    assert_eq!(all.len(), 24);
    assert!(some.len() < 24 && !some.is_empty());
    assert!(some.iter().all(|point| all.contains(point)));
}

#[test]
fn a_trend_ends_with_the_bucket_of_now() {
    let api = WowzaApi::default();
    let path = format!("{TREND}?from=2026-09-24&to=2026-09-25");
    let (_, body) = ask_at(&api, &path, instant("2026-09-24T05:30:00Z"));
    let points = rows(&body, "trend");
    assert_eq!(points.last().expect("points")["sampled_at"], "2026-09-24T05:00:00.000Z");
    let whole = ask(&api, &path);
    assert!(number(&points[5], "viewing_bytes") <= number(&rows(&whole, "trend")[5], "viewing_bytes"));
    assert_eq!(points[4], rows(&whole, "trend")[4]);
}

#[test]
fn live_has_sixty_minutes_and_their_countries() {
    let api = WowzaApi::default();
    let (transcoder, vod_stream) = (first_id(&api, "transcoders"), first_id(&api, "vod_streams"));
    for (path, key) in [
        ("accounts/live".to_owned(), "account"),
        (format!("transcoders/{transcoder}/live"), "transcoder"),
        (format!("vod_streams/{vod_stream}/live"), "vod_stream"),
    ] {
        let body = ask(&api, &path);
        assert!(body.get("limits").is_none());
        let live = &body[key];
        let trend = rows(live, "viewer_trend");
        assert_eq!(trend.len(), 60);
        assert_eq!(trend[0]["sampled_at"], "2026-09-29T11:01:00Z");
        assert_eq!(trend[59]["sampled_at"], "2026-09-29T12:00:00Z");
        assert_eq!(live["unique_viewers"], trend[58]["unique_viewers"]);
        assert_eq!(number(live, "unique_viewers"), sum(rows(live, "countries"), "unique_viewers"));
    }
}

#[test]
fn the_full_hour_can_be_printed_as_minute_sixty() {
    let api = behaving(|behaviour| behaviour.sixtieth_minute = true);
    let plain = ask(&WowzaApi::default(), "accounts/live");
    let odd = ask(&api, "accounts/live");
    let (plain, odd) = (rows(&plain["account"], "viewer_trend"), rows(&odd["account"], "viewer_trend"));
    assert_eq!(plain[..59], odd[..59]);
    assert_eq!(odd[59]["sampled_at"], "2026-09-29T11:60:00Z");
    assert_eq!(plain[59]["unique_viewers"], odd[59]["unique_viewers"]);
}

#[test]
fn live_instants_have_milliseconds_where_the_version_prints_them() {
    let credentials = WowzaCredentials::default();
    let token = format!("Bearer {}", credentials.token.expose());
    let first = |api: &WowzaApi, version: &str| {
        let path = format!("/api/{version}/usage/accounts/live");
        let (_, body) = send(api, &path, &[("authorization", &token)], super::now());
        rows(&body["account"], "viewer_trend")[0]["sampled_at"].as_str().expect("an instant").to_owned()
    };
    let usual = WowzaApi::default();
    for (version, expected) in [("v1.8", ".000Z"), ("beta", ".000Z"), ("v1.9", ":00Z"), ("v1.10", ":00Z")] {
        assert!(first(&usual, version).ends_with(expected), "{version}");
    }
    let always = behaving(|behaviour| behaviour.live_stamps = LiveStamps::Milliseconds);
    assert!(first(&always, "v1.10").ends_with(".000Z"));
}
