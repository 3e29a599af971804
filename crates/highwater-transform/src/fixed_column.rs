//! A column of fixed-size values under construction.

use std::cmp::Ordering;

use arrow::array::builder::NullBufferBuilder;
use arrow::buffer::{BooleanBuffer, NullBuffer};

/// The values of one column by row. Rows that are skipped are null; the last row may be set again or dropped.
#[derive(Debug)]
pub(crate) struct FixedColumn<T> {
    /// While every row holds the same, from the first one on: that value, and how many rows there are.
    same: Option<(T, usize)>,
    values: Vec<T>,
    nulls: NullBufferBuilder,
}

impl<T: Copy + Default + Ord> Default for FixedColumn<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Copy + Default + Ord> FixedColumn<T> {
    pub(crate) fn new() -> Self {
        Self { same: None, values: Vec::new(), nulls: NullBufferBuilder::new(0) }
    }

    /// Sets the value of `row`. Rows after it are dropped, unset rows before it become null.
    #[inline]
    pub(crate) fn set(&mut self, row: usize, value: T) {
        match &mut self.same {
            Some((same, rows)) if *rows == row && *same == value => *rows += 1,
            _ => self.set_other(row, value),
        }
    }

    #[inline]
    fn set_other(&mut self, row: usize, value: T) {
        if row == 0 {
            self.truncate(0);
            self.same = Some((value, 1));
            return;
        }
        self.spread();
        if self.values.len() != row {
            self.resize(row);
        }
        self.values.push(value);
        self.nulls.append_non_null();
    }

    /// Writes the value that all rows hold out for each of them.
    fn spread(&mut self) {
        if let Some((same, rows)) = self.same.take() {
            self.values.resize(rows, same);
            self.nulls.append_n_non_nulls(rows);
        }
    }

    /// Makes the column `rows` long: drops what is beyond, adds nulls for what is missing.
    pub(crate) fn resize(&mut self, rows: usize) {
        if self.same.is_some_and(|(_, held)| held < rows) {
            self.spread();
        }
        let missing = rows.saturating_sub(self.values.len());
        if missing > 0 && self.same.is_none() {
            self.nulls.append_n_nulls(missing);
            self.values.resize(rows, T::default());
        } else {
            self.truncate(rows);
        }
    }

    /// Drops what is beyond `rows`.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.same = self.same.map(|(same, held)| (same, held.min(rows))).filter(|(_, held)| *held > 0);
        self.values.truncate(rows);
        self.nulls.truncate(self.values.len());
    }

    pub(crate) fn get(&self, row: usize) -> Option<T> {
        if let Some((same, rows)) = self.same {
            return (row < rows).then_some(same);
        }
        let value = *self.values.get(row)?;
        self.nulls.is_valid(row).then_some(value)
    }

    /// Puts another value in the place of each; what stands under nulls is replaced too.
    pub(crate) fn replace(&mut self, other: impl Fn(T) -> T) {
        self.same = self.same.map(|(same, rows)| (other(same), rows));
        self.values.iter_mut().for_each(|value| *value = other(*value));
    }

    /// The greatest value, or the default where there are nulls and none is greater.
    pub(crate) fn greatest(&self) -> Option<T> {
        self.same.map(|(same, _)| same).or_else(|| self.values.iter().copied().max())
    }

    /// How two rows compare; null comes first.
    pub(crate) fn compare(&self, left: usize, right: usize) -> Ordering {
        self.get(left).cmp(&self.get(right))
    }

    /// Whether no row was given a value.
    pub(crate) fn is_untouched(&self) -> bool {
        self.same.is_none() && self.values.is_empty()
    }

    /// Whether the first `rows` rows are known to hold the same.
    pub(crate) fn is_constant(&self, rows: usize) -> bool {
        if let Some((_, held)) = self.same {
            return held == rows;
        }
        if self.values.is_empty() {
            return true;
        }
        let complete = self.values.len() == rows && self.nulls.as_slice().is_none();
        complete && self.values.iter().all(|value| *value == self.values[0])
    }

    /// The first of `rows` rows that has no value.
    pub(crate) fn first_null(&self, rows: usize) -> Option<usize> {
        if let Some((_, held)) = self.same {
            return (held < rows).then_some(held);
        }
        if self.nulls.as_slice().is_none() && self.values.len() >= rows {
            return None;
        }
        (0..rows).find(|row| self.get(*row).is_none())
    }

    /// The first row whose value fails `allowed`. Nulls are given to it as the default value.
    pub(crate) fn first_outside(&self, allowed: impl Fn(T) -> bool) -> Option<usize> {
        if let Some((same, _)) = self.same {
            return (!allowed(same)).then_some(0);
        }
        self.values.iter().position(|value| !allowed(*value))
    }

    /// Values (the default under nulls) and nulls of the first `rows` rows, or of the rows that `order` names.
    pub(crate) fn take(mut self, order: Option<&[u32]>, rows: usize) -> (Vec<T>, Option<NullBuffer>) {
        self.resize(rows);
        if let Some((same, _)) = self.same {
            return (vec![same; order.map_or(rows, <[u32]>::len)], None);
        }
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
    use proptest::prelude::*;

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

    proptest! {
        /// Rows are set in order, some of them again or after others were dropped, as a sink does.
        #[test]
        fn a_column_holds_what_was_set_whether_or_not_rows_are_the_same(
            steps in prop::collection::vec((0..3_usize, 0..3_i64, any::<bool>()), 0..24),
        ) {
            let (mut column, mut model) = (FixedColumn::<i64>::new(), Vec::<Option<i64>>::new());
            for (skipped, value, drop) in steps {
                if drop {
                    let rows = model.len().saturating_sub(skipped);
                    column.truncate(rows);
                    model.truncate(rows);
                    while model.last() == Some(&None) { model.pop(); }
                    column.truncate(model.len());
                } else {
                    let row = model.len() + skipped;
                    column.set(row, value);
                    model.resize(row, None);
                    model.push(Some(value));
                }
            }
            let rows = model.len();
            prop_assert_eq!((0..rows + 2).map(|row| column.get(row)).collect::<Vec<_>>(), [model.clone(), vec![None; 2]].concat());
            prop_assert_eq!(column.first_null(rows), model.iter().position(Option::is_none));
            prop_assert_eq!(column.first_outside(|value| value < 2), model.iter().position(|value| value.unwrap_or(0) >= 2));
            let constant = model.iter().all(|value| value.is_some() && *value == model[0]);
            prop_assert!(constant || !column.is_constant(rows));
            let order: Vec<u32> = (0..rows as u32).rev().collect();
            let (values, nulls) = column.take(Some(&order), rows);
            let taken: Vec<Option<i64>> = (0..rows)
                .map(|at| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(at)).then_some(values[at]))
                .collect();
            prop_assert_eq!(taken, model.into_iter().rev().collect::<Vec<_>>());
        }
    }
}
