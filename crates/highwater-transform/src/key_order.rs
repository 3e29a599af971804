//! The order of a table's rows by key, found without moving them.

use std::cmp::Ordering;

use crate::column_store::ColumnStore;
use crate::table_rows::TableRows;

/// The order of rows by key.
#[derive(Debug)]
pub(crate) struct KeyOrder {
    /// Row numbers in the order of their keys, rows of one key as they came; `None` when all rows stand in it already.
    pub(crate) rows: Option<Vec<u32>>,
    /// Whether any two rows share a key. Never set without `rows`.
    pub(crate) has_duplicates: bool,
}

/// The order of `rows` by the table's key, text by bytes, null first.
///
/// Rows that came in order are only compared with their neighbours. Others are sorted by eight bytes of the first key
/// column that varies, as plain numbers; whole keys are compared only where those are equal.
pub(crate) fn key_order(rows: &TableRows) -> KeyOrder {
    let length = rows.len();
    let key: Vec<&ColumnStore> = rows.key().filter(|column| !column.is_constant(length)).collect();
    let compare = |left: usize, right: usize| {
        key.iter()
            .map(|column| column.compare(left, right))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    if (1..length).all(|row| compare(row - 1, row).is_lt()) {
        return KeyOrder { rows: None, has_duplicates: false };
    }
    let mut packed = match key.first() {
        Some(ColumnStore::Text(texts)) => pack(texts.prefixes(length)),
        Some(ColumnStore::Instant(instants)) => {
            pack((0..length).map(|row| instants.get(row).map_or(0, sortable)))
        }
        _ => pack(std::iter::repeat_n(0, length)),
    };
    packed.sort_unstable();
    let mut has_duplicates = false;
    for run in packed.chunk_by_mut(|left, right| left >> 32 == right >> 32).filter(|run| run.len() > 1) {
        run.sort_unstable_by(|left, right| compare(row(*left), row(*right)).then(left.cmp(right)));
        has_duplicates |= run.windows(2).any(|pair| compare(row(pair[0]), row(pair[1])).is_eq());
    }
    KeyOrder { rows: Some(packed.into_iter().map(|packed| packed as u32).collect()), has_duplicates }
}

/// Each row's prefix above its number, so that sorting the pairs is sorting plain integers.
fn pack(prefixes: impl Iterator<Item = u64>) -> Vec<u128> {
    prefixes.zip(0_u32..).map(|(prefix, row)| u128::from(prefix) << 32 | u128::from(row)).collect()
}

fn row(packed: u128) -> usize {
    packed as u32 as usize
}

/// `value` as a number whose unsigned order is the signed order of the values.
fn sortable(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}

#[cfg(test)]
mod tests {
    use super::*;
    use highwater_core::{Column, Table};

    fn order(ids: &[&str]) -> KeyOrder {
        let mut rows = TableRows::new(Table::ResourceUsage, &[]);
        for id in ids {
            let row = rows.len();
            for (column, text) in [(Column::ResourceType, "asset"), (Column::ResourceId, id)] {
                match rows.column_mut(column) {
                    Some(ColumnStore::Text(texts)) => texts.set(row, text),
                    _ => panic!("keys are text"),
                }
            }
            rows.commit();
        }
        key_order(&rows)
    }

    #[test]
    fn rows_that_came_in_order_are_left_where_they_are() {
        for ids in [&[][..], &["a"], &["a", "aa", "b"], &["live/1", "live/10", "live/2"]] {
            let order = order(ids);
            assert!(order.rows.is_none() && !order.has_duplicates, "{ids:?}");
        }
    }

    #[test]
    fn ids_that_share_more_than_a_prefix_are_compared_to_their_ends() {
        let order = order(&["x-12345678-b", "x-12345678-a", "x-1234", "y", "x-12345678-"]);
        assert_eq!(order.rows.unwrap(), [2, 4, 1, 0, 3]);
        assert!(!order.has_duplicates);
    }

    #[test]
    fn rows_of_one_key_stand_together_and_are_told() {
        let found = order(&["b", "a", "b"]);
        assert_eq!((found.rows.unwrap(), found.has_duplicates), (vec![1, 0, 2], true));
        assert!(order(&["a", "a"]).has_duplicates);
    }

    #[test]
    fn signed_numbers_keep_their_order_as_prefixes() {
        let values = [i64::MIN, -1, 0, 1, i64::MAX];
        assert!(values.windows(2).all(|pair| sortable(pair[0]) < sortable(pair[1])));
    }
}
