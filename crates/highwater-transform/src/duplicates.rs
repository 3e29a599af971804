//! Rows that share a key become one row, by the dataset's rule.

use highwater_core::{Additivity, Column, Duplicates, Error, ErrorKind, Result, Seconds, TableKind};

use crate::column_store::ColumnStore;
use crate::fixed_column::FixedColumn;
use crate::key_order::KeyOrder;
use crate::table_rows::TableRows;

/// Rows in key order, each key once.
#[derive(Debug)]
pub(crate) struct Distinct {
    /// Row numbers in order; `None` when all rows stand in it already.
    pub(crate) rows: Option<Vec<u32>>,
    /// Rows that were equal to one that is kept.
    pub(crate) collapsed: u64,
    /// Rows that were added into one that is kept.
    pub(crate) summed: u64,
}

/// Leaves one row a key. The outcome does not depend on the order in which rows came.
///
/// # Errors
/// `Mismatch` naming key and columns where rows of one key contradict each other under [`Duplicates::Conflict`];
/// `Drift` where a sum under [`Duplicates::Sum`] outgrows its column.
pub(crate) fn distinct(rows: &mut TableRows, order: KeyOrder, rule: Duplicates) -> Result<Distinct> {
    let sorted = match order {
        KeyOrder { rows: Some(sorted), has_duplicates: true } => sorted,
        KeyOrder { rows, .. } => return Ok(Distinct { rows, collapsed: 0, summed: 0 }),
    };
    let same_key = |left: u32, right: u32| {
        rows.key().all(|column| column.compare(left as usize, right as usize).is_eq())
    };
    let groups: Vec<&[u32]> = sorted.chunk_by(|left, right| same_key(*left, *right)).collect();
    let merged = (sorted.len() - groups.len()) as u64;
    let mut kept = Vec::with_capacity(groups.len());
    for group in groups {
        kept.push(match (group, rule) {
            ([row], _) => *row,
            (_, Duplicates::Conflict) => equal_rows(rows, group)?,
            (_, Duplicates::Sum) => added_up(rows, group)?,
        });
    }
    let (collapsed, summed) = match rule {
        Duplicates::Conflict => (merged, 0),
        Duplicates::Sum => (0, merged),
    };
    Ok(Distinct { rows: Some(kept), collapsed, summed })
}

/// The first of rows that must all be equal.
fn equal_rows(rows: &TableRows, group: &[u32]) -> Result<u32> {
    for pair in group.windows(2) {
        let columns = rows.differing(pair[0] as usize, pair[1] as usize);
        if !columns.is_empty() {
            let names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
            let message = format!(
                "the provider gave two rows of one key that differ in {}: table=`{}` {}",
                names.join(", "),
                rows.table(),
                rows.key_text(pair[0] as usize),
            );
            return Err(Error::new(ErrorKind::Mismatch, message));
        }
    }
    Ok(group[0])
}

/// A new row: additive measures added up; of everything else the least text and the greatest value. Null counts only
/// where no row has a value.
fn added_up(rows: &mut TableRows, group: &[u32]) -> Result<u32> {
    let def = rows.table().def();
    let target = rows.len();
    for column in def.columns.iter().copied() {
        let adds_up = def.kind == TableKind::Fact && column.def().additivity == Additivity::Sum;
        let fits = match rows.column_mut(column) {
            Some(ColumnStore::Text(texts)) => {
                let named = group.iter().map(|row| texts.get(*row as usize)).filter(|code| *code != 0);
                if let Some(least) = named.min() {
                    texts.set(target, least);
                }
                true
            }
            Some(ColumnStore::Int(values)) if adds_up => add(values, group, target, Some),
            Some(ColumnStore::Seconds(values)) if adds_up => {
                add(values, group, target, |sum| Seconds::from_micros(sum).map(Seconds::micros))
            }
            Some(ColumnStore::Int(values) | ColumnStore::Seconds(values) | ColumnStore::Instant(values)) => {
                greatest(values, group, target)
            }
            Some(ColumnStore::Value(values)) => greatest(values, group, target),
            Some(ColumnStore::Flag(values)) => greatest(values, group, target),
            Some(ColumnStore::Filled) | None => true,
        };
        if !fits {
            return Err(too_large(rows, group, column));
        }
    }
    Ok(u32::try_from(rows.commit()).expect("rows are numbered in 32 bits"))
}

/// Sets `target` to the sum over `group`; false when it does not fit.
fn add(
    values: &mut FixedColumn<i64>,
    group: &[u32],
    target: usize,
    within: impl Fn(i64) -> Option<i64>,
) -> bool {
    let mut present = group.iter().filter_map(|row| values.get(*row as usize)).peekable();
    if present.peek().is_none() {
        return true;
    }
    let sum = present.try_fold(0_i64, i64::checked_add).and_then(within);
    sum.inspect(|sum| values.set(target, *sum)).is_some()
}

fn greatest<T: Copy + Default + Ord>(values: &mut FixedColumn<T>, group: &[u32], target: usize) -> bool {
    if let Some(greatest) = group.iter().filter_map(|row| values.get(*row as usize)).max() {
        values.set(target, greatest);
    }
    true
}

fn too_large(rows: &TableRows, group: &[u32], column: Column) -> Error {
    let (table, key) = (rows.table(), rows.key_text(group[0] as usize));
    Error::new(
        ErrorKind::Drift,
        format!("a sum over rows of one key is too large: column=`{table}.{column}` {key}"),
    )
}
