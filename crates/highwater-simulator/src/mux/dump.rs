//! The world in lines of JSON, for tests that compute the expected figures in SQL.
//!
//! One object a line, told apart by `kind`:
//!
//! - `asset`: `asset_id`, `live_stream_id`, `passthrough`, `created_at`, `deleted_at` (RFC 3339), `errored`,
//!   `duration_seconds`, `resolution_tier`, `encoding_tier`, `video_quality` (null where answers do not list it);
//! - `asset_hour`: `asset_id`, `live_stream_id`, `hour` (RFC 3339), `delivered_seconds`;
//! - `asset_tier_hour`: the same with `rendition`.
//!
//! Seconds are decimal text, exact to the microsecond. Asset hours and tiers without usage have no line.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::mux::assets::{Asset, Tier};
use crate::mux::hours::Hours;
use crate::mux::ranking::Telling;
use crate::mux::seconds::Seconds;

/// All lines of `hours`, the assets first.
pub(crate) fn dump(telling: Telling<'_>, hours: Hours) -> String {
    let mut lines = String::new();
    for asset in telling.world.assets() {
        lines.push_str(&describe(asset).to_string());
        lines.push('\n');
    }
    for hour in hours.iter().filter(|hour| !telling.world.is_silent(*hour)) {
        let text = hour.start().to_rfc3339_opts(SecondsFormat::Secs, true);
        for (index, asset) in telling.world.assets().iter().enumerate() {
            let by_tier = telling.delivered(index, hour);
            write_usage(&mut lines, asset, &text, "asset_hour", None, by_tier.into_iter().sum());
            for (tier, seconds) in Tier::ALL.into_iter().zip(by_tier) {
                write_usage(&mut lines, asset, &text, "asset_tier_hour", Some(tier), seconds);
            }
        }
    }
    lines
}

fn write_usage(
    lines: &mut String,
    asset: &Asset,
    hour: &str,
    kind: &str,
    tier: Option<Tier>,
    seconds: Seconds,
) {
    if seconds == Seconds::ZERO {
        return;
    }
    let stream = asset.live_stream_id.as_ref().map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
    let rendition = tier.map_or_else(String::new, |tier| format!(",\"rendition\":\"{}\"", tier.word()));
    // Ids and words are alphanumeric, so nothing here needs escaping. Writing to a String cannot fail.
    let _ = writeln!(
        lines,
        "{{\"provider\":\"mux\",\"kind\":\"{kind}\",\"asset_id\":\"{}\",\"live_stream_id\":{stream},\
         \"hour\":\"{hour}\"{rendition},\"delivered_seconds\":\"{seconds}\"}}",
        asset.id
    );
}

fn describe(asset: &Asset) -> Value {
    let instant = |epoch_seconds: i64| {
        let instant = DateTime::<Utc>::from_timestamp(epoch_seconds, 0).unwrap_or_default();
        instant.to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    json!({
        "provider": "mux",
        "kind": "asset",
        "asset_id": asset.id,
        "live_stream_id": asset.live_stream_id,
        "passthrough": asset.passthrough,
        "created_at": instant(asset.created_at),
        "deleted_at": asset.deleted_at.map(instant),
        "errored": asset.errored,
        "duration_seconds": asset.duration.to_string(),
        "resolution_tier": asset.tier.word(),
        "encoding_tier": asset.quality.encoding_tier(),
        "video_quality": asset.quality_listed.then(|| asset.quality.word()),
    })
}
