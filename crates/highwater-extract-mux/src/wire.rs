//! Mux's JSON as it stands on the wire. Every field that its documents name is here.

use highwater_core::wire;
use highwater_core::wire::{Raw, Text};
use serde::de::IgnoredAny;

wire! {
    /// A page of the list of delivery usage.
    pub(crate) struct Page<'a> {
        /// The rows. Empty in a page whose rows were taken one by one.
        data: Vec<Report<'a>>,
        /// Rows of the whole list.
        total_row_count: u64,
        /// Start and end of what was answered, in seconds since 1970.
        timeframe: Vec<i64>,
        /// The page size.
        limit: u64,
        /// The page number; some of the documents know it, some do not.
        page: IgnoredAny,
    }

    /// Usage of one asset in the whole timeframe.
    pub(crate) struct Report<'a> {
        /// The live stream it was recorded from.
        live_stream_id: Text<'a>,
        /// The asset.
        asset_id: Text<'a>,
        /// The customer's own text.
        passthrough: Text<'a>,
        /// Seconds since 1970, as a string.
        created_at: Raw<'a>,
        /// Seconds since 1970, as a string.
        deleted_at: Raw<'a>,
        /// `ready`, `errored`, `deleted`, or what may come.
        asset_state: IgnoredAny,
        /// Its length in seconds.
        asset_duration: Raw<'a>,
        /// The tier at ingest.
        asset_resolution_tier: Text<'a>,
        /// The older name of the quality.
        asset_encoding_tier: Text<'a>,
        /// The quality.
        asset_video_quality: Text<'a>,
        /// Seconds delivered.
        delivered_seconds: Raw<'a>,
        /// The same by tier of delivery.
        delivered_seconds_by_resolution: Tiers<'a>,
    }

    /// Seconds delivered by tier; only those above zero are there.
    pub(crate) struct Tiers<'a> {
        /// Up to 720p.
        tier_720p: Raw<'a>,
        /// Up to 1080p.
        tier_1080p: Raw<'a>,
        /// Up to 1440p.
        tier_1440p: Raw<'a>,
        /// Up to 2160p.
        tier_2160p: Raw<'a>,
        /// Sound alone.
        tier_audio_only: Raw<'a>,
    }

    /// A page of which only the text of the rows is wanted.
    pub(crate) struct RowTexts<'a> {
        /// The rows.
        data: Vec<Raw<'a>>,
    }

    /// A refusal: `error` for all but 429, `errors` for that.
    pub(crate) struct Refusal<'a> {
        /// What is wrong.
        error: RefusalError<'a>,
        /// What is wrong.
        errors: Vec<Text<'a>>,
    }

    /// The usual form of a refusal.
    pub(crate) struct RefusalError<'a> {
        /// A word for the kind.
        kind: Text<'a> = "type",
        /// What a person reads.
        messages: Vec<Text<'a>>,
    }
}
