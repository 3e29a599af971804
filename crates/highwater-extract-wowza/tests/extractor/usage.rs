//! What the simulated account says that it used, as the rows that it must become.

use std::collections::{BTreeMap, BTreeSet};

use highwater_core::{Grain, Table, Window};
use highwater_simulator::api::ProviderApi;
use highwater_simulator::wowza::WowzaApi;
use serde_json::Value;

use crate::recording::{Recorded, Recording};
use crate::rig::{instant, now};

pub(crate) fn facts(api: &WowzaApi, span: Window, fact: &str) -> Vec<Value> {
    let text = api.dump(span.start(), span.end());
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"));
    lines.filter(|line| line["fact"] == fact).collect()
}

/// Provider fields and the columns they become.
pub(crate) const VIEWING: &[(&str, &str)] = &[
    ("viewing_seconds", "delivered_seconds"),
    ("viewing_bytes", "delivered_bytes"),
    ("unique_viewers", "unique_viewers"),
];
pub(crate) const EGRESS: &[(&str, &str)] = &[
    ("egress_seconds", "egress_seconds"),
    ("egress_bytes", "egress_bytes"),
    ("egress_seconds_additional_targets", "egress_seconds_additional_targets"),
];
pub(crate) const KEYS: &[(&str, &str)] = &[
    ("resource_type", "resource_type"),
    ("resource_id", "resource_id"),
    ("scope", "scope"),
    ("country_code", "country_code"),
    ("rendition", "rendition"),
    ("transcoder_type", "transcoder_type"),
    ("billing_mode", "billing_mode"),
];

pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A fact as the row that it must become.
pub(crate) fn expected(
    table: Table,
    fact: &Value,
    bucket: Window,
    columns: &[&[(&str, &'static str)]],
) -> Recorded {
    let mut cells = BTreeMap::from([("bucket", bucket.to_string())]);
    for (field, column) in columns.iter().copied().flatten() {
        if let Some(value) = fact.get(field) {
            assert!(table.def().columns.iter().any(|known| known.name() == *column), "{table} {column}");
            cells.insert(column, text(value));
        }
    }
    Recorded { table: table.name(), cells }
}

pub(crate) fn keys(table: Table) -> Vec<(&'static str, &'static str)> {
    let key: Vec<&str> = table.def().key.iter().map(|column| column.name()).collect();
    KEYS.iter().copied().filter(|(_, column)| key.contains(column)).collect()
}

pub(crate) fn hour_of(fact: &Value) -> Window {
    Grain::Hour.bucket(instant(fact["hour"].as_str().expect("an hour")))
}

pub(crate) fn day_of(fact: &Value) -> Window {
    Grain::Day.bucket(instant(fact["day"].as_str().expect("a day")))
}

/// Whether the account lists the resource as removed at the moment of asking.
pub(crate) fn is_archived(fact: &Value) -> bool {
    fact["archived"] == true || is_deleted(fact)
}

pub(crate) fn is_deleted(fact: &Value) -> bool {
    fact["deleted_at"].as_str().is_some_and(|at| instant(at) <= now())
}

pub(crate) fn is_nothing(fact: &Value) -> bool {
    VIEWING.iter().chain(EGRESS).all(|(field, _)| fact.get(field).is_none_or(|value| value == 0))
}

#[track_caller]
pub(crate) fn assert_rows(recording: &Recording, table: Table, mut expected: Vec<Recorded>) {
    let mut rows: Vec<Recorded> = recording.of(table).into_iter().cloned().collect();
    rows.sort();
    expected.sort();
    assert!(!expected.is_empty());
    let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) = (rows.iter().collect(), expected.iter().collect());
    assert_eq!(ours.difference(&theirs).next(), None, "a row that is not in the account");
    assert_eq!(theirs.difference(&ours).next(), None, "a row that is missing");
    assert_eq!(rows.len(), expected.len(), "rows that came twice");
}
