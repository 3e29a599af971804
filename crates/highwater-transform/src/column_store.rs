//! A column under construction, of whichever type its definition names.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Int64Array, TimestampMillisecondArray, new_null_array,
};
use arrow::buffer::NullBuffer;
use highwater_core::ColumnType;

use crate::fixed_column::FixedColumn;
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
            ColumnType::Text => Self::Text(TextColumn::new()),
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

    /// The Arrow array of the first `rows` rows, or of the rows that `order` names. `None` when text outgrows an array.
    /// A column that is filled in at the end gives nulls.
    pub(crate) fn into_array(self, order: Option<&[u32]>, rows: usize) -> Option<ArrayRef> {
        Some(match self {
            Self::Filled => new_null_array(&data_type(ColumnType::Text), order.map_or(rows, <[u32]>::len)),
            Self::Text(column) => Arc::new(column.take(order, rows)?),
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
                decimals(values.into_iter().map(i128::from).collect(), nulls, ColumnType::Seconds)
            }
            Self::Value(column) => {
                let (values, nulls) = column.take(order, rows);
                decimals(values, nulls, ColumnType::Value)
            }
            Self::Flag(column) => {
                let (values, nulls) = column.take(order, rows);
                Arc::new(BooleanArray::new(values.into(), nulls))
            }
        })
    }
}

fn decimals(values: Vec<i128>, nulls: Option<NullBuffer>, kind: ColumnType) -> ArrayRef {
    Arc::new(Decimal128Array::new(values.into(), nulls).with_data_type(data_type(kind)))
}
