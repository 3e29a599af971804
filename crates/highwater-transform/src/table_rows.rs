//! The rows of one table under construction, column by column.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use chrono::DateTime;
use highwater_core::{Column, Error, ErrorKind, Result, Table, format_instant};

use crate::column_store::ColumnStore;
use crate::packing::repeated;
use crate::ranked_texts::RankedTexts;
use crate::schema::schema;
use crate::slots::Slots;

/// Committed rows, and at most one staged row behind them.
#[derive(Debug)]
pub(crate) struct TableRows {
    table: Table,
    slots: &'static Slots,
    columns: Vec<ColumnStore>,
    texts: Arc<RankedTexts>,
    rows: usize,
}

impl TableRows {
    /// No rows of `table` yet. The columns in `filled` take no values: they are the same in every row.
    pub(crate) fn new(table: Table, filled: &[Column]) -> Self {
        let store = |column: &Column| {
            if filled.contains(column) { ColumnStore::Filled } else { ColumnStore::new(column.kind()) }
        };
        let columns = table.def().columns.iter().map(store).collect();
        Self { table, slots: Slots::of(table), columns, texts: Arc::default(), rows: 0 }
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

    /// Lets texts compare: by their ranks instead of the numbers that they were given when they came.
    pub(crate) fn rank(&mut self, texts: &Arc<RankedTexts>) {
        for (column, store) in self.table.def().columns.iter().zip(&mut self.columns) {
            if let ColumnStore::Text(codes) = store {
                codes.rank(texts.ranks(*column));
            }
        }
        self.texts = Arc::clone(texts);
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
                Some(ColumnStore::Text(values)) => {
                    let place = (values.get(row) as usize).checked_sub(1);
                    place.map(|place| self.texts.texts(*column).value(place).to_owned())
                }
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

    /// The rows that `order` names, or all as they came, as a packed batch. `filled` gives the one value of a column that
    /// took none.
    ///
    /// # Errors
    /// `Internal` when a column holds more text than an array can.
    pub(crate) fn into_batch(
        self,
        order: Option<&[u32]>,
        filled: impl Fn(Column) -> ArrayRef,
    ) -> Result<RecordBatch> {
        let length = order.map_or(self.rows, <[u32]>::len);
        let (table, rows, texts) = (self.table, self.rows, self.texts);
        if length == 0 {
            return Ok(RecordBatch::new_empty(schema(table, None)));
        }
        let none = Arc::new(StringArray::new_null(0));
        let array = |(column, store): (&Column, ColumnStore)| match store {
            ColumnStore::Filled => repeated(&filled(*column), length),
            ColumnStore::Text(_) if texts.overflowed(*column) => Err(ArrowError::InvalidArgumentError(
                format!("more text than one column of a pull can hold: column=`{table}.{column}`"),
            )),
            ColumnStore::Text(_) => store.into_array(column.kind(), order, rows, &texts.texts(*column)),
            store => store.into_array(column.kind(), order, rows, &none),
        };
        let def = table.def();
        let arrays = def.columns.iter().zip(self.columns).map(array).collect::<Result<Vec<_>, _>>();
        let batch = arrays.and_then(|arrays| {
            let fields = def.columns.iter().zip(&arrays).map(|(column, array)| {
                Field::new(column.name(), array.data_type().clone(), def.is_nullable(*column))
            });
            let schema = Schema::new(fields.collect::<Vec<_>>());
            let options = RecordBatchOptions::new().with_row_count(Some(length));
            RecordBatch::try_new_with_options(Arc::new(schema), arrays, &options)
        });
        batch.map_err(|error| {
            let message = format!("rows do not fit their table: table=`{table}`");
            Error::new(ErrorKind::Internal, message).with_source(error)
        })
    }
}
