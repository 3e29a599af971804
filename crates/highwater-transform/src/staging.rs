//! Staging: where decoders put the rows of one pull, and how they become batches.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, StringArray, TimestampMillisecondArray};
use arrow::datatypes::Int32Type;
use chrono::{DateTime, Utc};
use highwater_core::{
    Column, DatasetSpec, Error, ErrorKind, Result, RunId, Seconds, Sink, SourceName, Table, Window,
};

use crate::column_store::ColumnStore;
use crate::digest::content_digest;
use crate::duplicates::distinct;
use crate::key_order::key_order;
use crate::normalised::{Normalised, Reject, TableBatch};
use crate::table_rows::TableRows;
use crate::text_pool::{Code, TextPools};
use crate::verify::verify;

/// The columns that are the same in every row of a pull.
const FILLED: [Column; 4] = [Column::Source, Column::Dataset, Column::ExtractedAt, Column::RunIdColumn];

/// What a pull's rows belong to.
#[derive(Clone, Debug)]
pub struct StagingContext {
    /// The source.
    pub source: SourceName,
    /// The dataset.
    pub spec: Arc<DatasetSpec>,
    /// The span that is pulled.
    pub window: Window,
    /// When it is pulled.
    pub extracted_at: DateTime<Utc>,
    /// The run that pulls it.
    pub run_id: RunId,
    /// Whether every bucket must be one of the dataset's grain inside `window`. Off where rows are only looked at and
    /// the span was asked for freely.
    pub check_buckets: bool,
}

/// Takes the rows of one pull through [`Sink`]. Values go straight into columns; what is staged and not committed is
/// taken back. The pages of the pull may come in any order.
#[derive(Debug)]
pub struct Staging {
    context: StagingContext,
    tables: Vec<TableRows>,
    texts: TextPools,
    current: usize,
    staged: bool,
    /// The table of the row that was just committed.
    committed: Option<usize>,
    bucket: (Window, i64, i64),
    operation: String,
    rejects: Vec<Reject>,
    unknown_fields: BTreeMap<String, u64>,
    misuse: Option<String>,
}

impl Staging {
    /// No rows yet.
    #[must_use]
    pub fn new(context: StagingContext) -> Self {
        let tables = context.spec.tables().map(|table| TableRows::new(table, &FILLED)).collect();
        let bucket = milliseconds(context.window);
        Self {
            context,
            tables,
            texts: TextPools::new(),
            current: 0,
            staged: false,
            committed: None,
            bucket,
            operation: String::new(),
            rejects: Vec::new(),
            unknown_fields: BTreeMap::new(),
            misuse: None,
        }
    }

    /// Says which operation the next page comes from: what its rejects are filed under.
    pub fn start_page(&mut self, operation: &str) {
        operation.clone_into(&mut self.operation);
        self.committed = None;
    }

    /// Rows committed until now, over all tables, before any combine.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|rows| rows.len() as u64).sum()
    }

    /// Verifies, sorts and combines the rows. Pure, and the same for the same rows in whatever order they came.
    ///
    /// # Errors
    /// `Internal` when the decoder set what it may not, left out a part of a key or let a negative measure through;
    /// `Drift` when a bucket lies outside the span or is not one of the grain, an instant is beyond all dates, or a sum
    /// grows too large; `Mismatch` when rows of one key contradict each other. All name table, column and key.
    pub fn finish(mut self) -> Result<Normalised> {
        self.take_back();
        let (context, spec) = (&self.context, &*self.context.spec);
        if let Some(misuse) = self.misuse {
            let message = format!("the decoder misused its sink: dataset=`{}` {misuse}", spec.name);
            return Err(Error::new(ErrorKind::Internal, message));
        }
        let span = context.check_buckets.then_some(context.window);
        let texts = Arc::new(self.texts.ranked());
        let (mut collapsed, mut summed, mut tables) = (0, 0, Vec::with_capacity(self.tables.len()));
        for mut rows in self.tables {
            rows.rank(&texts);
            verify(&rows, spec, span)?;
            let order = key_order(&rows);
            let kept = distinct(&mut rows, order, spec.duplicates)?;
            (collapsed, summed) = (collapsed + kept.collapsed, summed + kept.summed);
            let table = rows.table();
            let batch = rows.into_batch(kept.rows.as_deref(), |column| filled(context, column))?;
            tables.push(TableBatch { table, batch });
        }
        self.rejects.sort_unstable();
        Ok(Normalised {
            window: context.window,
            rows: tables.iter().map(|table| table.batch.num_rows() as u64).sum(),
            content_digest: content_digest(&tables),
            bytes: tables.iter().map(row_bytes).sum::<u64>() + texts.bytes() as u64,
            tables,
            collapsed,
            summed,
            rejects: self.rejects,
            unknown_fields: self.unknown_fields,
        })
    }

    fn take_back(&mut self) {
        if self.staged {
            self.staged = false;
            self.tables[self.current].drop_staged();
        }
    }

    /// The number of the staged row and its values of `column`; `None` where they are not the decoder's to set.
    #[inline]
    fn staged(&mut self, column: Column) -> Option<(usize, &mut ColumnStore)> {
        if !self.staged || matches!(column, Column::BucketStart | Column::BucketEnd) {
            return None;
        }
        let rows = &mut self.tables[self.current];
        let row = rows.len();
        rows.column_mut(column).map(|values| (row, values))
    }

    /// Type and id of the resource that the row just committed is about.
    #[inline]
    fn committed_resource(&self) -> Option<[(Column, Code); 2]> {
        let rows = &self.tables[self.committed?];
        let named = |column| match rows.column(column) {
            Some(ColumnStore::Text(values)) => Some(values.get(rows.len() - 1)).filter(|code| *code != 0),
            _ => None,
        };
        let [kind, id] = [Column::ResourceType, Column::ResourceId];
        Some([(kind, named(kind)?), (id, named(id)?)])
    }

    #[cold]
    fn misused(&mut self, column: Column, given: &str) {
        if self.misuse.is_none() {
            self.misuse = Some(if self.staged {
                let table = self.tables[self.current].table();
                format!("{given} was set where it may not be: column=`{table}.{column}`")
            } else {
                format!("{given} was set while no row was staged: column=`{column}`")
            });
        }
    }
}

impl Sink for Staging {
    #[inline]
    fn begin(&mut self, table: Table, bucket: Window) {
        self.take_back();
        self.committed = None;
        let Some(current) = self.tables.iter().position(|rows| rows.table() == table) else {
            self.misuse
                .get_or_insert_with(|| format!("a row of a table that it does not feed: table=`{table}`"));
            return;
        };
        if self.bucket.0 != bucket {
            self.bucket = milliseconds(bucket);
        }
        self.current = current;
        self.staged = true;
        let rows = &mut self.tables[current];
        let row = rows.len();
        for (column, instant) in [(Column::BucketStart, self.bucket.1), (Column::BucketEnd, self.bucket.2)] {
            match rows.column_mut(column) {
                Some(ColumnStore::Instant(values)) => values.set(row, instant),
                _ => return self.misused(column, "a bucket"),
            }
        }
    }

    #[inline]
    fn begin_another(&mut self, table: Table) {
        let Some(resource) = self.committed_resource() else {
            self.misuse
                .get_or_insert_with(|| format!("no resource that another row is about: table=`{table}`"));
            return self.take_back();
        };
        self.begin(table, self.bucket.0);
        for (column, code) in resource {
            match self.staged(column) {
                Some((row, ColumnStore::Text(values))) => values.set(row, code),
                _ => self.misused(column, "the resource of the row before"),
            }
        }
    }

    #[inline]
    fn text(&mut self, column: Column, value: &str) {
        let code = self.texts.code(column, value);
        match self.staged(column) {
            Some((row, ColumnStore::Text(values))) => values.set(row, code),
            _ => self.misused(column, "text"),
        }
    }

    #[inline]
    fn int(&mut self, column: Column, value: i64) {
        match self.staged(column) {
            Some((row, ColumnStore::Int(values))) => values.set(row, value),
            _ => self.misused(column, "an integer"),
        }
    }

    #[inline]
    fn seconds(&mut self, column: Column, value: Seconds) {
        match self.staged(column) {
            Some((row, ColumnStore::Seconds(values))) => values.set(row, value.micros()),
            _ => self.misused(column, "a number of seconds"),
        }
    }

    fn instant(&mut self, column: Column, value: DateTime<Utc>) {
        match self.staged(column) {
            Some((row, ColumnStore::Instant(values))) => values.set(row, value.timestamp_millis()),
            _ => self.misused(column, "an instant"),
        }
    }

    fn flag(&mut self, column: Column, value: bool) {
        match self.staged(column) {
            Some((row, ColumnStore::Flag(values))) => values.set(row, value),
            _ => self.misused(column, "a flag"),
        }
    }

    #[inline]
    fn commit_row(&mut self) {
        if self.staged {
            self.staged = false;
            self.committed = Some(self.current);
            self.tables[self.current].commit();
        } else {
            self.misuse.get_or_insert_with(|| "a row was committed while none was staged".to_owned());
        }
    }

    fn reject_row(&mut self, reason: &str, path: &str, row: &str) {
        self.take_back();
        self.committed = None;
        self.rejects.push(Reject {
            operation: self.operation.clone(),
            path: path.to_owned(),
            reason: reason.to_owned(),
            row: row.to_owned(),
        });
    }

    fn unknown_field(&mut self, path: &str) {
        match self.unknown_fields.get_mut(path) {
            Some(count) => *count += 1,
            None => drop(self.unknown_fields.insert(path.to_owned(), 1)),
        }
    }
}

fn milliseconds(window: Window) -> (Window, i64, i64) {
    (window, window.start().timestamp_millis(), window.end().timestamp_millis())
}

/// The one value of a column that no decoder sets.
fn filled(context: &StagingContext, column: Column) -> ArrayRef {
    let text = match column {
        Column::Source => context.source.as_str(),
        Column::Dataset => context.spec.name.as_str(),
        Column::ExtractedAt => {
            let instant = context.extracted_at.timestamp_millis();
            return Arc::new(TimestampMillisecondArray::from_value(instant, 1));
        }
        _ => context.run_id.as_str(),
    };
    Arc::new(StringArray::from(vec![text]))
}

/// Bytes of a packed batch, dictionaries aside.
fn row_bytes(table: &TableBatch) -> u64 {
    let of = |column: &ArrayRef| match column.as_dictionary_opt::<Int32Type>() {
        Some(texts) => texts.keys().to_data().get_slice_memory_size(),
        None => column.to_data().get_slice_memory_size(),
    };
    table.batch.columns().iter().filter_map(|column| of(column).ok()).sum::<usize>() as u64
}

#[cfg(test)]
mod tests;
