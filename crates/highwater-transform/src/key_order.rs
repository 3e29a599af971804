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
