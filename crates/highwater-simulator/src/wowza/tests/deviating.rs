//! Every switch that bends an answer does what it says, and nothing else.

use chrono::TimeDelta;
use serde_json::Value;

use super::{WowzaApi, ask, ask_at, behaving, instant, number, rows, sum};
use crate::wowza::{LateRevision, Shrink};

const DAY: &str = "from=2026-09-24&to=2026-09-25";

fn usual(path: &str) -> Value {
    ask(&WowzaApi::default(), &format!("{path}?{DAY}"))
}

#[test]
fn the_account_key_can_be_plural() {
    let api = behaving(|behaviour| behaviour.plural_account_key = true);
    let body = ask(&api, &format!("accounts?{DAY}"));
    assert!(body.get("account").is_none());
    assert_eq!(body["accounts"]["viewing_bytes"], usual("accounts")["account"]["viewing_bytes"]);
    assert!(body["accounts"]["id"].is_string());
}

#[test]
fn viewing_bytes_can_be_misspelled_and_figures_can_be_text() {
    let api = behaving(|behaviour| {
        behaviour.viewing_bytes_typo = true;
        behaviour.numbers_as_strings = true;
    });
    let plain = usual("vod_streams");
    let odd = ask(&api, &format!("vod_streams?{DAY}"));
    for (plain, odd) in rows(&plain, "vod_streams").iter().zip(rows(&odd, "vod_streams")) {
        assert_eq!(odd["vieweing_bytes"], number(plain, "viewing_bytes").to_string());
        assert!(odd.get("viewing_bytes").is_none());
    }
    assert_eq!(odd["pagination"], plain["pagination"]);
}

#[test]
fn words_and_fields_can_be_unknown_missing_or_spoiled() {
    let api = behaving(|behaviour| {
        behaviour.unknown_words = true;
        behaviour.added_field = true;
        behaviour.missing_field = Some("egress_bytes".to_owned());
        behaviour.spoiled_field = Some("egress_seconds".to_owned());
    });
    let body = ask(&api, &format!("transcoders?{DAY}"));
    let rows = rows(&body, "transcoders");
    assert!(rows.iter().any(|row| row["billing_mode"] == "reserved"));
    assert!(rows.iter().all(|row| row.get("egress_bytes").is_none() && row["carbon_grams"] == 3));
    let spoiled: Vec<bool> = rows.iter().map(|row| row["egress_seconds"] == -1).collect();
    assert_eq!(spoiled.iter().position(|&spoiled| spoiled), Some(0));
    assert_eq!(spoiled.iter().filter(|&&spoiled| spoiled).count(), 1);
}

#[test]
fn late_revisions_settle_with_age() {
    let late = LateRevision { after: TimeDelta::hours(48), early_permille: 900 };
    let api = behaving(|behaviour| behaviour.late_revision = Some(late));
    let total = |at: &str| {
        let (_, body) = ask_at(&api, &format!("transcoders/summary?{DAY}"), instant(at));
        number(&body["summary"], "egress_bytes")
    };
    let settled = number(&usual("transcoders/summary")["summary"], "egress_bytes");
    let early = total("2026-09-25T03:00:00Z");
    assert!(early < settled && early > settled / 10 * 8);
    assert_eq!(total("2026-09-27T00:00:00Z"), settled);
}

#[test]
fn answers_can_have_lost_rows_or_values() {
    let bytes = |body: &Value| sum(rows(body, "transcoders"), "egress_bytes");
    let plain = usual("transcoders");
    for (shrink, expected_rows) in
        [(Shrink::HalfTheRows, 6), (Shrink::TenthOfTheValues, 12), (Shrink::Nothing, 0)]
    {
        let api = behaving(|behaviour| behaviour.shrink = shrink);
        let body = ask(&api, &format!("transcoders?{DAY}"));
        assert_eq!(rows(&body, "transcoders").len(), expected_rows);
        assert_eq!(body["pagination"]["total_records"], expected_rows);
        assert!(bytes(&body) < bytes(&plain));
    }
}

#[test]
fn summaries_can_disagree_with_their_lists() {
    let api = behaving(|behaviour| behaviour.summary_disagrees = true);
    for (path, part, field) in [
        ("transcoders/summary", "summary", "egress_bytes"),
        ("vod_streams/summary", "summary", "viewing_seconds"),
        ("vod_streams/egress/summary", "summary", "egress_bytes"),
        ("accounts", "account", "viewing_bytes"),
    ] {
        let plain = number(&usual(path)[part], field);
        assert_eq!(number(&ask(&api, &format!("{path}?{DAY}"))[part], field), plain + plain / 100 + 1);
    }
    assert_eq!(ask(&api, &format!("transcoders?{DAY}")), usual("transcoders"));
}
