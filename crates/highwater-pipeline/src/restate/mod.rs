//! Restatements: what pulls change of what is published, committed before the data they speak of.
//!
//! They belong to one pull of one window and are replaced with it, so that a pull that is tried again neither doubles nor
//! loses what an earlier try has changed. A try that died between two tables has left new rows in some of them; what it
//! restated of those is carried over, because what was published before can be read nowhere else.

mod chained;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMillisecondType;
use chrono::{DateTime, Utc};
use highwater_core::{
    Column, DatasetSpec, Error, ErrorKind, Result, Table, Unit, Window, WindowRecord, WindowSet,
};
use highwater_load::{Restatement, Warehouse, WindowCommit};
use highwater_transform::{Revision, TableBatch, restatements, schema};

use chained::chained;

/// A pull that is about to be published in place of another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Revised<'a> {
    /// What is to be published: its record, and its rows in the order of the dataset's tables.
    pub(crate) commit: &'a WindowCommit,
    /// Why the window was pulled again, one word.
    pub(crate) cause: &'a str,
    /// When the change was seen: with the pull, or with a rebuild from its pages.
    pub(crate) seen_at: DateTime<Utc>,
}

/// Where the rows of a unit stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) warehouse: &'a Warehouse,
    pub(crate) provider: &'a str,
    pub(crate) unit: &'a Unit,
    pub(crate) spec: &'a DatasetSpec,
}

impl Place<'_> {
    /// Puts what `revised` pulls change of what is published into the table of restatements. Durable when it returns.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`.
    pub(crate) async fn restate(&self, revised: &[Revised<'_>]) -> Result<()> {
        if revised.is_empty() {
            return Ok(());
        }
        let earlier = self.restated().await?;
        let published = self.published(revised).await?;
        let mut restated = Vec::new();
        for pull in revised {
            restated.extend(self.changes(pull, &published, &earlier).await?);
        }
        self.put(&restated).await
    }

    /// Takes back what a try of a pull of `known.window` has restated that was never published, if any did.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`.
    pub(crate) async fn withdraw(&self, known: &WindowRecord) -> Result<()> {
        let record = WindowRecord { pulls: known.pulls + 1, ..known.clone() };
        self.put(&[Restatement { record, rows: RecordBatch::new_empty(schema(Table::Restatements, None)) }])
            .await
    }

    /// The pulls that have restated something, published or not.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`.
    pub(crate) async fn restated(&self) -> Result<Vec<WindowRecord>> {
        self.warehouse.unit_records(self.provider, self.unit, &[Table::Restatements]).await
    }

    async fn put(&self, restated: &[Restatement]) -> Result<()> {
        if restated.is_empty() {
            return Ok(());
        }
        let schema = schema(Table::Restatements, None);
        self.warehouse.put_restatements(self.provider, self.unit, &schema, restated).await
    }

    /// What stands in each table of facts of the windows of `revised`.
    async fn published(&self, revised: &[Revised<'_>]) -> Result<Vec<Published>> {
        let windows: WindowSet = revised.iter().map(|pull| pull.commit.record.window).collect();
        let mut tables = Vec::new();
        for (index, table) in self.spec.tables().enumerate() {
            if table.def().measures().next().is_none() {
                continue;
            }
            let records = self.warehouse.unit_records(self.provider, self.unit, &[table]).await?;
            if !records.iter().any(|record| windows.overlaps(record.window)) {
                continue;
            }
            let rows = self.warehouse.read_windows(self.provider, self.unit, table, &windows).await?;
            tables.push(Published { table, index, records, rows });
        }
        Ok(tables)
    }

    /// What one pull changes; `None` when there is nothing to say and nothing to take back.
    async fn changes(
        &self,
        pull: &Revised<'_>,
        published: &[Published],
        earlier: &[WindowRecord],
    ) -> Result<Option<Restatement>> {
        let wanted = &pull.commit.record;
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for Published { table, index, records, rows } in published {
            if records.iter().any(|record| record.window.overlaps(wanted.window)) {
                old.push(TableBatch { table: *table, batch: within(rows, wanted.window)? });
                let batch = pull.commit.batches.get(*index).cloned();
                let batch = batch.map(|batch| TableBatch { table: *table, batch }.plain());
                new.extend(batch.transpose()?);
            }
        }
        let revision = Revision {
            source: &self.unit.source,
            dataset: &self.unit.dataset,
            cause: pull.cause,
            seen_at: pull.seen_at,
        };
        let changed = restatements(&old, &new, &revision)?;
        let mut rows = changed.unwrap_or_else(|| RecordBatch::new_empty(schema(Table::Restatements, None)));
        let tries: Vec<&WindowRecord> = earlier.iter().filter(|try_| is_earlier_try(try_, wanted)).collect();
        for earlier in &tries {
            let carried = self.carried(earlier, published).await?;
            rows = chained(&carried, &rows, pull.seen_at)?;
        }
        if rows.num_rows() == 0 && tries.is_empty() {
            return Ok(None);
        }
        let record = WindowRecord { pulled_at: pull.seen_at, ..wanted.clone() };
        Ok(Some(Restatement { record, rows }))
    }

    /// What an earlier try has restated of the tables that it got to.
    async fn carried(&self, earlier: &WindowRecord, published: &[Published]) -> Result<RecordBatch> {
        let window = earlier.window.into();
        let all = self.warehouse.read_windows(self.provider, self.unit, Table::Restatements, &window).await?;
        let got_to = |name: &str| {
            let table = published.iter().find(|published| published.table.name() == name);
            table.is_some_and(|table| table.records.iter().any(|known| is_of(known, earlier)))
        };
        let (Some(names), Some(seen)) =
            (all.column_by_name(Column::TableName.name()), all.column_by_name(Column::SeenAt.name()))
        else {
            return Ok(RecordBatch::new_empty(schema(Table::Restatements, None)));
        };
        let (names, seen) = (names.as_string::<i32>(), seen.as_primitive::<TimestampMillisecondType>());
        let of_try = earlier.pulled_at.timestamp_millis();
        let keep: BooleanArray = (0..all.num_rows())
            .map(|row| Some(seen.value(row) == of_try && got_to(names.value(row))))
            .collect();
        filter_record_batch(&all, &keep).map_err(unpickable)
    }
}

/// What is published of one table.
struct Published {
    table: Table,
    /// Its place among the dataset's tables.
    index: usize,
    records: Vec<WindowRecord>,
    rows: RecordBatch,
}

/// Whether `restated` was a try of the pull that is now made: its number was not published.
fn is_earlier_try(restated: &WindowRecord, wanted: &WindowRecord) -> bool {
    restated.window == wanted.window && restated.pulls >= wanted.pulls
}

/// Whether `known`, of an object, is what `restated` spoke of. A commit may have raised its number.
fn is_of(known: &WindowRecord, restated: &WindowRecord) -> bool {
    known.window == restated.window
        && known.pulls >= restated.pulls
        && known.pull_digest == restated.pull_digest
        && known.content_digest == restated.content_digest
}

/// The rows whose bucket starts inside `window`.
fn within(rows: &RecordBatch, window: Window) -> Result<RecordBatch> {
    let starts = rows.column_by_name(Column::BucketStart.name());
    let starts = starts.and_then(|starts| starts.as_primitive_opt::<TimestampMillisecondType>());
    let Some(starts) = starts else { return Ok(rows.clone()) };
    let (from, to) = (window.start().timestamp_millis(), window.end().timestamp_millis());
    let keep: BooleanArray = starts.values().iter().map(|at| Some(from <= *at && *at < to)).collect();
    filter_record_batch(rows, &keep).map_err(unpickable)
}

fn unpickable(error: arrow::error::ArrowError) -> Error {
    Error::new(ErrorKind::Internal, "cannot pick rows").with_source(error)
}
