//! Batches of any table from rows given cell by cell: for what Highwater itself records.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use chrono::{DateTime, Utc};
use highwater_core::{Column, DatasetName, Error, ErrorKind, Result, SourceName, Table};

use crate::column_store::ColumnStore;
use crate::key_order::key_order;
use crate::packing::plain;
use crate::schema::schema;
use crate::table_rows::TableRows;
use crate::text_pool::TextPools;

/// One value of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// Text.
    Text(&'a str),
    /// A count or bytes.
    Int(i64),
    /// Seconds or another measure's value, in millionths of its unit.
    Micros(i128),
    /// An instant, kept to the millisecond.
    Instant(DateTime<Utc>),
    /// A flag.
    Flag(bool),
}

/// Collects rows of one table. `source` and `dataset` are filled in.
#[derive(Debug)]
pub struct RowsBuilder {
    rows: TableRows,
    texts: TextPools,
    source: SourceName,
    dataset: DatasetName,
    misuse: Option<String>,
}

impl RowsBuilder {
    /// No rows of `table` yet.
    #[must_use]
    pub fn new(table: Table, source: &SourceName, dataset: &DatasetName) -> Self {
        let rows = TableRows::new(table, &[Column::Source, Column::Dataset]);
        let texts = TextPools::new();
        Self { rows, texts, source: source.clone(), dataset: dataset.clone(), misuse: None }
    }

    /// Adds a row. Columns that are not named are null.
    pub fn row(&mut self, cells: &[(Column, Cell<'_>)]) -> &mut Self {
        for (column, cell) in cells {
            if !set(&mut self.rows, &mut self.texts, *column, *cell) && self.misuse.is_none() {
                let (table, kind) = (self.rows.table(), column.kind());
                self.misuse =
                    Some(format!("{cell:?} does not fit column=`{table}.{column}` kind=`{kind:?}`"));
            }
        }
        self.rows.commit();
        self
    }

    /// Whether no row was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    /// The rows, sorted by the table's key, null first.
    ///
    /// # Errors
    /// `Internal` when a cell did not fit its column, or a column that must have a value has none.
    pub fn finish(mut self) -> Result<RecordBatch> {
        if let Some(misuse) = self.misuse {
            return Err(Error::new(ErrorKind::Internal, misuse));
        }
        let table = self.rows.table();
        self.rows.rank(&Arc::new(self.texts.ranked()));
        let order = key_order(&self.rows);
        let batch = self.rows.into_batch(order.rows.as_deref(), |column| {
            let name = if column == Column::Source { self.source.as_str() } else { self.dataset.as_str() };
            Arc::new(StringArray::from(vec![name]))
        })?;
        plain(&batch, &schema(table, None))
    }
}

/// Sets one cell of the staged row; false when it does not fit.
fn set(rows: &mut TableRows, texts: &mut TextPools, column: Column, cell: Cell<'_>) -> bool {
    let row = rows.len();
    match (rows.column_mut(column), cell) {
        (Some(ColumnStore::Text(values)), Cell::Text(value)) => values.set(row, texts.code(column, value)),
        (Some(ColumnStore::Int(values)), Cell::Int(value)) => values.set(row, value),
        (Some(ColumnStore::Value(values)), Cell::Micros(value)) => values.set(row, value),
        (Some(ColumnStore::Seconds(values)), Cell::Micros(value)) => match i64::try_from(value) {
            Ok(value) => values.set(row, value),
            Err(_) => return false,
        },
        (Some(ColumnStore::Instant(values)), Cell::Instant(value)) => {
            values.set(row, value.timestamp_millis())
        }
        (Some(ColumnStore::Flag(values)), Cell::Flag(value)) => values.set(row, value),
        (Some(store), Cell::Null) if !matches!(store, ColumnStore::Filled) => store.truncate(row),
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::at;
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{Int64Type, TimestampMillisecondType};

    fn coverage() -> RowsBuilder {
        RowsBuilder::new(Table::Coverage, &SourceName::new("s").unwrap(), &DatasetName::new("d").unwrap())
    }

    fn hour(hour: u32) -> Cell<'static> {
        Cell::Instant(at(hour))
    }

    #[test]
    fn rows_come_out_sorted_by_key_with_nulls_where_nothing_was_set() {
        let mut rows = coverage();
        for (start, count) in [(2, Cell::Null), (1, Cell::Int(7))] {
            rows.row(&[
                (Column::WindowStart, hour(start)),
                (Column::WindowEnd, hour(start + 1)),
                (Column::State, Cell::Text("loaded")),
                (Column::Rows, count),
                (Column::AsOf, hour(9)),
            ]);
        }
        let batch = rows.finish().unwrap();
        let starts = batch["window_start"].as_primitive::<TimestampMillisecondType>();
        assert_eq!(starts.values()[..], [at(1).timestamp_millis(), at(2).timestamp_millis()]);
        let counts = batch["rows"].as_primitive::<Int64Type>();
        assert_eq!(counts.iter().collect::<Vec<_>>(), [Some(7), None]);
        assert_eq!(batch["verdict"].null_count(), 2);
        assert_eq!(batch["source"].as_string::<i32>().value(1), "s");
    }

    #[test]
    fn a_cell_of_another_type_or_a_missing_key_is_our_own_defect() {
        let all = [(Column::WindowStart, hour(1)), (Column::AsOf, hour(9))];
        let refused = |cells: &[(Column, Cell<'_>)]| {
            let mut rows = coverage();
            rows.row(&all).row(cells);
            let error = rows.finish().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Internal);
            error.chain()
        };
        assert!(refused(&[(Column::Rows, Cell::Text("7"))]).contains("coverage.rows"));
        assert!(refused(&[(Column::Measure, Cell::Text("x"))]).contains("coverage.measure"));
        assert!(refused(&[(Column::Source, Cell::Null)]).contains("coverage.source"));
        assert!(refused(&[(Column::AsOf, hour(9))]).contains("window_start"));
    }

    #[test]
    fn no_rows_make_an_empty_batch_of_the_table() {
        let batch = coverage().finish().unwrap();
        assert_eq!((batch.num_rows(), batch.schema()), (0, schema(Table::Coverage, None)));
    }
}
