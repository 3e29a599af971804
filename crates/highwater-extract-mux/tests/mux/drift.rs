//! Pages that are not as we know them: the window fails, and the error names the operation and the place.

use highwater_core::ErrorKind;
use serde_json::{Value, json};

use crate::source::{decode, page};

fn good() -> Value {
    let row = |id: &str| {
        json!({
            "asset_id": id, "delivered_seconds": 2.5, "live_stream_id": "l", "passthrough": "p", "created_at": "1",
            "deleted_at": "2", "asset_state": "ready", "asset_duration": 3, "asset_resolution_tier": "720p",
            "asset_encoding_tier": "smart", "asset_video_quality": "plus",
            "delivered_seconds_by_resolution": {"tier_720p": 2.5},
        })
    };
    json!({
        "total_row_count": 2, "timeframe": [1_700_006_400, 1_700_010_000], "page": 1, "limit": 100,
        "data": [row("a"), row("b")],
    })
}

fn message(body: &str) -> String {
    let error = decode(&page(body.as_bytes())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Drift, "{body}");
    assert!(error.to_string().contains("operation=`delivery_usage`"), "{error}");
    error.to_string()
}

/// The path that the error names after `change`.
fn path(change: impl FnOnce(&mut Value)) -> String {
    let mut body = good();
    change(&mut body);
    let message = message(&body.to_string());
    message
        .split("path=`")
        .nth(1)
        .unwrap_or_else(|| panic!("no path in: {message}"))
        .trim_end_matches('`')
        .to_owned()
}

#[test]
fn the_page_that_the_others_are_spoilt_from_is_good() {
    assert!(decode(&page(good().to_string().as_bytes())).is_ok());
}

#[test]
fn a_required_field_that_is_missing_or_null_is_named() {
    for field in ["data", "total_row_count", "timeframe", "limit"] {
        assert_eq!(path(|body| drop(body.as_object_mut().unwrap().remove(field))), field);
        assert_eq!(path(|body| body[field] = Value::Null), field);
    }
    for field in ["asset_id", "delivered_seconds"] {
        let expected = format!("data[1].{field}");
        assert_eq!(path(|body| drop(body["data"][1].as_object_mut().unwrap().remove(field))), expected);
        assert_eq!(path(|body| body["data"][1][field] = Value::Null), expected);
    }
}

#[test]
fn a_field_of_another_type_is_named() {
    for field in ["total_row_count", "limit", "timeframe", "data"] {
        assert_eq!(path(|body| body[field] = json!("100")), field);
    }
    assert_eq!(path(|body| body["timeframe"][1] = json!("1700010000")), "timeframe[1]");
    assert_eq!(path(|body| body["data"][1] = json!(["a", 2.5])), "data[1]");
    for field in [
        "asset_id",
        "live_stream_id",
        "passthrough",
        "asset_resolution_tier",
        "asset_encoding_tier",
        "asset_video_quality",
    ] {
        assert_eq!(path(|body| body["data"][1][field] = json!(7)), format!("data[1].{field}"));
    }
    for field in ["delivered_seconds", "asset_duration"] {
        for value in [json!("2.5"), json!(true), json!({}), json!([])] {
            assert_eq!(path(|body| body["data"][1][field] = value), format!("data[1].{field}"));
        }
    }
    for field in ["created_at", "deleted_at"] {
        assert_eq!(path(|body| body["data"][1][field] = json!([1])), format!("data[1].{field}"));
    }
    let tiers = "data[1].delivered_seconds_by_resolution";
    assert_eq!(path(|body| body["data"][1]["delivered_seconds_by_resolution"] = json!([])), tiers);
    assert_eq!(
        path(|body| body["data"][1]["delivered_seconds_by_resolution"]["tier_720p"] = json!("2.5")),
        format!("{tiers}.tier_720p")
    );
}

#[test]
fn an_envelope_that_makes_no_sense_is_drift() {
    for timeframe in
        [json!([]), json!([1]), json!([1, 2, 3]), json!([2, 1]), json!([5, 5]), json!([0, i64::MAX])]
    {
        assert_eq!(path(|body| body["timeframe"] = timeframe), "timeframe");
    }
    assert_eq!(path(|body| body["limit"] = json!(0)), "limit");
    assert_eq!(path(|body| body["total_row_count"] = json!(-1)), "total_row_count");
}

#[test]
fn what_is_not_json_is_said_in_words() {
    assert!(message("").contains("not JSON but empty"));
    assert!(message("<html><body>Maintenance</body></html>").contains("not JSON but a page of HTML"));
    assert!(message(r#"{"data":[{"asset_id":"#).contains("not JSON but ends in the middle"));
    assert!(message("Bad gateway").contains("begins with `Bad gateway`"));
}
