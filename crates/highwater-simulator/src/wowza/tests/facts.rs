//! The dumped facts are what the API answers.

use std::collections::HashSet;

use serde_json::Value;

use super::{WowzaApi, ask, instant, number, rows, sum};
use crate::api::ProviderApi;

fn facts(from: &str, to: &str) -> Vec<Value> {
    let text = WowzaApi::default().dump(instant(from), instant(to));
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

fn of<'a>(facts: &'a [Value], fact: &str) -> Vec<&'a Value> {
    facts.iter().filter(|line| line["fact"] == fact).collect()
}

/// Every field that both have is equal, and there are some; the flag follows a deletion.
fn agree(ours: &Value, theirs: &Value) {
    let theirs = theirs.as_object().expect("an object");
    let shared: Vec<&String> =
        theirs.keys().filter(|&key| key != "archived" && ours.get(key).is_some()).collect();
    assert!(!shared.is_empty());
    for key in shared {
        assert_eq!(ours[key], theirs[key], "{key}: {ours} {theirs:?}");
    }
    if let Some(archived) = theirs.get("archived") {
        assert_eq!(*archived, ours["archived"] == true || ours["deleted_at"].is_string());
    }
}

#[test]
fn hourly_facts_equal_the_lists() {
    let facts = facts("2026-09-24T10:00:00Z", "2026-09-24T11:00:00Z");
    let window = "from=2026-09-24%2010:00:00&to=2026-09-24%2011:00:00";
    let api = WowzaApi::default();
    for (fact, path, key) in [
        ("transcoder_hour", "transcoders", "transcoders"),
        ("vod_hour", "vod_streams", "vod_streams"),
        ("vod_egress_hour", "vod_streams/egress", "vod_streams"),
    ] {
        let body = ask(&api, &format!("{path}?{window}"));
        let (facts, rows) = (of(&facts, fact), rows(&body, key));
        assert_eq!(facts.len(), rows.len());
        for row in rows {
            let fact =
                facts.iter().find(|fact| fact["resource_id"] == row["id"]).expect("a fact for the row");
            agree(fact, row);
        }
    }
    assert_eq!(of(&facts, "resource").len(), 32);
}

#[test]
fn daily_facts_equal_details_parts_and_account() {
    let facts = facts("2026-09-24T00:00:00Z", "2026-09-25T00:00:00Z");
    let day = "from=2026-09-24&to=2026-09-25";
    let api = WowzaApi::default();
    for fact in of(&facts, "vod_day") {
        let id = fact["resource_id"].as_str().expect("an id");
        if fact["deleted_at"].is_string() {
            continue;
        }
        agree(fact, &ask(&api, &format!("vod_streams/{id}?{day}"))["vod_stream"]);
        for (part_fact, path) in [("vod_country_day", "countries"), ("vod_rendition_day", "renditions")] {
            let parts: Vec<Value> =
                of(&facts, part_fact).into_iter().filter(|part| part["resource_id"] == id).cloned().collect();
            let body = ask(&api, &format!("vod_streams/{id}/{path}?{day}"));
            assert_eq!(parts.len(), rows(&body, path).len());
            assert_eq!(sum(&parts, "unique_viewers"), sum(rows(&body, path), "unique_viewers"));
            assert_eq!(sum(&parts, "viewing_bytes"), number(fact, "viewing_bytes"));
        }
    }
    for fact in of(&facts, "account_day") {
        let filter = match fact["scope"].as_str().expect("a scope") {
            "account" => String::new(),
            scope => format!("&filter[0][field]=resource&filter[0][eq]={scope}"),
        };
        agree(fact, &ask(&api, &format!("accounts?{day}{filter}"))["account"]);
        let countries =
            of(&facts, "account_country_day").into_iter().filter(|part| part["scope"] == fact["scope"]);
        let bytes: u64 = countries.map(|part| number(part, "viewing_bytes")).sum();
        assert_eq!(bytes, number(fact, "viewing_bytes"));
    }
    let body = ask(&api, &format!("transcoders/summary?{day}"));
    let configurations = rows(&body["summary"], "configurations");
    assert_eq!(of(&facts, "configuration_day").len(), configurations.len());
    for (fact, row) in of(&facts, "configuration_day").iter().zip(configurations) {
        agree(fact, row);
    }
}

#[test]
fn hourly_trend_facts_equal_the_trends() {
    let facts = facts("2026-09-24T00:00:00Z", "2026-09-25T00:00:00Z");
    let body = ask(&WowzaApi::default(), "accounts/trend?from=2026-09-24&to=2026-09-25");
    let account: Vec<&Value> =
        of(&facts, "account_trend_hour").into_iter().filter(|fact| fact["scope"] == "account").collect();
    assert_eq!(account.len(), 24);
    for (fact, point) in account.iter().zip(rows(&body, "trend")) {
        agree(fact, point);
    }
}

#[test]
fn live_facts_equal_the_closed_minutes_and_are_told_for_short_ranges_only() {
    let facts = facts("2026-09-29T11:01:00Z", "2026-09-29T12:00:00Z");
    let body = ask(&WowzaApi::default(), "accounts/live");
    let everyone: Vec<&Value> = of(&facts, "live_minute")
        .into_iter()
        .filter(|fact| fact["resource_type"] == "account" && fact["country_code"] == "")
        .collect();
    assert_eq!(everyone.len(), 59);
    for (fact, point) in everyone.iter().zip(rows(&body["account"], "viewer_trend")) {
        agree(fact, point);
    }
    assert!(of(&self::facts("2026-09-29T00:00:00Z", "2026-09-29T07:00:00Z"), "live_minute").is_empty());
}

#[test]
fn equal_worlds_tell_equal_facts_and_no_fact_twice() {
    let first = facts("2026-09-23T00:00:00Z", "2026-09-26T00:00:00Z");
    assert_eq!(first, facts("2026-09-23T00:00:00Z", "2026-09-26T00:00:00Z"));
    let distinct: HashSet<String> = first.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), first.len());
}
