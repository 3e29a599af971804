//! The rows of one table under construction, column by column.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::{Field, FieldRef, SchemaRef};
use chrono::DateTime;
use highwater_core::{Column, Error, ErrorKind, Result, Table, format_instant};

use crate::column_store::ColumnStore;
use crate::slots::Slots;

/// Committed rows, and at most one staged row behind them.
#[derive(Debug)]
pub(crate) struct TableRows {
    table: Table,
    slots: &'static Slots,
    columns: Vec<ColumnStore>,
    rows: usize,
}

impl TableRows {
    /// No rows of `table` yet. The columns in `filled` take no values: they are the same in every row.
    pub(crate) fn new(table: Table, filled: &[Column]) -> Self {
        let store = |column: &Column| {
            if filled.contains(column) { ColumnStore::Filled } else { ColumnStore::new(column.kind()) }
        };
        let columns = table.def().columns.iter().map(store).collect();
        Self { table, slots: Slots::of(table), columns, rows: 0 }
    }

    pub(crate) fn table(&self) -> Table {
        self.table
    }

    /// The committed rows.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// The values of `column`, to be set at row [`len`](Self::len); `None` when the table lacks it.
    #[inline]
    pub(crate) fn column_mut(&mut self, column: Column) -> Option<&mut ColumnStore> {
        self.columns.get_mut(self.slots.position(column))
    }

    /// The values of `column`, if the table has it.
    pub(crate) fn column(&self, column: Column) -> Option<&ColumnStore> {
        self.columns.get(self.slots.position(column))
    }

    /// Every column with its values, in order.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (Column, &ColumnStore)> {
        self.table.def().columns.iter().copied().zip(&self.columns)
    }

    /// The key columns with their values, in sorting order.
    pub(crate) fn key(&self) -> impl Iterator<Item = &ColumnStore> {
        self.table.def().key.iter().filter_map(|column| self.column(*column))
    }

    /// Keeps the staged row and returns its position.
    #[inline]
    pub(crate) fn commit(&mut self) -> usize {
        self.rows += 1;
        self.rows - 1
    }

    /// Drops the staged row.
    pub(crate) fn drop_staged(&mut self) {
        let rows = self.rows;
        self.columns.iter_mut().for_each(|column| column.truncate(rows));
    }

    /// The columns in which two rows differ.
    pub(crate) fn differing(&self, left: usize, right: usize) -> Vec<Column> {
        let differs = |(_, store): &(Column, &ColumnStore)| store.compare(left, right) != Ordering::Equal;
        self.columns().filter(differs).map(|(column, _)| column).collect()
    }

    /// The key of `row`, for people: ``resource_id=`a` bucket_start=`…` ``.
    pub(crate) fn key_text(&self, row: usize) -> String {
        let mut text = String::new();
        for column in self.table.def().key {
            let value = match self.column(*column) {
                Some(ColumnStore::Text(values)) => values.get(row).map(str::to_owned),
                Some(ColumnStore::Instant(values)) => {
                    values.get(row).and_then(DateTime::from_timestamp_millis).map(format_instant)
                }
                _ => None,
            };
            if let Some(value) = value {
                let gap = if text.is_empty() { "" } else { " " };
                write!(text, "{gap}{column}=`{value}`").expect("text grows");
            }
        }
        text
    }

    /// The rows that `order` names, or all as they came, as a batch of `schema`. `filled` gives a column that took no
    /// values, at least as long as the batch.
    ///
    /// # Errors
    /// `Internal` when a column holds more text than an array can, or the batch does not fit the schema.
    pub(crate) fn into_batch(
        self,
        order: Option<&[u32]>,
        schema: SchemaRef,
        filled: impl Fn(Column) -> ArrayRef,
    ) -> Result<RecordBatch> {
        let length = order.map_or(self.rows, <[u32]>::len);
        let (table, rows) = (self.table, self.rows);
        // Columns that the provider says nothing of are most of a table: those of one type are one array.
        let mut nulls: Vec<ArrayRef> = Vec::new();
        let mut null = |field: &Field| {
            let kind = field.data_type();
            let known = nulls.iter().find(|array| array.data_type() == kind).cloned();
            known.unwrap_or_else(|| {
                nulls.push(new_null_array(kind, length));
                Arc::clone(&nulls[nulls.len() - 1])
            })
        };
        let array = |((column, field), store): ((&Column, &FieldRef), ColumnStore)| match store {
            ColumnStore::Filled => Ok(filled(*column).slice(0, length)),
            store if store.is_untouched() => Ok(null(field)),
            store => store.into_array(order, rows).ok_or_else(|| {
                let message =
                    format!("more text than one column of a pull can hold: column=`{table}.{column}`");
                Error::new(ErrorKind::Internal, message)
            }),
        };
        let columns = table.def().columns.iter().zip(schema.fields()).zip(self.columns);
        let arrays = columns.map(array).collect::<Result<Vec<_>>>()?;
        RecordBatch::try_new(schema, arrays).map_err(|error| {
            let message = format!("rows do not fit their table: table=`{table}`");
            Error::new(ErrorKind::Internal, message).with_source(error)
        })
    }
}
