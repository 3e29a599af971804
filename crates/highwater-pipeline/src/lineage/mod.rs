//! Lineage: from a resource on a date to its rows, the windows and pulls they came with, the raw pages that hold them,
//! the figures they were compared with, and what was restated.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMillisecondType;
use chrono::{DateTime, NaiveDate, Utc};
use highwater_core::{
    Column, DatasetName, Error, ErrorKind, PageRequest, RawPage, Result, SourceName, Table, TableKind,
    Window, WindowRecord,
};
use highwater_load::Warehouse;
use highwater_load::layout::{ObjectKey, archive_path};

use crate::control::{Check, first_of_month, stored};
use crate::dataset_state::DatasetState;
use crate::ledger::Ledger;
use crate::states::{State, states};

/// All that is known of one resource on one date, dataset by dataset.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// The resource, as its provider calls it.
    pub resource: String,
    /// The date.
    pub date: NaiveDate,
    /// The datasets that have rows of it.
    pub datasets: Vec<DatasetLineage>,
}

/// What one dataset has of the resource.
#[derive(Clone, Debug)]
pub struct DatasetLineage {
    /// The source.
    pub source: SourceName,
    /// The provider's name.
    pub provider: String,
    /// The dataset.
    pub dataset: DatasetName,
    /// Its rows, table by table; tables without any are left out.
    pub tables: Vec<TableLineage>,
    /// The windows that they belong to, in order of time.
    pub windows: Vec<WindowLineage>,
    /// What the date, and the month around it, were compared with.
    pub checks: Vec<(Check, DateTime<Utc>)>,
    /// What later pulls changed of it: rows of the table `restatements`.
    pub restatements: Option<RecordBatch>,
}

/// Rows of one table.
#[derive(Clone, Debug)]
pub struct TableLineage {
    /// The table.
    pub table: Table,
    /// The path of the object below the warehouse's root.
    pub object: String,
    /// The rows.
    pub rows: RecordBatch,
}

/// One window that rows belong to.
#[derive(Clone, Debug)]
pub struct WindowLineage {
    /// The published pull.
    pub record: WindowRecord,
    /// The window's state.
    pub state: State,
    /// The path below the warehouse's root of the pull's bodies.
    pub archive: String,
    /// The requests whose pages hold the resource; all of the pull where none names it as it is; `None` where the bodies
    /// are not kept.
    pub pages: Option<Vec<PageRequest>>,
}

/// The lineage of `resource` on `date` over `datasets`, as of `now`. Reads the warehouse alone.
///
/// # Errors
/// `Storage`, `NewerFormat`.
pub async fn lineage(
    datasets: &[DatasetState<'_>],
    warehouse: &Warehouse,
    resource: &str,
    date: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Lineage> {
    let mut found = Vec::new();
    for dataset in datasets {
        let ledger = Ledger { dataset: *dataset, warehouse };
        found.extend(of_dataset(&ledger, resource, date, now).await?);
    }
    Ok(Lineage { resource: resource.to_owned(), date, datasets: found })
}

async fn of_dataset(
    ledger: &Ledger<'_>,
    resource: &str,
    date: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Option<DatasetLineage>> {
    let dataset = ledger.dataset;
    let mut tables = Vec::new();
    for table in dataset.spec.tables() {
        let rows = rows_of(ledger, table, resource, date).await?;
        if rows.num_rows() > 0 {
            let object = ObjectKey::new(table, dataset.provider, &ledger.unit(date)).path().to_string();
            tables.push(TableLineage { table, object, rows });
        }
    }
    let restatements = rows_of(ledger, Table::Restatements, resource, date).await?;
    if tables.is_empty() && restatements.num_rows() == 0 {
        return Ok(None);
    }
    let mut checks = stored(ledger, date).await?;
    if first_of_month(date) != date {
        let around = stored(ledger, first_of_month(date)).await?;
        checks.extend(around.into_iter().filter(|known| known.check.window.covers(Window::day(date))));
    }
    Ok(Some(DatasetLineage {
        source: dataset.source.clone(),
        provider: dataset.provider.to_owned(),
        dataset: dataset.spec.name.clone(),
        windows: windows_of(ledger, &tables, resource, date, now).await?,
        tables,
        checks: checks.into_iter().map(|known| (known.check, known.checked_at)).collect(),
        restatements: (restatements.num_rows() > 0).then_some(restatements),
    }))
}

async fn rows_of(ledger: &Ledger<'_>, table: Table, resource: &str, date: NaiveDate) -> Result<RecordBatch> {
    let (provider, unit) = (ledger.dataset.provider, ledger.unit(date));
    let day = Window::day(date).into();
    let batch = ledger.warehouse.read_windows(provider, &unit, table, &day).await?;
    let ids = batch.column_by_name(Column::ResourceId.name()).and_then(|ids| ids.as_string_opt::<i32>());
    let wanted: BooleanArray = match ids {
        Some(ids) => ids.iter().map(|id| Some(id == Some(resource))).collect(),
        None => vec![false; batch.num_rows()].into(),
    };
    filter_record_batch(&batch, &wanted).map_err(|error| {
        Error::new(ErrorKind::Internal, "cannot pick the rows of a resource").with_source(error)
    })
}

async fn windows_of(
    ledger: &Ledger<'_>,
    tables: &[TableLineage],
    resource: &str,
    date: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Vec<WindowLineage>> {
    let buckets: Vec<DateTime<Utc>> = tables
        .iter()
        .filter(|table| table.table.def().kind != TableKind::Record)
        .flat_map(|table| starts(&table.rows))
        .collect();
    let day = Window::day(date);
    let states: BTreeMap<Window, State> =
        states(ledger.dataset, now, Some(day)).into_iter().map(|known| (known.window, known.state)).collect();
    let mut windows = Vec::new();
    for record in ledger.records(date).await? {
        if !buckets.iter().any(|bucket| record.window.contains(*bucket)) {
            continue;
        }
        // A revisit that found nothing new is in the checkpoint alone.
        let newest = ledger.dataset.checkpoint.open_record(record.window);
        let newest = newest.filter(|known| known.pull_digest == record.pull_digest);
        let record = newest.cloned().unwrap_or(record);
        let covering = states.iter().find(|(window, _)| window.covers(record.window));
        windows.push(WindowLineage {
            state: covering.map_or(State::Loaded, |(_, state)| *state),
            archive: archive_path(&ledger.unit(date), record.window, &record.pull_digest).to_string(),
            pages: pages_of(ledger, date, &record, resource).await,
            record,
        });
    }
    Ok(windows)
}

fn starts(rows: &RecordBatch) -> Vec<DateTime<Utc>> {
    let column = rows.column_by_name(Column::BucketStart.name());
    let instants = column.and_then(|column| column.as_primitive_opt::<TimestampMillisecondType>());
    let values = instants.into_iter().flat_map(|instants| instants.values().iter());
    values.filter_map(|milliseconds| DateTime::from_timestamp_millis(*milliseconds)).collect()
}

async fn pages_of(
    ledger: &Ledger<'_>,
    date: NaiveDate,
    record: &WindowRecord,
    resource: &str,
) -> Option<Vec<PageRequest>> {
    let unit = ledger.unit(date);
    let pages = ledger.warehouse.read_archive(&unit, record.window, &record.pull_digest).await;
    let pages = pages.inspect_err(|error| tracing::debug!("{}", error.chain())).ok()?;
    let of_it = |page: &&RawPage| {
        let names = names_in(&page.request, resource);
        page.request.id.as_deref() == Some(resource) || names.iter().any(|name| holds(&page.body, name))
    };
    let named: Vec<PageRequest> = pages.iter().filter(of_it).map(|page| page.request.clone()).collect();
    if named.is_empty() { Some(pages.into_iter().map(|page| page.request).collect()) } else { Some(named) }
}

/// What a page may call the resource: its id, or what is left of it where the request itself names the rest.
fn names_in<'r>(request: &PageRequest, resource: &'r str) -> Vec<&'r str> {
    let values = request.params.values();
    let rest = values.filter_map(|value| resource.strip_prefix(value.as_str())?.strip_prefix('/'));
    rest.chain([resource]).filter(|name| !name.is_empty()).collect()
}

/// Whether `body` holds `name`, as it is or as a JSON string.
fn holds(body: &[u8], name: &str) -> bool {
    let text = String::from_utf8_lossy(body);
    let quoted = serde_json::to_string(name).expect("text is JSON");
    let quoted = quoted.trim_matches('"');
    text.contains(name) || text.contains(quoted) || text.contains(&quoted.replace('/', "\\/"))
}
