//! Any bytes at all are answered with rows or an error, never with a panic.

use highwater_core::{PageRequest, RawPage, Role};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::recording::Recording;
use crate::rig::{dataset_of, day, now, offline};

fn decode(operation: usize, role: Role, body: Vec<u8>) {
    let extractor = offline();
    let spec = extractor.operations()[operation % 20];
    let mut request = PageRequest::new(spec.name, day("2026-09-20")).with_role(role);
    if spec.takes_id {
        request = request.with_id("a");
    }
    let page = RawPage { request, body: body.into(), fetched_at: now() };
    let dataset = dataset_of(extractor.as_ref(), spec.name);
    let _ = extractor.decode(&dataset, &page, &mut Recording::default());
}

fn roles() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Rows), Just(Role::List), Just(Role::Control)]
}

/// Values such as stand in the provider's answers, and some that do not.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        ".{0,12}".prop_map(|value| json!(value)),
        Just(json!("2026-09-20T00:60:00.000Z")),
        Just(json!("9999-12-31T23:60:00Z")),
        Just(json!("0000-01-01T00:00:00Z")),
    ];
    let names = prop::sample::select(vec![
        "id",
        "name",
        "archived",
        "egress_bytes",
        "egress_seconds",
        "egress_seconds_additional_targets",
        "unique_viewers",
        "viewing_seconds",
        "viewing_bytes",
        "sampled_at",
        "code",
        "countries",
        "viewer_trend",
        "configurations",
        "transcoder_type",
        "billing_mode",
    ]);
    leaf.prop_recursive(3, 40, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|values| json!(values)),
            prop::collection::btree_map(names.clone(), inner, 0..8).prop_map(|fields| json!(fields)),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_answered(operation in 0..20_usize, role in roles(), body in prop::collection::vec(any::<u8>(), 0..64)) {
        decode(operation, role, body);
    }

    #[test]
    fn any_json_in_the_providers_envelope_is_answered(
        operation in 0..20_usize, role in roles(), payload in values(), total in any::<i64>(), per_page in any::<i64>(),
    ) {
        let body = json!({
            "transcoders": payload, "transcoder": payload, "vod_streams": payload, "vod_stream": payload,
            "account": payload, "summary": payload, "countries": payload, "renditions": payload, "trend": payload,
            "pagination": {"total_records": total, "per_page": per_page, "page": 1},
            "limits": {"from": "2026-09-20T00:00:00.000Z", "to": "2026-09-21T00:00:00.000Z",
                "resources": ["transcoders", "vod_streams"]},
        });
        decode(operation, role, body.to_string().into_bytes());
    }
}
