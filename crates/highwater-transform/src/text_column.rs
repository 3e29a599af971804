//! A column of text under construction.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow::datatypes::Int32Type;

use crate::fixed_column::FixedColumn;
use crate::text_pool::Code;

/// The texts of one column by row, as numbers in a pool; zero where there is none. Once ranked, they compare as the
/// texts do.
#[derive(Debug, Default)]
pub(crate) struct TextColumn {
    codes: FixedColumn<Code>,
}

impl TextColumn {
    /// Sets the text of `row`. Rows after it are dropped, unset rows before it become null.
    #[inline]
    pub(crate) fn set(&mut self, row: usize, code: Code) {
        self.codes.set(row, code);
    }

    /// Drops what is beyond `rows`.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.codes.truncate(rows);
    }

    /// Puts ranks in the place of codes.
    pub(crate) fn rank(&mut self, ranks: impl Fn(Code) -> Code) {
        self.codes.replace(ranks);
    }

    /// The text's number; zero for null.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Code {
        self.codes.get(row).unwrap_or(0)
    }

    /// How two rows compare, once ranked; null comes first.
    pub(crate) fn compare(&self, left: usize, right: usize) -> Ordering {
        self.get(left).cmp(&self.get(right))
    }

    /// Whether no row was given a value.
    pub(crate) fn is_untouched(&self) -> bool {
        self.codes.is_untouched()
    }

    /// Whether the first `rows` rows all hold the same.
    pub(crate) fn is_constant(&self, rows: usize) -> bool {
        self.codes.is_constant(rows)
    }

    /// The first of `rows` rows that has no value.
    pub(crate) fn first_null(&self, rows: usize) -> Option<usize> {
        self.codes.first_null(rows)
    }

    /// The greatest number.
    pub(crate) fn greatest(&self) -> Code {
        self.codes.greatest().unwrap_or(0)
    }

    /// The texts of the first `rows` rows, or of the rows that `order` names: keys of `texts`, by which the column is
    /// ranked.
    pub(crate) fn into_array(self, order: Option<&[u32]>, rows: usize, texts: &Arc<StringArray>) -> ArrayRef {
        let (codes, nulls) = self.codes.take(order, rows);
        let keys: Vec<i32> = codes.into_iter().map(|code| code.saturating_sub(1) as i32).collect();
        let keys = Int32Array::new(keys.into(), nulls);
        let texts: ArrayRef = Arc::<StringArray>::clone(texts);
        Arc::new(
            DictionaryArray::<Int32Type>::try_new(keys, texts)
                .expect("every rank is a place among the texts"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray};

    fn column(codes: &[(usize, Code)]) -> TextColumn {
        let mut column = TextColumn::default();
        codes.iter().for_each(|(row, code)| column.set(*row, *code));
        column
    }

    #[test]
    fn skipped_rows_are_null_and_come_first() {
        let column = column(&[(1, 2), (2, 1)]);
        assert_eq!((column.first_null(3), column.greatest()), (Some(0), 2));
        assert_eq!(column.compare(0, 2), Ordering::Less);
        let texts = Arc::new(StringArray::from(vec!["", "b"]));
        let array = column.into_array(Some(&[1, 0, 2, 3]), 4, &texts);
        let array = array.as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
        assert_eq!(array.into_iter().collect::<Vec<_>>(), [Some("b"), None, Some(""), None]);
    }

    #[test]
    fn a_column_is_constant_only_when_every_row_holds_the_same() {
        assert!(column(&[]).is_constant(3));
        let same = column(&[(0, 1), (1, 1)]);
        assert!(same.is_constant(2) && !same.is_constant(3));
        assert_eq!((same.first_null(2), same.first_null(3)), (None, Some(2)));
        assert!(!column(&[(0, 1), (2, 1)]).is_constant(3));
    }

    #[test]
    fn a_column_whose_every_row_is_set_carries_no_nulls() {
        let texts = Arc::new(StringArray::from(vec!["a"]));
        assert!(column(&[(0, 1), (1, 1)]).into_array(None, 2, &texts).nulls().is_none());
    }
}
