//! The one dataset of Mux: seconds delivered of each asset in each hour, or day.

use chrono::TimeDelta;
use highwater_core::{Column, DatasetName, DatasetSpec, Duplicates, Grain, OperationSpec, Table, TableFeed};

/// The one operation, named like the dataset.
pub(crate) const OPERATION: &str = "delivery_usage";

pub(crate) const OPERATIONS: &[OperationSpec] = &[OperationSpec {
    name: OPERATION,
    call: "GET /video/v1/delivery-usage",
    dataset: OPERATION,
    takes_id: false,
    takes_window: true,
    params: &["page", "limit", "asset_id", "live_stream_id"],
}];

const FEEDS: &[TableFeed] = &[
    TableFeed {
        table: Table::ResourceUsage,
        provider_fields: &[
            (Column::ResourceId, "asset_id"),
            (Column::BucketStart, "timeframe[0]"),
            (Column::BucketEnd, "timeframe[1]"),
            (Column::DeliveredSeconds, "delivered_seconds"),
        ],
    },
    TableFeed {
        table: Table::ResourceUsageByRendition,
        provider_fields: &[
            (Column::ResourceId, "asset_id"),
            (Column::Rendition, "delivered_seconds_by_resolution"),
            (Column::BucketStart, "timeframe[0]"),
            (Column::BucketEnd, "timeframe[1]"),
            (Column::DeliveredSeconds, "delivered_seconds_by_resolution.tier_*"),
        ],
    },
    TableFeed {
        table: Table::Resources,
        provider_fields: &[
            (Column::ResourceId, "asset_id"),
            (Column::BucketStart, "timeframe[0]"),
            (Column::BucketEnd, "timeframe[1]"),
            (Column::ParentId, "live_stream_id"),
            (Column::CreatedAt, "created_at"),
            (Column::DeletedAt, "deleted_at"),
            (Column::DurationSeconds, "asset_duration"),
            (Column::Tier, "asset_resolution_tier"),
            (Column::Quality, "asset_video_quality or asset_encoding_tier"),
            (Column::Passthrough, "passthrough"),
        ],
    },
];

/// Delivery usage with the provider's hours and our defaults. Hours are published about twelve hours late and can be
/// asked for during ninety days; a window longer than its bucket would lose the hours inside, so a pull is one step.
pub(crate) fn delivery_usage() -> DatasetSpec {
    DatasetSpec {
        name: DatasetName::new(OPERATION).expect("a literal of the right form"),
        description: "Seconds of video delivered, by asset and by resolution tier.",
        operations: &[OPERATION],
        feeds: FEEDS,
        grain: Grain::Hour,
        grains: &[Grain::Hour, Grain::Day],
        step: Grain::Hour,
        span: Grain::Hour.duration(),
        lag: TimeDelta::hours(12),
        retention: Some(TimeDelta::days(90)),
        revisits: vec![TimeDelta::hours(24), TimeDelta::hours(72)],
        duplicates: Duplicates::Conflict,
        enabled: true,
        live: false,
        per_resource: false,
        scope: String::new(),
        control_totals: true,
    }
}
