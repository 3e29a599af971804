//! A column under construction, of whichever type its definition names.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal64Array, Decimal128Array, Int64Array, StringArray,
    TimestampMillisecondArray, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use highwater_core::ColumnType;

use crate::fixed_column::FixedColumn;
use crate::packing::repeated;
use crate::schema::data_type;
use crate::text_column::TextColumn;

/// The values of one column. Seconds are microseconds, instants milliseconds, values millionths.
#[derive(Debug)]
pub(crate) enum ColumnStore {
    /// The same in every row and known only at the end.
    Filled,
    Text(TextColumn),
    Int(FixedColumn<i64>),
    Seconds(FixedColumn<i64>),
    Instant(FixedColumn<i64>),
    Value(FixedColumn<i128>),
    Flag(FixedColumn<bool>),
}

macro_rules! on_column {
    ($store:expr, $column:ident => $do:expr, filled => $filled:expr) => {
        match $store {
            ColumnStore::Filled => $filled,
            ColumnStore::Text($column) => $do,
            ColumnStore::Int($column) | ColumnStore::Seconds($column) | ColumnStore::Instant($column) => $do,
            ColumnStore::Value($column) => $do,
            ColumnStore::Flag($column) => $do,
        }
    };
}

impl ColumnStore {
    pub(crate) fn new(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Text => Self::Text(TextColumn::default()),
            ColumnType::Int => Self::Int(FixedColumn::new()),
            ColumnType::Seconds => Self::Seconds(FixedColumn::new()),
            ColumnType::Instant => Self::Instant(FixedColumn::new()),
            ColumnType::Value => Self::Value(FixedColumn::new()),
            ColumnType::Flag => Self::Flag(FixedColumn::new()),
        }
    }

    /// Drops what is beyond `rows`.
    pub(crate) fn truncate(&mut self, rows: usize) {
        on_column!(self, column => column.truncate(rows), filled => {});
    }

    /// How two rows compare; null comes first.
    pub(crate) fn compare(&self, left: usize, right: usize) -> Ordering {
        on_column!(self, column => column.compare(left, right), filled => Ordering::Equal)
    }

    /// Whether no row was ever given a value here, and none is filled in.
    pub(crate) fn is_untouched(&self) -> bool {
        on_column!(self, column => column.is_untouched(), filled => false)
    }

    /// Whether the first `rows` rows are known to hold the same.
    pub(crate) fn is_constant(&self, rows: usize) -> bool {
        on_column!(self, column => column.is_constant(rows), filled => true)
    }

    /// The first of `rows` rows that has no value.
    pub(crate) fn first_null(&self, rows: usize) -> Option<usize> {
        on_column!(self, column => column.first_null(rows), filled => None)
    }

    /// The packed array of the first `rows` rows, or of the rows that `order` names; at least one. `texts` are those that
    /// the column is ranked by. A column that is filled in at the end gives nulls.
    ///
    /// # Errors
    /// When there are too many rows for an array.
    pub(crate) fn into_array(
        self,
        kind: ColumnType,
        order: Option<&[u32]>,
        rows: usize,
        texts: &Arc<StringArray>,
    ) -> Result<ArrayRef, ArrowError> {
        let length = order.map_or(rows, <[u32]>::len);
        if self.is_untouched() || matches!(self, Self::Filled) {
            return repeated(&new_null_array(&packed_type(kind), 1), length);
        }
        // The first of the rows may be one that was made of others, at their end.
        let first = order.and_then(|order| order.first()).copied().unwrap_or(0);
        if self.is_constant(rows) {
            let one = self.gather(Some(&[first]), rows, texts);
            return repeated(&cast(&one, &packed_type(kind))?, length);
        }
        Ok(self.gather(order, rows, texts))
    }

    fn gather(self, order: Option<&[u32]>, rows: usize, texts: &Arc<StringArray>) -> ArrayRef {
        match self {
            Self::Filled => new_null_array(&DataType::Utf8, order.map_or(rows, <[u32]>::len)),
            Self::Text(column) => column.into_array(order, rows, texts),
            Self::Int(column) => {
                let (values, nulls) = column.take(order, rows);
                Arc::new(Int64Array::new(values.into(), nulls))
            }
            Self::Instant(column) => {
                let (values, nulls) = column.take(order, rows);
                Arc::new(TimestampMillisecondArray::new(values.into(), nulls))
            }
            Self::Seconds(column) => {
                let (values, nulls) = column.take(order, rows);
                let values = Decimal64Array::new(values.into(), nulls);
                Arc::new(values.with_data_type(packed_type(ColumnType::Seconds)))
            }
            Self::Value(column) => {
                let (values, nulls) = column.take(order, rows);
                let values = Decimal128Array::new(values.into(), nulls);
                Arc::new(values.with_data_type(data_type(ColumnType::Value)))
            }
            Self::Flag(column) => {
                let (values, nulls) = column.take(order, rows);
                Arc::new(BooleanArray::new(values.into(), nulls))
            }
        }
    }
}

/// The type that values of a column are held in while they wait to be written.
fn packed_type(kind: ColumnType) -> DataType {
    match data_type(kind) {
        DataType::Decimal128(precision @ ..=18, scale) => DataType::Decimal64(precision, scale),
        other => other,
    }
}
