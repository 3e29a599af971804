//! The dataset `video_usage`, and the operations it is built on.

use chrono::TimeDelta;
use highwater_core::{Column, DatasetName, DatasetSpec, Duplicates, Grain, OperationSpec, Table, TableFeed};

use crate::apps::Apps;

pub(crate) const VIDEO_USAGE: &str = "video_usage";
pub(crate) const GETAPPS: &str = "getapps";

pub(crate) const OPERATIONS: &[OperationSpec] = &[
    OperationSpec {
        name: VIDEO_USAGE,
        call: "POST /stable/ video.usage",
        dataset: VIDEO_USAGE,
        takes_id: false,
        takes_window: true,
        params: &["app", "app_id", "url"],
    },
    OperationSpec {
        name: GETAPPS,
        call: "POST /stable/ video.getapps",
        dataset: VIDEO_USAGE,
        takes_id: false,
        takes_window: false,
        params: &[],
    },
];

const FEEDS: &[TableFeed] = &[
    TableFeed {
        table: Table::ResourceUsage,
        provider_fields: &[
            (Column::ResourceId, "app/video_url"),
            (Column::DeliveredBytes, "bytes_total"),
            (Column::Requests, "requests_total"),
        ],
    },
    TableFeed {
        table: Table::Resources,
        provider_fields: &[
            (Column::ResourceId, "app/video_url"),
            (Column::Name, "video_url"),
            (Column::ParentId, "app"),
        ],
    },
];

/// Usage of one UTC day, asked for an application at a time because rows do not name theirs.
pub(crate) fn video_usage(apps: &Apps) -> DatasetSpec {
    DatasetSpec {
        name: DatasetName::new(VIDEO_USAGE).expect("a literal of the right form"),
        description: "Bytes delivered and play, pause and stop commands received, by video URL or stream name and UTC day.",
        operations: &[VIDEO_USAGE, GETAPPS],
        feeds: FEEDS,
        grain: Grain::Day,
        grains: &[Grain::Day],
        step: Grain::Day,
        span: Grain::Day.duration(),
        lag: TimeDelta::hours(6),
        retention: None,
        revisits: vec![TimeDelta::hours(48), TimeDelta::hours(120)],
        duplicates: Duplicates::Sum,
        enabled: true,
        live: false,
        per_resource: false,
        scope: apps.scope(),
        control_totals: true,
    }
}
