//! Figures and descriptions as the provider's JSON objects.

use serde_json::{Value, json};

use super::live::LiveMinute;
use super::stamp::{LiveStamp, millis};
use super::tally::Viewed;
use super::trend::Sample;
use super::usage::{Egress, RENDITIONS};
use super::viewers::COUNTRIES;
use super::world::{Kind, Resource};

/// One object of the fields of several; a later one wins.
pub(super) fn joined<const N: usize>(objects: [Value; N]) -> Value {
    let fields = objects.into_iter().filter_map(|object| match object {
        Value::Object(fields) => Some(fields),
        _ => None,
    });
    Value::Object(fields.flatten().collect())
}

/// Id, name and the words that describe a resource.
pub(super) fn description(resource: &Resource, archived: bool) -> Value {
    let named = json!({ "id": resource.id, "name": resource.name, "archived": archived });
    let words = match resource.kind {
        Kind::Transcoder => {
            json!({ "transcoder_type": resource.transcoder_type, "billing_mode": resource.billing_mode })
        }
        Kind::VodStream | Kind::Elsewhere => json!({ "type": "fastly" }),
    };
    joined([named, words])
}

/// The four figures of CDN usage.
pub(super) fn viewing(viewed: &Viewed) -> Value {
    json!({
        "unique_viewers": viewed.viewers,
        "viewing_seconds": viewed.seconds,
        "avg_viewing_seconds": viewed.average_seconds(),
        "viewing_bytes": viewed.bytes,
    })
}

/// All three figures of egress.
pub(super) fn egress(egress: &Egress) -> Value {
    json!({
        "egress_bytes": egress.bytes,
        "egress_seconds": egress.seconds,
        "egress_seconds_additional_targets": egress.additional_targets_seconds,
    })
}

/// Countries with any usage, most viewing first.
pub(super) fn countries(viewed: &[Viewed]) -> Value {
    let mut shown: Vec<_> = COUNTRIES.iter().zip(viewed).filter(|(_, viewed)| !viewed.is_nothing()).collect();
    shown.sort_by_key(|(_, viewed)| std::cmp::Reverse(viewed.seconds));
    let row = |((code, name), viewed): ((&str, &str), &Viewed)| {
        joined([json!({ "code": code, "name": name }), viewing(viewed)])
    };
    shown.into_iter().map(|(&country, viewed)| row((country, viewed))).collect()
}

/// Renditions with any usage.
pub(super) fn renditions(viewed: &[Viewed]) -> Value {
    let shown = RENDITIONS.iter().zip(viewed).filter(|(_, viewed)| !viewed.is_nothing());
    shown.map(|(name, viewed)| joined([json!({ "name": name }), viewing(viewed)])).collect()
}

/// A trend's points.
pub(super) fn trend(samples: &[Sample]) -> Value {
    let point = |sample: &Sample| {
        json!({
            "sampled_at": millis(sample.at),
            "unique_viewers": sample.viewed.viewers,
            "viewing_seconds": sample.viewed.seconds,
            "viewing_bytes": sample.viewed.bytes,
        })
    };
    samples.iter().map(point).collect()
}

/// The past hour; the figures of now are those of the newest closed minute, which is this simulator's choice.
pub(super) fn live(id: &str, minutes: &[LiveMinute], stamp: LiveStamp) -> Value {
    let now = minutes.iter().rev().nth(1);
    let by_country = now.map(|minute| minute.by_country).unwrap_or_default();
    let countries: Value = COUNTRIES
        .iter()
        .zip(by_country)
        .filter(|(_, viewers)| *viewers > 0)
        .map(|((code, _), viewers)| json!({ "code": code, "unique_viewers": viewers }))
        .collect();
    let point = |minute: &LiveMinute| json!({ "sampled_at": stamp.print(minute.at), "unique_viewers": minute.viewers });
    json!({
        "id": id,
        "unique_viewers": now.map_or(0, |minute| minute.viewers),
        "countries": countries,
        "viewer_trend": minutes.iter().map(point).collect::<Value>(),
    })
}
