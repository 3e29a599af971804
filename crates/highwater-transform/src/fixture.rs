//! A dataset, windows and rows for tests.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{
    Column, DatasetName, DatasetSpec, Duplicates, Grain, Result, RunId, Seconds, Sink, SourceName, Table,
    TableFeed, Window,
};

use crate::normalised::{Normalised, TableBatch};
use crate::staging::{Staging, StagingContext};

const FEEDS: &[TableFeed] = &[
    TableFeed {
        table: Table::ResourceUsage,
        provider_fields: &[
            (Column::DeliveredSeconds, "delivered_seconds"),
            (Column::DeliveredSeconds, "delivered_seconds_by_tier"),
        ],
    },
    TableFeed { table: Table::ResourceUsageByRendition, provider_fields: &[] },
    TableFeed { table: Table::Resources, provider_fields: &[] },
];

/// An hourly dataset that feeds three tables.
pub(crate) fn spec() -> DatasetSpec {
    DatasetSpec {
        name: DatasetName::new("delivery_usage").unwrap(),
        description: "Usage.",
        operations: &["delivery_usage"],
        feeds: FEEDS,
        grain: Grain::Hour,
        grains: &[Grain::Hour, Grain::Day],
        step: Grain::Hour,
        span: TimeDelta::days(1),
        lag: TimeDelta::hours(12),
        retention: None,
        revisits: Vec::new(),
        duplicates: Duplicates::Conflict,
        enabled: true,
        live: false,
        per_resource: false,
        scope: "all".to_owned(),
        control_totals: false,
    }
}

/// An hour of the first of September.
pub(crate) fn at(hour: u32) -> DateTime<Utc> {
    let day: DateTime<Utc> = "2026-09-01T00:00:00Z".parse().unwrap();
    day + TimeDelta::hours(i64::from(hour))
}

/// The hour that starts at `hour`.
pub(crate) fn window(hour: u32) -> Window {
    Window::of(at(hour), at(hour + 1))
}

/// An empty staging of the first three hours.
pub(crate) fn staging(duplicates: Duplicates) -> Staging {
    Staging::new(StagingContext {
        source: SourceName::new("main").unwrap(),
        spec: Arc::new(DatasetSpec { duplicates, ..spec() }),
        window: Window::of(at(0), at(3)),
        extracted_at: at(20),
        run_id: RunId::new("run-1"),
        check_buckets: true,
    })
}

/// A row of a fact table, by rendition where it has one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) hour: u32,
    pub(crate) rendition: Option<String>,
    pub(crate) micros: Option<i64>,
    pub(crate) bytes: Option<i64>,
    pub(crate) viewers: Option<i64>,
}

/// A row of `resource_usage` in the first hour.
pub(crate) fn usage(id: &str, micros: i64) -> Row {
    let id = id.to_owned();
    Row { id, hour: 0, rendition: None, micros: Some(micros), bytes: None, viewers: None }
}

impl Row {
    pub(crate) fn hour(self, hour: u32) -> Self {
        Self { hour, ..self }
    }

    pub(crate) fn rendition(self, rendition: &str) -> Self {
        Self { rendition: Some(rendition.to_owned()), ..self }
    }

    pub(crate) fn bytes(self, bytes: i64) -> Self {
        Self { bytes: Some(bytes), ..self }
    }

    pub(crate) fn viewers(self, viewers: i64) -> Self {
        Self { viewers: Some(viewers), ..self }
    }

    pub(crate) fn stage(&self, sink: &mut dyn Sink) {
        let table = match self.rendition {
            Some(_) => Table::ResourceUsageByRendition,
            None => Table::ResourceUsage,
        };
        sink.begin(table, window(self.hour));
        sink.text(Column::ResourceType, "asset");
        sink.text(Column::ResourceId, &self.id);
        if let Some(rendition) = &self.rendition {
            sink.text(Column::Rendition, rendition);
        }
        if let Some(micros) = self.micros {
            sink.seconds(Column::DeliveredSeconds, Seconds::from_micros(micros).unwrap());
        }
        if let Some(bytes) = self.bytes {
            sink.int(Column::DeliveredBytes, bytes);
        }
        if let Some(viewers) = self.viewers {
            sink.int(Column::UniqueViewers, viewers);
        }
        sink.commit_row();
    }
}

/// The finished pull, its rows unpacked.
pub(crate) fn finished(staging: Staging) -> Result<Normalised> {
    let normalised = staging.finish()?;
    let tables = normalised.tables.iter().map(TableBatch::plain).collect::<Result<_>>()?;
    Ok(Normalised { tables, ..normalised })
}

/// `rows` as a finished pull under the given rule, unpacked.
pub(crate) fn combined(duplicates: Duplicates, rows: &[Row]) -> Result<Normalised> {
    let mut staging = staging(duplicates);
    rows.iter().for_each(|row| row.stage(&mut staging));
    finished(staging)
}

/// `rows` as a finished pull, unpacked.
pub(crate) fn normalised(rows: &[Row]) -> Result<Normalised> {
    combined(Duplicates::Conflict, rows)
}
