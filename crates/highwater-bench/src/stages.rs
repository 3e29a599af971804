//! The stages of a pull as the library offers them: decode, normalise, commit.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use highwater_core::{
    Context, DatasetSpec, Extractor, Provider, RawPage, RunId, Secret, SettingValue, Settings, SourceName,
    Unit, WindowRecord,
};
use highwater_extract_mux::Mux;
use highwater_http::SystemClock;
use highwater_load::{
    ConditionalWrites, TableSchema, UnitCommit, Warehouse, WarehouseSettings, WindowCommit,
};
use highwater_transform::{Normalised, Staging, StagingContext, schema, scope_digest};

use crate::pages::{DAY, World};
use crate::transport::Transport;

/// Mux's one dataset.
#[must_use]
pub fn spec() -> DatasetSpec {
    Mux.datasets(&Settings::default()).remove(0)
}

/// An extractor that decodes; it is never asked to fetch.
#[must_use]
pub fn extractor() -> Arc<dyn Extractor> {
    let mut settings = Settings::default();
    for key in ["token_id", "token_secret"] {
        settings.insert(key, SettingValue::Secret(Some(Secret::new("bench".to_owned()))));
    }
    let context = Context {
        source: source(),
        datasets: vec![spec()],
        clock: Arc::new(SystemClock),
        real_clock: Arc::new(SystemClock),
        requests_per_second: 1.0,
    };
    Mux.connect(&settings, context).expect("settings that are complete")
}

fn source() -> SourceName {
    SourceName::new("mux").expect("a literal name")
}

/// The pages of one hour.
#[must_use]
pub fn pages(world: World, hour: u64, page_size: u64) -> Vec<RawPage> {
    (1..=world.pages(page_size)).map(|page| world.raw_page(hour, page, page_size)).collect()
}

/// A staging of one hour with `pages` decoded into it.
#[must_use]
pub fn staged(spec: &Arc<DatasetSpec>, extractor: &dyn Extractor, hour: u64, pages: &[RawPage]) -> Staging {
    let window = World::window(hour);
    let mut staging = Staging::new(StagingContext {
        source: source(),
        spec: Arc::clone(spec),
        window,
        extracted_at: window.end() + TimeDelta::hours(12),
        run_id: RunId::new("bench"),
        check_buckets: true,
    });
    for page in pages {
        extractor.decode(spec, page, &mut staging).expect("pages of our own making");
    }
    staging
}

/// One hour's rows.
#[must_use]
pub fn normalised(spec: &Arc<DatasetSpec>, world: World, hour: u64, page_size: u64) -> Normalised {
    let staging = staged(spec, &*extractor(), hour, &pages(world, hour, page_size));
    staging.finish().expect("rows of our own making")
}

/// One hour as it is committed.
#[must_use]
pub fn window_commit(spec: &DatasetSpec, hour: Normalised) -> WindowCommit {
    let record = WindowRecord {
        window: hour.window,
        pulled_at: hour.window.end() + TimeDelta::hours(12),
        run_id: RunId::new("bench"),
        rows: hour.rows,
        rejected_rows: 0,
        pulls: 1,
        pull_digest: hour.content_digest.clone(),
        content_digest: hour.content_digest,
        scope_digest: scope_digest(spec),
        empty: false,
        verdict: None,
    };
    WindowCommit { record, batches: hour.tables.into_iter().map(|table| table.batch).collect() }
}

/// A commit of `windows` of the day.
#[must_use]
pub fn unit_commit(spec: &DatasetSpec, windows: Vec<WindowCommit>) -> UnitCommit {
    let tables = spec.tables().map(|table| TableSchema { table, schema: schema(table, Some(spec)) });
    UnitCommit {
        provider: "mux".to_owned(),
        unit: Unit {
            source: source(),
            dataset: spec.name.clone(),
            date: DAY.parse().expect("a literal date"),
        },
        tables: tables.collect(),
        windows,
        seal: false,
    }
}

/// A warehouse in a folder.
///
/// # Errors
/// When the folder cannot be made.
pub async fn warehouse(folder: &Path) -> highwater_core::Result<Warehouse> {
    Warehouse::open(settings(&folder.to_string_lossy())).await
}

/// A warehouse in `transport`.
#[must_use]
pub fn warehouse_in_memory(transport: Arc<Transport>) -> Warehouse {
    Warehouse::with_store(transport, settings("memory"))
}

fn settings(url: &str) -> WarehouseSettings {
    WarehouseSettings {
        url: url.to_owned(),
        options: BTreeMap::new(),
        conditional_writes: ConditionalWrites::ETag,
        raw_archive: false,
        clock: Arc::new(SystemClock),
    }
}
