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

/// The order of `rows`, whose texts are ranked, by the table's key: text by bytes, null first.
///
/// Mostly there are not many more keys than rows, as one for each resource, and each row is put to its own. Otherwise a key
/// and the number of its row mostly fit 64 bits together, and rows are sorted as plain numbers. Rows that came in order
/// are only looked through.
pub(crate) fn key_order(rows: &TableRows) -> KeyOrder {
    let length = rows.len();
    let key: Vec<&ColumnStore> = rows.key().filter(|column| !column.is_constant(length)).collect();
    let parts: Option<Vec<Part<'_>>> = key.iter().map(|column| Part::of(column, length)).collect();
    let key_bits = |parts: &[Part<'_>]| parts.iter().map(|part| part.bits).sum::<u32>();
    let row_bits = bits(length as u64);
    match parts.filter(|parts| key_bits(parts) + row_bits <= u64::BITS) {
        Some(parts) if key_bits(&parts) < row_bits + SPARSEST_BITS => {
            let placed = placed_order(&parts, length, 1 << key_bits(&parts));
            placed.unwrap_or_else(|| packed_order(&parts, length, row_bits))
        }
        Some(parts) => packed_order(&parts, length, row_bits),
        None => compared_order(&key, length),
    }
}

/// How many keys there may be for each row, as a power of two, where rows are put to their keys instead of being compared.
const SPARSEST_BITS: u32 = 3;

/// A column of the key as small numbers that compare as its values do.
struct Part<'a> {
    column: &'a ColumnStore,
    /// What stands for zero, which is null.
    below: i128,
    bits: u32,
}

impl<'a> Part<'a> {
    fn of(column: &'a ColumnStore, rows: usize) -> Option<Self> {
        match column {
            ColumnStore::Text(ranks) => {
                Some(Self { column, below: 0, bits: bits(u64::from(ranks.greatest())) })
            }
            ColumnStore::Instant(values) => {
                let set = || (0..rows).filter_map(|row| values.get(row));
                let (least, greatest) = (i128::from(set().min()?), i128::from(set().max()?));
                let range = u64::try_from(greatest - least + 1).ok()?;
                Some(Self { column, below: least - 1, bits: bits(range) })
            }
            _ => None,
        }
    }

    #[inline]
    fn number(&self, row: usize) -> u64 {
        match self.column {
            ColumnStore::Text(ranks) => u64::from(ranks.get(row)),
            ColumnStore::Instant(values) => {
                values.get(row).map_or(0, |value| (i128::from(value) - self.below) as u64)
            }
            _ => 0,
        }
    }
}

/// The bits that numbers up to `greatest` take.
fn bits(greatest: u64) -> u32 {
    u64::BITS - greatest.leading_zeros()
}

/// The key of `row` as one number.
#[inline]
fn key_number(parts: &[Part<'_>], row: usize) -> u64 {
    parts.iter().fold(0, |key, part| key << part.bits | part.number(row))
}

/// Of rows whose keys are numbers below `keys`, unless two share one.
fn placed_order(parts: &[Part<'_>], length: usize, keys: usize) -> Option<KeyOrder> {
    const NONE: u32 = u32::MAX;
    let numbers: Vec<u32> = (0..length).map(|row| key_number(parts, row) as u32).collect();
    if numbers.is_sorted_by(|left, right| left < right) {
        return Some(KeyOrder { rows: None, has_duplicates: false });
    }
    let mut by_key = vec![NONE; keys];
    for (row, key) in numbers.into_iter().enumerate() {
        if std::mem::replace(&mut by_key[key as usize], row as u32) != NONE {
            return None;
        }
    }
    by_key.retain(|row| *row != NONE);
    Some(KeyOrder { rows: Some(by_key), has_duplicates: false })
}

/// Of rows whose key and number fit 64 bits.
fn packed_order(parts: &[Part<'_>], length: usize, row_bits: u32) -> KeyOrder {
    let packed = |row: usize| key_number(parts, row) << row_bits | row as u64;
    let mut packed: Vec<u64> = (0..length).map(packed).collect();
    let in_order = |left: &u64, right: &u64| left >> row_bits < right >> row_bits;
    if packed.is_sorted_by(in_order) {
        return KeyOrder { rows: None, has_duplicates: false };
    }
    packed.sort_unstable();
    let has_duplicates = !packed.is_sorted_by(in_order);
    let row = |packed: u64| (packed & ((1 << row_bits) - 1)) as u32;
    KeyOrder { rows: Some(packed.into_iter().map(row).collect()), has_duplicates }
}

fn compared_order(key: &[&ColumnStore], length: usize) -> KeyOrder {
    let compare = |left: usize, right: usize| {
        let orders = key.iter().map(|column| column.compare(left, right));
        orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    };
    if (1..length).all(|row| compare(row - 1, row).is_lt()) {
        return KeyOrder { rows: None, has_duplicates: false };
    }
    let mut rows: Vec<u32> = (0..length).map(|row| row as u32).collect();
    rows.sort_by(|left, right| compare(*left as usize, *right as usize));
    let has_duplicates = rows.windows(2).any(|pair| compare(pair[0] as usize, pair[1] as usize).is_eq());
    KeyOrder { rows: Some(rows), has_duplicates }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::text_pool::TextPools;
    use highwater_core::{Column, Table};
    use proptest::prelude::*;

    fn rows(keys: &[(&str, i64)]) -> TableRows {
        let (mut rows, mut texts) = (TableRows::new(Table::ResourceUsage, &[]), TextPools::new());
        for (id, start) in keys {
            let row = rows.len();
            for (column, text) in [(Column::ResourceType, "asset"), (Column::ResourceId, id)] {
                match rows.column_mut(column) {
                    Some(ColumnStore::Text(values)) => values.set(row, texts.code(column, text)),
                    _ => panic!("ids are text"),
                }
            }
            match rows.column_mut(Column::BucketStart) {
                Some(ColumnStore::Instant(values)) => values.set(row, *start),
                _ => panic!("buckets are instants"),
            }
            rows.commit();
        }
        rows.rank(&Arc::new(texts.ranked()));
        rows
    }

    fn order(ids: &[&str]) -> KeyOrder {
        key_order(&rows(&ids.iter().map(|id| (*id, 0)).collect::<Vec<_>>()))
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

    proptest! {
        #[test]
        fn however_far_apart_keys_are_their_order_is_that_of_their_values(
            keys in prop::collection::vec(
                ("[a-c]{1,2}", prop_oneof![0..3_i64, Just(i64::MIN), Just(i64::MAX), any::<i64>()]), 0..20),
        ) {
            let keys: Vec<(&str, i64)> = keys.iter().map(|(id, start)| (id.as_str(), *start)).collect();
            let found = key_order(&rows(&keys));
            let mut expected: Vec<u32> = (0..keys.len() as u32).collect();
            expected.sort_by_key(|row| keys[*row as usize]);
            prop_assert_eq!(found.rows.unwrap_or_else(|| (0..keys.len() as u32).collect()), expected);
            let mut distinct = keys.clone();
            distinct.sort_unstable();
            distinct.dedup();
            prop_assert_eq!(found.has_duplicates, distinct.len() < keys.len());
        }
    }
}
