//! Bad rows of good pages: set aside with the reason, the place and the row; never dropped, never half taken.

use highwater_core::Table;

use crate::recording::Reject;
use crate::source::{body, decode, page};

fn reject(row: &str) -> Reject {
    let rows = format!(r#"{{"asset_id":"good","delivered_seconds":1}}, {row}"#);
    let (facts, recording) = decode(&page(body(&rows).as_bytes())).unwrap();
    assert_eq!(recording.lines(Table::ResourceUsage), ["resource_id=good delivered_seconds=1.000000"]);
    assert_eq!(recording.rows.len(), 2, "nothing of the bad row is taken");
    assert_eq!(facts.listing.unwrap().listed, 2, "a rejected row was listed all the same");
    let [reject] = &recording.rejects[..] else { panic!("{:?}", recording.rejects) };
    assert_eq!(reject.row, row);
    reject.clone()
}

#[test]
fn each_kind_of_bad_row_is_set_aside_with_its_reason_and_place() {
    let tiers = |tier: &str| {
        format!(r#"{{"asset_id":"b","delivered_seconds":1,"delivered_seconds_by_resolution":{{{tier}}}}}"#)
    };
    for (row, place, reason) in [
        (r#"{"asset_id":"b","delivered_seconds":-0.5}"#, "delivered_seconds", "seconds below zero"),
        (r#"{"asset_id":"b","delivered_seconds":1e12}"#, "delivered_seconds", "seconds out of range"),
        (
            r#"{"asset_id":"b","delivered_seconds":1e99999999999}"#,
            "delivered_seconds",
            "seconds out of range",
        ),
        (r#"{"asset_id":"","delivered_seconds":1}"#, "asset_id", "asset_id is empty"),
        (
            r#"{"asset_id":"b","delivered_seconds":1,"created_at":"yesterday"}"#,
            "created_at",
            "not a number of seconds since 1970",
        ),
        (
            r#"{"asset_id":"b","delivered_seconds":1,"deleted_at":"99999999999999"}"#,
            "deleted_at",
            "not a number of seconds since 1970",
        ),
        (
            r#"{"asset_id":"b","delivered_seconds":1,"asset_duration":-1}"#,
            "asset_duration",
            "seconds below zero",
        ),
        (
            &tiers(r#""tier_1080p":1,"tier_720p":-1"#),
            "delivered_seconds_by_resolution.tier_720p",
            "seconds below zero",
        ),
    ] {
        let reject = reject(row);
        assert_eq!(
            (reject.path.as_str(), reject.reason.as_str()),
            (format!("data[1].{place}").as_str(), reason)
        );
    }
}

#[test]
fn a_page_of_bad_rows_rejects_each() {
    let rows = vec![r#"{"asset_id":"b","delivered_seconds":-1}"#; 50].join(",");
    let (_, recording) = decode(&page(body(&rows).as_bytes())).unwrap();
    assert_eq!(recording.rejects.len(), 50);
    assert_eq!(recording.rejects[49].path, "data[49].delivered_seconds");
    assert!(recording.rows.is_empty());
}
