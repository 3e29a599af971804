//! What each dataset must hold, as SQL over the simulated world.
//!
//! The world tells every fact; what a provider tells of it depends on when it is asked. A resource that is deleted by
//! then answers no more by its id, and is flagged in the lists, as an archived one is; flagged resources without usage
//! are described and have no usage rows.

use chrono::{DateTime, Utc};
use highwater_core::format_instant;

/// The fields of the world's facts.
pub(super) const WORLD: &[(&str, &str)] = &[
    ("fact", "VARCHAR"),
    ("hour", "TIMESTAMP"),
    ("day", "TIMESTAMP"),
    ("minute", "TIMESTAMP"),
    ("resource_type", "VARCHAR"),
    ("resource_id", "VARCHAR"),
    ("archived", "BOOLEAN"),
    ("created_at", "TIMESTAMP"),
    ("deleted_at", "TIMESTAMP"),
    ("name", "VARCHAR"),
    ("type", "VARCHAR"),
    ("transcoder_type", "VARCHAR"),
    ("billing_mode", "VARCHAR"),
    ("scope", "VARCHAR"),
    ("country_code", "VARCHAR"),
    ("rendition", "VARCHAR"),
    ("unique_viewers", "BIGINT"),
    ("viewing_seconds", "DECIMAL(18,6)"),
    ("viewing_bytes", "BIGINT"),
    ("egress_seconds", "DECIMAL(18,6)"),
    ("egress_bytes", "BIGINT"),
    ("egress_seconds_additional_targets", "DECIMAL(18,6)"),
];

/// The statement that makes `told` of `world`: its facts in the warehouse's words, as they are told at `now`.
pub(super) fn told(now: DateTime<Utc>) -> String {
    format!(
        "CREATE TABLE told AS SELECT *, coalesce(hour, day, minute) AS bucket_start, \
           bucket_start + CASE WHEN hour IS NOT NULL THEN INTERVAL 1 HOUR WHEN day IS NOT NULL THEN INTERVAL 1 DAY \
                          ELSE INTERVAL 1 MINUTE END AS bucket_end, \
           viewing_seconds AS delivered_seconds, viewing_bytes AS delivered_bytes, NULL AS requests, \
           coalesce(archived, false) OR coalesce(deleted_at <= TIMESTAMP '{}', false) AS flagged FROM world",
        format_instant(now).trim_end_matches('Z')
    )
}

/// Rows of one table that must be there.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub(super) table: &'static str,
    /// The columns that are compared: all but those that say who loaded the row and when.
    pub(super) columns: &'static str,
    /// A query over `told` that gives them.
    pub(super) sql: String,
}

const USAGE: &str = "resource_type, resource_id, bucket_start, bucket_end, delivered_seconds, delivered_bytes, \
                     egress_seconds, egress_bytes, egress_seconds_additional_targets, unique_viewers, requests";
const BY_COUNTRY: &str = "resource_type, resource_id, country_code, bucket_start, bucket_end, delivered_seconds, \
                          delivered_bytes, unique_viewers";
const BY_RENDITION: &str = "resource_type, resource_id, rendition, bucket_start, bucket_end, delivered_seconds, \
                            delivered_bytes, unique_viewers";
const ACCOUNT: &str = "scope, bucket_start, bucket_end, delivered_seconds, delivered_bytes, egress_seconds, \
                       egress_bytes, egress_seconds_additional_targets, unique_viewers, requests";
const BY_CONFIGURATION: &str =
    "scope, transcoder_type, billing_mode, bucket_start, bucket_end, egress_seconds, egress_bytes";
const ACCOUNT_BY_COUNTRY: &str =
    "scope, country_code, bucket_start, bucket_end, delivered_seconds, delivered_bytes, unique_viewers";
const TREND: &str = "resource_type, resource_id, bucket_start, bucket_end, unique_viewers, delivered_seconds, delivered_bytes";
const ACCOUNT_TREND: &str =
    "scope, bucket_start, bucket_end, unique_viewers, delivered_seconds, delivered_bytes";
const LIVE: &str = "resource_type, resource_id, country_code, bucket_start, bucket_end, unique_viewers";
const RESOURCES: &str = "resource_type, resource_id, bucket_start, bucket_end, name, parent_id, type, billing_mode, archived, \
                         created_at, deleted_at, duration_seconds, tier, quality, passthrough";

/// The measures of viewing.
pub(super) const VIEWING: &[&str] = &["delivered_seconds", "delivered_bytes", "unique_viewers"];
const EGRESS: &[&str] = &["egress_seconds", "egress_bytes", "egress_seconds_additional_targets"];

const NO_VIEWING: &str = "delivered_seconds + delivered_bytes + unique_viewers = 0";
const NO_EGRESS: &str = "egress_seconds + egress_bytes + egress_seconds_additional_targets = 0";

/// The rows of `table` that facts of one name tell, where `measures` alone are told and the others are null.
fn facts(
    table: &'static str,
    columns: &'static str,
    fact: &str,
    measures: &[&'static str],
    condition: &str,
) -> Rows {
    const MEASURES: [&str; 7] = [
        "delivered_seconds",
        "delivered_bytes",
        "egress_seconds",
        "egress_bytes",
        "egress_seconds_additional_targets",
        "unique_viewers",
        "requests",
    ];
    let shown = |column: &str| {
        let untold = MEASURES.contains(&column) && !measures.contains(&column);
        if untold { "NULL".to_owned() } else { column.to_owned() }
    };
    let shown: Vec<String> = columns.split(", ").map(|column| shown(column.trim())).collect();
    let sql = format!("SELECT {} FROM told WHERE fact = '{fact}' AND {condition}", shown.join(", "));
    Rows { table, columns, sql }
}

/// Usage rows of a list, by `hour` or `day`: of all but flagged resources without usage.
pub(super) fn listed(list: &str, grain: &str) -> Rows {
    let (fact, measures, nothing) = match (list, grain) {
        ("transcoders", grain) => (format!("transcoder_{grain}"), EGRESS, NO_EGRESS),
        ("vod_streams", grain) => (format!("vod_{grain}"), VIEWING, NO_VIEWING),
        ("vod_egress", "hour") => ("vod_egress_hour".to_owned(), &["egress_bytes"][..], "egress_bytes = 0"),
        _ => ("vod_day".to_owned(), &["egress_bytes"][..], "egress_bytes = 0"),
    };
    facts("resource_usage", USAGE, &fact, measures, &format!("NOT (flagged AND {nothing})"))
}

/// Descriptions of a list, by `hour` or `day`: of every resource in it.
pub(super) fn described(list: &str, grain: &str) -> Rows {
    let (fact, kind) = if list == "transcoders" {
        (format!("transcoder_{grain}"), "transcoder_type")
    } else {
        (format!("vod_{grain}"), "type")
    };
    let sql = format!(
        "SELECT t.resource_type, t.resource_id, t.bucket_start, t.bucket_end, r.name, NULL, r.{kind}, r.billing_mode, t.flagged, \
           NULL, NULL, NULL, NULL, NULL, NULL \
         FROM told t JOIN told r ON t.resource_id = r.resource_id AND r.fact = 'resource' WHERE t.fact = '{fact}'"
    );
    Rows { table: "resources", columns: RESOURCES, sql }
}

/// What resources tell by their ids: nothing once they are deleted, and archived ones have nothing to tell.
pub(super) fn by_id(dataset: &str) -> Rows {
    let usage =
        |fact, measures: &[&'static str]| facts("resource_usage", USAGE, fact, measures, "NOT flagged");
    match dataset {
        "transcoder_viewing" => usage("transcoder_day", VIEWING),
        "vod_details" => usage("vod_day", &["egress_seconds"]),
        "vod_egress_one" => usage("vod_day", &["egress_bytes"]),
        "transcoder_countries" | "vod_countries" => {
            let fact = dataset.replace("_countries", "_country_day");
            facts("resource_usage_by_country", BY_COUNTRY, &fact, VIEWING, "NOT flagged")
        }
        "vod_renditions" => {
            facts("resource_usage_by_rendition", BY_RENDITION, "vod_rendition_day", VIEWING, "NOT flagged")
        }
        _ => trend(dataset),
    }
}

/// Every hour of each day that lists the resource, also those before it was created.
fn trend(dataset: &str) -> Rows {
    let kind = dataset.trim_end_matches("_trend");
    let sql = format!(
        "SELECT d.resource_type, d.resource_id, d.bucket_start + to_hours(n) AS sampled_at, sampled_at + INTERVAL 1 HOUR, \
           coalesce(h.unique_viewers, 0), coalesce(h.delivered_seconds, 0), coalesce(h.delivered_bytes, 0) \
         FROM told d CROSS JOIN (SELECT unnest(range(24)) AS n) \
         LEFT JOIN told h ON h.fact = '{dataset}_hour' AND h.resource_id = d.resource_id AND h.bucket_start = d.bucket_start + to_hours(n) \
         WHERE d.fact = '{kind}_day' AND NOT d.flagged"
    );
    Rows { table: "viewing_trend", columns: TREND, sql }
}

/// What the account tells of the scopes that `condition` leaves.
pub(super) fn of_account(what: &str, condition: &str) -> Rows {
    match what {
        "countries" => {
            facts("account_usage_by_country", ACCOUNT_BY_COUNTRY, "account_country_day", VIEWING, condition)
        }
        "trend" => facts("account_viewing_trend", ACCOUNT_TREND, "account_trend_hour", VIEWING, condition),
        _ => facts("account_usage", ACCOUNT, "account_day", &[VIEWING, EGRESS].concat(), condition),
    }
}

/// What a summary of VOD streams tells of `measures`, as a part of the account.
pub(super) fn vod_summary(measures: &[&'static str]) -> Rows {
    facts("account_usage", ACCOUNT, "account_day", measures, "scope = 'vod_streams'")
}

/// The account's viewers in all: no figure of the whole stands beside its parts.
pub(super) fn viewers_in_all() -> Rows {
    facts("account_usage", ACCOUNT, "account_day", &["unique_viewers"], "scope = 'account'")
}

/// Egress by type and billing mode.
pub(super) fn configurations() -> Rows {
    let rows = facts(
        "account_usage_by_configuration",
        BY_CONFIGURATION,
        "configuration_day",
        &["egress_seconds", "egress_bytes"],
        "true",
    );
    Rows { sql: rows.sql.replacen("SELECT scope", "SELECT 'transcoders'", 1), ..rows }
}

/// Samples of every minute, and by country of the minute that starts at `newest`.
pub(super) fn live(resource_type: &str, newest: DateTime<Utc>) -> Rows {
    let condition = format!(
        "resource_type = '{resource_type}' AND NOT flagged AND (country_code = '' OR minute = TIMESTAMP '{}')",
        format_instant(newest).trim_end_matches('Z')
    );
    let rows = facts("live_viewers", LIVE, "live_minute", &["unique_viewers"], &condition);
    Rows {
        sql: rows.sql.replacen(", resource_id", ", coalesce(resource_id, 'wz') AS resource_id", 1),
        ..rows
    }
}

/// What each dataset but the live ones must hold, by its name.
pub(super) fn datasets() -> Vec<(&'static str, Vec<Rows>)> {
    let both = |mut parts: Rows, whole: Rows| {
        parts.sql = format!("{} UNION ALL {}", parts.sql, whole.sql);
        parts
    };
    let itemised = "scope <> 'account'";
    let mut all = vec![
        ("transcoders", vec![listed("transcoders", "hour"), described("transcoders", "hour")]),
        ("transcoder_summary", vec![configurations()]),
        ("account", vec![both(of_account("usage", itemised), viewers_in_all())]),
        ("account_countries", vec![of_account("countries", itemised)]),
        ("account_trend", vec![of_account("trend", itemised)]),
        ("vod_streams", vec![listed("vod_streams", "hour"), described("vod_streams", "hour")]),
        ("vod_egress", vec![listed("vod_egress", "hour")]),
    ];
    all.extend(super::BY_RESOURCE.map(|dataset| (dataset, vec![by_id(dataset)])));
    all
}
