//! Whatever comes, decoding answers.

use highwater_core::{ErrorKind, Role};
use proptest::prelude::*;

use crate::source::{body, decode, page};

/// Any JSON value that could stand where a field stands.
fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just(r#"{"tier_720p":-1}"#.to_owned()),
        Just(r#""\ud83d\ude00\u0000""#.to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| format!("{number:e}")),
        "\"[a-z0-9-]{0,20}\"",
    ]
}

const FIELDS: &[&str] = &[
    "asset_id",
    "delivered_seconds",
    "created_at",
    "deleted_at",
    "asset_duration",
    "passthrough",
    "asset_state",
    "delivered_seconds_by_resolution",
    "new_field",
];

fn any_row() -> impl Strategy<Value = String> {
    prop::collection::vec((prop::sample::select(FIELDS), any_value()), 0..8).prop_map(|members| {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

fn answers(bytes: &[u8]) {
    for role in [Role::Rows, Role::Control] {
        let mut page = page(bytes);
        page.request.role = role;
        if let Err(error) = decode(&page) {
            assert_eq!(error.kind(), ErrorKind::Drift);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_page_or_drift(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        answers(&bytes);
    }

    #[test]
    fn any_rows_are_taken_or_rejected_or_drift(rows in prop::collection::vec(any_row(), 0..4)) {
        answers(body(&rows.join(",")).as_bytes());
    }

    #[test]
    fn any_envelope_is_a_page_or_drift(total in any_value(), timeframe in any_value(), limit in any_value()) {
        let body = format!(r#"{{"total_row_count":{total},"timeframe":[{timeframe},9],"limit":{limit},"data":[{{}}]}}"#);
        answers(body.as_bytes());
    }

    #[test]
    fn every_listed_row_is_taken_or_rejected(seconds in prop::collection::vec(-5_i64..5, 0..20)) {
        let rows: Vec<String> = seconds
            .iter()
            .enumerate()
            .map(|(row, seconds)| format!(r#"{{"asset_id":"a{row}","delivered_seconds":{seconds}}}"#))
            .collect();
        let (facts, recording) = decode(&page(body(&rows.join(",")).as_bytes())).unwrap();
        let taken = recording.lines(highwater_core::Table::ResourceUsage).len();
        prop_assert_eq!(taken + recording.rejects.len(), seconds.len());
        prop_assert_eq!(facts.listing.unwrap().listed, seconds.len() as u64);
    }
}
