//! What the storage tests share: a unit with two tables, rows whose content is told by a seed, and a clock that never
//! makes anybody wait.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMillisecondType};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use highwater_core::{Clock, RunId, Table, Unit, Window, WindowRecord};
use highwater_load::layout::ObjectKey;
use highwater_load::{
    ConditionalWrites, TableSchema, UnitCommit, Warehouse, WarehouseSettings, WindowCommit,
};
use highwater_s3_testserver::TestServer;
use object_store::{ObjectStore, ObjectStoreExt};

/// The provider of all test units.
pub(crate) const PROVIDER: &str = "mux";
/// The tables of all test units.
pub(crate) const TABLES: [Table; 2] = [Table::ResourceUsage, Table::Resources];

/// A clock that stands still and whose sleepers only yield.
#[derive(Debug)]
pub(crate) struct YieldingClock;

impl Clock for YieldingClock {
    fn now(&self) -> DateTime<Utc> {
        hour(100)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::task::yield_now())
    }
}

pub(crate) fn settings(url: &str) -> WarehouseSettings {
    WarehouseSettings {
        url: url.to_owned(),
        options: BTreeMap::new(),
        conditional_writes: ConditionalWrites::ETag,
        raw_archive: true,
        clock: Arc::new(YieldingClock),
    }
}

pub(crate) async fn folder(root: &std::path::Path) -> Warehouse {
    Warehouse::open(settings(root.to_str().unwrap())).await.unwrap()
}

pub(crate) fn over(store: Arc<dyn ObjectStore>) -> Warehouse {
    Warehouse::with_store(store, settings("memory"))
}

pub(crate) async fn bucket(server: &TestServer) -> Warehouse {
    let settings = WarehouseSettings { options: server.options(), ..settings("s3://bucket/some/warehouse") };
    Warehouse::open(settings).await.unwrap()
}

/// The content of the object of `table`, as the store has it.
pub(crate) async fn object(store: &dyn ObjectStore, table: Table) -> Bytes {
    let path = ObjectKey::new(table, PROVIDER, &unit()).path();
    match store.get(&path).await {
        Ok(found) => found.bytes().await.unwrap(),
        Err(_) => Bytes::new(),
    }
}

pub(crate) fn unit() -> Unit {
    "mux-prod/delivery_usage/2026-09-01".parse().unwrap()
}

/// The `n`th hour of the test unit's date.
pub(crate) fn hour(n: i64) -> DateTime<Utc> {
    "2026-09-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(n)
}

pub(crate) fn hours(from: i64, to: i64) -> Window {
    Window::of(hour(from), hour(to))
}

/// The schema of a table of the test units: the columns that the layout needs and one measure.
pub(crate) fn schema(table: Table) -> SchemaRef {
    let instant = || DataType::Timestamp(TimeUnit::Millisecond, None);
    let mut fields = vec![
        Field::new("source", DataType::Utf8, false),
        Field::new("dataset", DataType::Utf8, false),
        Field::new("resource_type", DataType::Utf8, false),
        Field::new("resource_id", DataType::Utf8, false),
        Field::new("bucket_start", instant(), false),
        Field::new("bucket_end", instant(), false),
    ];
    match table {
        Table::ResourceUsage => {
            fields.push(Field::new("delivered_seconds", DataType::Decimal128(18, 6), true));
            fields.push(Field::new("delivered_bytes", DataType::Int64, true));
        }
        _ => fields.push(Field::new("name", DataType::Utf8, true)),
    }
    Arc::new(Schema::new(fields))
}

/// `rows` rows for each hour of `window`; the values tell the seed.
pub(crate) fn batch(table: Table, window: Window, rows: usize, seed: u64) -> RecordBatch {
    let starts: Vec<DateTime<Utc>> =
        window.buckets(highwater_core::Grain::Hour).map(|bucket| bucket.start()).collect();
    let keys: Vec<(usize, DateTime<Utc>)> =
        (0..rows).flat_map(|row| starts.iter().map(move |start| (row, *start))).collect();
    let text = |value: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(keys.iter().map(|(row, _)| value(*row))))
    };
    let instants = |offset: i64| -> ArrayRef {
        let values = keys.iter().map(|(_, start)| (*start + TimeDelta::hours(offset)).timestamp_millis());
        Arc::new(TimestampMillisecondArray::from_iter_values(values))
    };
    let mut columns = vec![
        text(&|_| "mux-prod".to_owned()),
        text(&|_| "delivery_usage".to_owned()),
        text(&|_| "asset".to_owned()),
        text(&|row| format!("asset-{row:06}")),
        instants(0),
        instants(1),
    ];
    match table {
        Table::ResourceUsage => {
            let seconds =
                Decimal128Array::from_iter_values(keys.iter().map(|(row, _)| *row as i128 * 1_500_000));
            columns.push(Arc::new(seconds.with_precision_and_scale(18, 6).unwrap()));
            columns.push(Arc::new(Int64Array::from_iter_values(keys.iter().map(|_| seed as i64))));
        }
        _ => columns.push(text(&|_| format!("seed-{seed}"))),
    }
    RecordBatch::try_new(schema(table), columns).unwrap()
}

pub(crate) fn record(window: Window, rows: u64, pulls: u32, seed: u64) -> WindowRecord {
    WindowRecord {
        window,
        pulled_at: hour(48) + TimeDelta::minutes(i64::from(pulls)),
        run_id: RunId::new(&format!("run-{seed}")),
        rows,
        rejected_rows: 0,
        pulls,
        pull_digest: format!("pull-{seed}"),
        content_digest: format!("content-{seed}"),
        scope_digest: "scope".to_owned(),
        empty: rows == 0,
        verdict: None,
    }
}

/// A pull of `window` with `rows` rows an hour and table.
pub(crate) fn pull(window: Window, rows: usize, pulls: u32, seed: u64) -> WindowCommit {
    WindowCommit {
        record: record(window, rows as u64 * 2, pulls, seed),
        batches: TABLES.iter().map(|table| batch(*table, window, rows, seed)).collect(),
    }
}

pub(crate) fn commit(windows: Vec<WindowCommit>, seal: bool) -> UnitCommit {
    UnitCommit {
        provider: PROVIDER.to_owned(),
        unit: unit(),
        tables: TABLES.iter().map(|table| TableSchema { table: *table, schema: schema(*table) }).collect(),
        windows,
        seal,
    }
}

/// What a table holds: for each hour the number of rows and the seed that all of them tell.
pub(crate) async fn content(warehouse: &Warehouse, table: Table) -> BTreeMap<i64, (usize, u64)> {
    let rows = warehouse.read_windows(PROVIDER, &unit(), table, &hours(0, 24).into()).await.unwrap();
    tell(&rows)
}

pub(crate) fn tell(rows: &RecordBatch) -> BTreeMap<i64, (usize, u64)> {
    let mut found = BTreeMap::new();
    if rows.num_columns() == 0 {
        return found;
    }
    let starts = rows.column_by_name("bucket_start").unwrap().as_primitive::<TimestampMillisecondType>();
    for row in 0..rows.num_rows() {
        let seed = match rows.column_by_name("delivered_bytes") {
            Some(bytes) => u64::try_from(bytes.as_primitive::<Int64Type>().value(row)).unwrap(),
            None => {
                let names = rows.column_by_name("name").unwrap().as_string::<i32>();
                assert!(names.is_valid(row));
                names.value(row).strip_prefix("seed-").unwrap().parse().unwrap()
            }
        };
        let n = (starts.value(row) - hour(0).timestamp_millis()) / 3_600_000;
        let (count, told) = found.entry(n).or_insert((0, seed));
        assert_eq!(*told, seed, "hour {n} mixes two pulls");
        *count += 1;
    }
    found
}

/// All files below `root`, as paths with `/`.
pub(crate) fn files(root: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}
