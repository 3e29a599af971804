//! A column of fixed-size values under construction.

use std::cmp::Ordering;

use arrow::array::builder::NullBufferBuilder;
use arrow::buffer::{BooleanBuffer, NullBuffer};

/// The values of one column by row. Rows that are skipped are null; the last row may be set again or dropped.
#[derive(Debug)]
pub(crate) struct FixedColumn<T> {
    values: Vec<T>,
    nulls: NullBufferBuilder,
}

impl<T: Copy + Default + Ord> FixedColumn<T> {
    pub(crate) fn new() -> Self {
        Self { values: Vec::new(), nulls: NullBufferBuilder::new(0) }
    }

    /// Sets the value of `row`. Rows after it are dropped, unset rows before it become null.
    #[inline]
    pub(crate) fn set(&mut self, row: usize, value: T) {
        if self.values.len() != row {
            self.resize(row);
        }
        self.values.push(value);
        self.nulls.append_non_null();
    }

    /// Makes the column `rows` long: drops what is beyond, adds nulls for what is missing.
    pub(crate) fn resize(&mut self, rows: usize) {
        let missing = rows.saturating_sub(self.values.len());
        if missing > 0 {
            self.nulls.append_n_nulls(missing);
            self.values.resize(rows, T::default());
        } else {
            self.truncate(rows);
        }
    }

    /// Drops what is beyond `rows`.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        self.nulls.truncate(self.values.len());
    }

    pub(crate) fn get(&self, row: usize) -> Option<T> {
        let value = *self.values.get(row)?;
        self.nulls.is_valid(row).then_some(value)
    }

    /// How two rows compare; null comes first.
    pub(crate) fn compare(&self, left: usize, right: usize) -> Ordering {
        self.get(left).cmp(&self.get(right))
    }

    /// Whether no row was given a value.
    pub(crate) fn is_untouched(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether the first `rows` rows all hold the same.
    pub(crate) fn is_constant(&self, rows: usize) -> bool {
        if self.values.is_empty() {
            return true;
        }
        let complete = self.values.len() == rows && self.nulls.as_slice().is_none();
        complete && self.values.iter().all(|value| *value == self.values[0])
    }

    /// The first of `rows` rows that has no value.
    pub(crate) fn first_null(&self, rows: usize) -> Option<usize> {
        if self.nulls.as_slice().is_none() && self.values.len() >= rows {
            return None;
        }
        (0..rows).find(|row| self.get(*row).is_none())
    }

    /// The first row whose value fails `allowed`. Nulls are given to it as the default value.
    pub(crate) fn first_outside(&self, allowed: impl Fn(T) -> bool) -> Option<usize> {
        self.values.iter().position(|value| !allowed(*value))
    }

    /// Values (the default under nulls) and nulls of the first `rows` rows, or of the rows that `order` names.
    pub(crate) fn take(mut self, order: Option<&[u32]>, rows: usize) -> (Vec<T>, Option<NullBuffer>) {
        self.resize(rows);
        let nulls = self.nulls.build();
        let Some(order) = order else { return (self.values, nulls) };
        let values = order.iter().map(|row| self.values[*row as usize]).collect();
        let taken = |nulls: NullBuffer| {
            NullBuffer::new(BooleanBuffer::collect_bool(order.len(), |at| nulls.is_valid(order[at] as usize)))
        };
        (values, nulls.map(taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_rows_are_null_and_a_dropped_row_leaves_nothing() {
        let mut column = FixedColumn::<i64>::new();
        column.set(2, 7);
        column.set(3, 8);
        column.set(3, 9);
        column.truncate(3);
        column.set(4, 5);
        assert_eq!(
            (0..6).map(|row| column.get(row)).collect::<Vec<_>>(),
            [None, None, Some(7), None, Some(5), None]
        );
        let (values, nulls) = column.take(Some(&[5, 4, 2]), 6);
        assert_eq!(values, [0, 5, 7]);
        assert_eq!(nulls.unwrap().iter().collect::<Vec<_>>(), [false, true, true]);
    }

    #[test]
    fn a_column_with_a_null_among_values_is_not_constant() {
        let mut column = FixedColumn::<i64>::new();
        assert!(column.is_constant(3));
        column.set(0, 1);
        column.set(1, 1);
        assert!(column.is_constant(2));
        assert!(!column.is_constant(3));
        column.set(2, 2);
        assert!(!column.is_constant(3));
    }

    #[test]
    fn a_column_whose_every_row_is_set_carries_no_nulls() {
        let mut column = FixedColumn::<i64>::new();
        (0..3).for_each(|row| column.set(row, 3 - row as i64));
        assert_eq!(column.take(None, 3), (vec![3, 2, 1], None));
    }
}
