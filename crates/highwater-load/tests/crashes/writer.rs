//! One run over one window that the provider has revised: the steps of a commit in the order of the pipeline.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use chrono::TimeDelta;
use highwater_core::{Checkpoint, PageRequest, RawPage, Result, WindowRecord};
use highwater_load::{PulledPages, Restatement, Warehouse, WarehouseSettings, WindowCommit};

use crate::meeting::{self, Share};
use crate::support::{PROVIDER, TABLES, batch, commit, hour, hours, record, settings, unit};

/// The writes of a run, in their order.
pub(crate) const STEPS: [&str; 5] =
    ["raw archive", "`restatements`", "first table", "second table", "checkpoint"];

/// The pulls: the first one is published before each story, the second one is what a run publishes.
pub(crate) const FIRST: u64 = 1;
pub(crate) const SECOND: u64 = 2;
pub(crate) const ROWS: [usize; 3] = [0, 3, 4];

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) pulls: u64,
    pub(crate) objects_written: u64,
}

/// Pulls the window unless the checkpoint has its second pull, and publishes it.
pub(crate) async fn run(warehouse: &Warehouse, clock_back: TimeDelta) -> Result<Done> {
    let unit = unit();
    let known = warehouse.checkpoint(&unit.source, &unit.dataset).await?;
    let last = known.open_record(hours(0, 1)).map_or(0, |record| record.pulls);
    if u64::from(last) == SECOND {
        return Ok(Done::default());
    }
    let record = pulled(last + 1, u64::from(last) + 1, clock_back);
    warehouse.archive(&unit, record.window, pages(u64::from(last) + 1).into_iter().collect()).await?;
    if last > 0 {
        warehouse.put_restatements(PROVIDER, &unit, &restated(), &[restatement(&record)]).await?;
    }
    let seed = u64::from(last) + 1;
    let batches = TABLES.iter().map(|table| batch(*table, record.window, ROWS[last as usize + 1], seed));
    let published = WindowCommit { record: record.clone(), batches: batches.collect() };
    let committed = warehouse.commit(&commit(vec![published], false)).await?;
    let note = move |checkpoint: &mut Checkpoint| checkpoint.record(record.clone());
    warehouse.update_checkpoint(&unit.source, &unit.dataset, note).await?;
    Ok(Done { pulls: 1, objects_written: committed.objects_written })
}

fn pulled(pulls: u32, seed: u64, clock_back: TimeDelta) -> WindowRecord {
    let rows = ROWS[pulls as usize] as u64 * TABLES.len() as u64;
    let mut record = record(hours(0, 1), rows, pulls, seed);
    record.pulled_at -= clock_back;
    record.pull_digest = digest(seed);
    record
}

/// The pages of pull number `seed`.
pub(crate) fn pages(seed: u64) -> Vec<RawPage> {
    let request = PageRequest::new("list", hours(0, 1));
    vec![RawPage { request, body: format!("{{\"pull\":{seed}}}").into(), fetched_at: hour(48) }]
}

/// The digest of pull number `seed`.
pub(crate) fn digest(seed: u64) -> String {
    PulledPages::from_iter(pages(seed)).digest()
}

fn restated() -> SchemaRef {
    let instant = || DataType::Timestamp(TimeUnit::Millisecond, None);
    Arc::new(Schema::new(vec![
        Field::new("bucket_start", instant(), false),
        Field::new("measure", DataType::Utf8, false),
        Field::new("seen_at", instant(), false),
    ]))
}

fn restatement(record: &WindowRecord) -> Restatement {
    let (start, seen_at) = (record.window.start(), record.pulled_at);
    let columns: [ArrayRef; 3] = [
        Arc::new(TimestampMillisecondArray::from(vec![start.timestamp_millis()])),
        Arc::new(StringArray::from(vec!["delivered_bytes"])),
        Arc::new(TimestampMillisecondArray::from(vec![seen_at.timestamp_millis()])),
    ];
    Restatement { record: record.clone(), rows: RecordBatch::try_new(restated(), columns.to_vec()).unwrap() }
}

/// Which warehouse a writer in a process of its own is to write, and which share of the meeting of processes is its.
#[derive(Clone, Default)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) share: Option<Share>,
}

const URL: &str = "CRASH_WRITER_URL";
const OPTIONS: &str = "CRASH_WRITER_OPTIONS";
const SHARE: &str = "CRASH_WRITER_SHARE";

impl Target {
    pub(crate) fn from_environment() -> Option<Self> {
        let options = std::env::var(OPTIONS).unwrap_or_default();
        let options = serde_json::from_str(&options).unwrap_or_default();
        let share = std::env::var(SHARE).unwrap_or_default();
        let share = share
            .split_once('/')
            .map(|(index, count)| Share { index: index.parse().unwrap(), count: count.parse().unwrap() });
        Some(Self { url: std::env::var(URL).ok()?, options, share })
    }

    pub(crate) fn environment(&self) -> [(&'static str, String); 3] {
        let share = self.share.map(|share| format!("{}/{}", share.index, share.count));
        let options = serde_json::to_string(&self.options).unwrap();
        [(URL, self.url.clone()), (OPTIONS, options), (SHARE, share.unwrap_or_default())]
    }

    pub(crate) async fn open(&self) -> Warehouse {
        let settings = WarehouseSettings { options: self.options.clone(), ..settings(&self.url) };
        Warehouse::open(settings).await.unwrap()
    }
}

/// The whole life of a writer in a process of its own.
pub(crate) async fn write_as_told(target: Target) {
    let warehouse = target.open().await;
    if let Some(share) = target.share {
        return meeting::write(&warehouse, share).await;
    }
    let done = run(&warehouse, TimeDelta::zero()).await;
    std::process::exit(i32::from(done.is_err()));
}
