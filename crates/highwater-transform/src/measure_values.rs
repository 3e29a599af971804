//! Reading measures back from batches, all in one unit of count.

use arrow::array::{Array, AsArray, Decimal128Array, Int64Array, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int64Type};
use highwater_core::Column;

/// The values of one measure in millionths of its unit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MeasureValues<'a> {
    Whole(&'a Int64Array),
    Millionths(&'a Decimal128Array),
}

impl<'a> MeasureValues<'a> {
    /// The values of `measure`; `None` where the batch has no such column of numbers.
    pub(crate) fn of(batch: &'a RecordBatch, measure: Column) -> Option<Self> {
        let values = batch.column_by_name(measure.name())?;
        let whole = values.as_primitive_opt::<Int64Type>().map(Self::Whole);
        whole.or_else(|| values.as_primitive_opt::<Decimal128Type>().map(Self::Millionths))
    }

    /// The value of `row`; `None` where it is null.
    pub(crate) fn get(self, row: usize) -> Option<i128> {
        match self {
            Self::Whole(values) => values.is_valid(row).then(|| i128::from(values.value(row)) * 1_000_000),
            Self::Millionths(values) => values.is_valid(row).then(|| values.value(row)),
        }
    }

    /// The sum; `None` where all are null.
    pub(crate) fn sum(self) -> Option<i128> {
        let rows = match self {
            Self::Whole(values) => values.len(),
            Self::Millionths(values) => values.len(),
        };
        (0..rows).filter_map(|row| self.get(row)).fold(None, |sum, value| Some(sum.unwrap_or(0) + value))
    }
}
