//! One row of the list, checked: a row is taken as a whole, set aside as a whole, or shows that the form has changed.

use chrono::{DateTime, Utc};
use highwater_core::wire::Raw;
use highwater_core::{Column, Seconds, Sink, Table, Window};

use crate::wire;

/// What our `resource_type` calls what Mux's rows are about.
const RESOURCE_TYPE: &str = "asset";

/// The tiers of delivery: the word that Mux uses for them elsewhere, and the field they stand in.
const TIERS: [(&str, &str); 5] = [
    ("2160p", "delivered_seconds_by_resolution.tier_2160p"),
    ("1440p", "delivered_seconds_by_resolution.tier_1440p"),
    ("1080p", "delivered_seconds_by_resolution.tier_1080p"),
    ("720p", "delivered_seconds_by_resolution.tier_720p"),
    ("audio-only", "delivered_seconds_by_resolution.tier_audio_only"),
];

/// A row whose every value is known to be good.
pub(crate) struct Report<'a> {
    row: &'a wire::Report<'a>,
    asset_id: &'a str,
    delivered: Seconds,
    by_tier: [Option<Seconds>; 5],
    created_at: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
    duration: Option<Seconds>,
}

/// Why a row cannot be taken.
pub(crate) enum Refused {
    /// It is not of the form that we know: the page fails.
    Drift { field: &'static str, what: &'static str },
    /// It is of that form, and wrong: the row is set aside.
    Row { field: &'static str, what: &'static str },
}

impl<'a> Report<'a> {
    /// Checks every value of `row`. Only the asset and its delivered seconds must be there.
    pub(crate) fn check(row: &'a wire::Report<'a>) -> Result<Self, Refused> {
        let missing = |field| Refused::Drift { field, what: "a required field is missing" };
        let asset_id = row.asset_id.as_deref().ok_or(missing("asset_id"))?;
        let delivered = row.delivered_seconds.ok_or(missing("delivered_seconds"))?;
        if asset_id.is_empty() {
            return Err(Refused::Row { field: "asset_id", what: "asset_id is empty" });
        }
        Ok(Self {
            row,
            asset_id,
            delivered: seconds("delivered_seconds", delivered)?,
            by_tier: by_tier(row)?,
            created_at: optional("created_at", row.created_at, instant)?,
            deleted_at: optional("deleted_at", row.deleted_at, instant)?,
            duration: optional("asset_duration", row.asset_duration, seconds)?,
        })
    }

    /// Puts the row into the three tables it feeds.
    pub(crate) fn put(&self, bucket: Window, sink: &mut dyn Sink) {
        sink.begin(Table::ResourceUsage, bucket);
        sink.text(Column::ResourceType, RESOURCE_TYPE);
        sink.text(Column::ResourceId, self.asset_id);
        sink.seconds(Column::DeliveredSeconds, self.delivered);
        sink.commit_row();
        for ((tier, _), delivered) in TIERS.iter().zip(self.by_tier) {
            if let Some(delivered) = delivered {
                sink.begin_another(Table::ResourceUsageByRendition);
                sink.text(Column::Rendition, tier);
                sink.seconds(Column::DeliveredSeconds, delivered);
                sink.commit_row();
            }
        }
        self.describe(sink);
    }

    fn describe(&self, sink: &mut dyn Sink) {
        let quality = self.row.asset_video_quality.as_ref().or(self.row.asset_encoding_tier.as_ref());
        sink.begin_another(Table::Resources);
        for (column, text) in [
            (Column::ParentId, self.row.live_stream_id.as_ref()),
            (Column::Passthrough, self.row.passthrough.as_ref()),
            (Column::Tier, self.row.asset_resolution_tier.as_ref()),
            (Column::Quality, quality),
        ] {
            if let Some(text) = text {
                sink.text(column, text);
            }
        }
        if let Some(created_at) = self.created_at {
            sink.instant(Column::CreatedAt, created_at);
        }
        if let Some(deleted_at) = self.deleted_at {
            sink.instant(Column::DeletedAt, deleted_at);
        }
        if let Some(duration) = self.duration {
            sink.seconds(Column::DurationSeconds, duration);
        }
        sink.commit_row();
    }

    /// Microseconds delivered.
    pub(crate) fn delivered_micros(&self) -> i128 {
        self.delivered.micros().into()
    }

    /// Microseconds delivered by the tiers together.
    pub(crate) fn tiers_micros(&self) -> i128 {
        self.by_tier.iter().flatten().map(|tier| i128::from(tier.micros())).sum()
    }
}

fn by_tier(row: &wire::Report<'_>) -> Result<[Option<Seconds>; 5], Refused> {
    let mut by_tier = [None; 5];
    let Some(tiers) = &row.delivered_seconds_by_resolution else { return Ok(by_tier) };
    let raw = [tiers.tier_2160p, tiers.tier_1440p, tiers.tier_1080p, tiers.tier_720p, tiers.tier_audio_only];
    for ((place, raw), (_, field)) in by_tier.iter_mut().zip(raw).zip(TIERS) {
        *place = optional(field, raw, seconds)?;
    }
    Ok(by_tier)
}

fn optional<'a, T>(
    field: &'static str,
    raw: Option<Raw<'a>>,
    read: impl FnOnce(&'static str, Raw<'a>) -> Result<T, Refused>,
) -> Result<Option<T>, Refused> {
    raw.map(|raw| read(field, raw)).transpose()
}

/// Seconds, exact from the digits on the page.
#[inline]
fn seconds(field: &'static str, raw: Raw<'_>) -> Result<Seconds, Refused> {
    Seconds::parse(raw.get()).map_err(|_| no_seconds(field, raw.get()))
}

#[cold]
fn no_seconds(field: &'static str, text: &str) -> Refused {
    if !is_number(text) {
        return Refused::Drift { field, what: "a value is not a number" };
    }
    let negative = text.starts_with('-');
    Refused::Row { field, what: if negative { "seconds below zero" } else { "seconds out of range" } }
}

/// An instant in whole seconds since 1970: documented as a string, taken as a number too.
fn instant(field: &'static str, raw: Raw<'_>) -> Result<DateTime<Utc>, Refused> {
    let seconds = quoted(raw.get()).unwrap_or(raw.get()).parse().ok();
    let instant = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    instant.ok_or_else(|| no_instant(field, raw.get()))
}

#[cold]
fn no_instant(field: &'static str, text: &str) -> Refused {
    if quoted(text).is_none() && !is_number(text) {
        return Refused::Drift { field, what: "a value is neither a string nor a number" };
    }
    Refused::Row { field, what: "not a number of seconds since 1970" }
}

fn quoted(text: &str) -> Option<&str> {
    match text.as_bytes() {
        [b'"', .., b'"'] => text.get(1..text.len() - 1),
        _ => None,
    }
}

/// Whether a JSON value is a number.
fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}
