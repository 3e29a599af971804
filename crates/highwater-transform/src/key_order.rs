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
/// Rows that came in order are only compared with their neighbours. Others are sorted by the first bits of the first key
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
    let packing = Packing::of(length);
    let mut packed: Vec<u64> = match key.first() {
        Some(ColumnStore::Text(texts)) => packing.pack(texts.prefixes(length)),
        Some(ColumnStore::Instant(instants)) => {
            packing.pack((0..length).map(|row| instants.get(row).map_or(0, sortable)))
        }
        _ => packing.pack(std::iter::repeat_n(0, length)),
    };
    packed.sort_unstable();
    let row = |packed: u64| packing.row(packed);
    let mut has_duplicates = false;
    for run in packed.chunk_by_mut(|left, right| packing.same(*left, *right)).filter(|run| run.len() > 1) {
        run.sort_unstable_by(|left, right| compare(row(*left), row(*right)).then(left.cmp(right)));
        has_duplicates |= run.windows(2).any(|pair| compare(row(pair[0]), row(pair[1])).is_eq());
    }
    KeyOrder { rows: Some(packed.into_iter().map(|packed| row(packed) as u32).collect()), has_duplicates }
}

/// How the first bits of a key and the number of its row share 64 bits, so that sorting rows is sorting plain integers.
#[derive(Clone, Copy)]
struct Packing {
    /// Bits for the number of a row, below those of the key.
    row_bits: u32,
}

impl Packing {
    /// The packing for so many rows, which are numbered in 32 bits.
    fn of(rows: usize) -> Self {
        Self { row_bits: u64::BITS - (rows as u64).leading_zeros() }
    }

    fn pack(self, keys: impl Iterator<Item = u64>) -> Vec<u64> {
        keys.zip(0_u64..).map(|(key, row)| key >> self.row_bits << self.row_bits | row).collect()
    }

    fn row(self, packed: u64) -> usize {
        (packed & ((1 << self.row_bits) - 1)) as usize
    }

    /// Whether the bits of two keys do not tell them apart.
    fn same(self, left: u64, right: u64) -> bool {
        left >> self.row_bits == right >> self.row_bits
    }
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
