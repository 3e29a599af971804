//! Restatements: which values a later pull of the same windows changed.

use std::cmp::Ordering;

use arrow::array::{AsArray, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow::datatypes::TimestampMillisecondType;
use chrono::{DateTime, Utc};
use highwater_core::{Column, DatasetName, Error, ErrorKind, Result, SourceName, Table};

use crate::measure_values::MeasureValues;
use crate::normalised::TableBatch;
use crate::record_batch::{Cell, RowsBuilder};

/// The later pull that changed something.
#[derive(Clone, Copy, Debug)]
pub struct Revision<'a> {
    /// The source.
    pub source: &'a SourceName,
    /// The dataset.
    pub dataset: &'a DatasetName,
    /// Why the windows were pulled again.
    pub cause: &'a str,
    /// When they were.
    pub seen_at: DateTime<Utc>,
}

/// One row of the `restatements` table for each value of a measure that differs between `old` and `new`, the published
/// and the new rows of the same windows; `None` when none does. A value that appears or vanishes, alone or with its
/// key, is null before or after. Only fact tables count; a table or column that one side lacks counts as null there.
///
/// # Errors
/// `Internal` when a batch lacks a key column of its table or has it in another type.
pub fn restatements(
    old: &[TableBatch],
    new: &[TableBatch],
    revision: &Revision<'_>,
) -> Result<Option<RecordBatch>> {
    let mut rows = RowsBuilder::new(Table::Restatements, revision.source, revision.dataset);
    for table in Table::ALL.iter().copied().filter(|table| table.def().measures().next().is_some()) {
        let (old, new) = (Facts::read(table, old)?, Facts::read(table, new)?);
        if old.is_some() || new.is_some() {
            compare(table, old.as_ref(), new.as_ref(), |facts, row, measure, before, after| {
                add(&mut rows, facts, row, measure, before, after, revision);
            });
        }
    }
    if rows.is_empty() { Ok(None) } else { rows.finish().map(Some) }
}

/// One side's rows of one table, in key order.
struct Facts<'a> {
    table: Table,
    key: Vec<(Column, KeyValues<'a>)>,
    ends: Option<&'a TimestampMillisecondArray>,
    measures: Vec<(Column, Option<MeasureValues<'a>>)>,
    order: Vec<usize>,
}

#[derive(Clone, Copy)]
enum KeyValues<'a> {
    Text(&'a StringArray),
    Instant(&'a TimestampMillisecondArray),
}

impl<'a> Facts<'a> {
    fn read(table: Table, batches: &'a [TableBatch]) -> Result<Option<Self>> {
        let Some(TableBatch { batch, .. }) = batches.iter().find(|batch| batch.table == table) else {
            return Ok(None);
        };
        let key = |column: &Column| {
            let values = batch.column_by_name(column.name());
            let text = values.and_then(|values| values.as_string_opt()).map(KeyValues::Text);
            let key = text.or_else(|| instants(batch, *column).map(KeyValues::Instant));
            key.map(|values| (*column, values)).ok_or_else(|| {
                Error::new(
                    ErrorKind::Internal,
                    format!("a batch lacks a part of its key: column=`{table}.{column}`"),
                )
            })
        };
        let measures = table.def().measures();
        let mut facts = Self {
            table,
            key: table.def().key.iter().map(key).collect::<Result<_>>()?,
            ends: instants(batch, Column::BucketEnd),
            measures: measures.map(|measure| (measure, MeasureValues::of(batch, measure))).collect(),
            order: Vec::new(),
        };
        let mut order: Vec<usize> = (0..batch.num_rows()).collect();
        order.sort_by(|left, right| facts.compare_keys(*left, &facts, *right));
        facts.order = order;
        Ok(Some(facts))
    }

    fn compare_keys(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        let parts = self.key.iter().zip(&other.key).map(|((_, left), (_, right))| match (left, right) {
            (KeyValues::Text(left), KeyValues::Text(right)) => left.value(row).cmp(right.value(other_row)),
            (KeyValues::Instant(left), KeyValues::Instant(right)) => {
                left.value(row).cmp(&right.value(other_row))
            }
            (KeyValues::Text(_), KeyValues::Instant(_)) => Ordering::Less,
            (KeyValues::Instant(_), KeyValues::Text(_)) => Ordering::Greater,
        });
        parts.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    fn measure(&self, measure: usize, row: usize) -> Option<i128> {
        self.measures[measure].1.and_then(|values| values.get(row))
    }
}

fn instants(batch: &RecordBatch, column: Column) -> Option<&TimestampMillisecondArray> {
    batch.column_by_name(column.name())?.as_primitive_opt::<TimestampMillisecondType>()
}

/// Walks both sides by key and tells `changed` of every value that differs, with a side and row that hold its key.
fn compare(
    table: Table,
    old: Option<&Facts<'_>>,
    new: Option<&Facts<'_>>,
    mut changed: impl FnMut(&Facts<'_>, usize, Column, Option<i128>, Option<i128>),
) {
    let rows = |facts: Option<&Facts<'_>>| facts.map_or_else(Vec::new, |facts| facts.order.clone());
    let (old_rows, new_rows) = (rows(old), rows(new));
    let (mut before, mut after) = (old_rows.iter().peekable(), new_rows.iter().peekable());
    loop {
        let left = old.zip(before.peek().map(|row| **row));
        let right = new.zip(after.peek().map(|row| **row));
        let (left, right) = match (left, right) {
            (None, None) => return,
            (Some((old, row)), Some((new, other))) => match old.compare_keys(row, new, other) {
                Ordering::Less => (left, None),
                Ordering::Equal => (left, right),
                Ordering::Greater => (None, right),
            },
            one => one,
        };
        for (index, measure) in table.def().measures().enumerate() {
            let value =
                |side: Option<(&Facts<'_>, usize)>| side.and_then(|(facts, row)| facts.measure(index, row));
            if let Some((facts, row)) = right.or(left)
                && value(left) != value(right)
            {
                changed(facts, row, measure, value(left), value(right));
            }
        }
        before.next_if(|_| left.is_some());
        after.next_if(|_| right.is_some());
    }
}

fn add(
    rows: &mut RowsBuilder,
    facts: &Facts<'_>,
    row: usize,
    measure: Column,
    before: Option<i128>,
    after: Option<i128>,
    revision: &Revision<'_>,
) {
    let instant = |values: &TimestampMillisecondArray| {
        let value = DateTime::from_timestamp_millis(values.value(row));
        value.map_or(Cell::Null, Cell::Instant)
    };
    let mut cells: Vec<(Column, Cell<'_>)> = vec![
        (Column::TableName, Cell::Text(facts.table.name())),
        (Column::Measure, Cell::Text(measure.name())),
        (Column::SeenAt, Cell::Instant(revision.seen_at)),
        (Column::BucketEnd, facts.ends.map_or(Cell::Null, instant)),
        (Column::Old, before.map_or(Cell::Null, Cell::Micros)),
        (Column::New, after.map_or(Cell::Null, Cell::Micros)),
        (Column::Cause, Cell::Text(revision.cause)),
    ];
    cells.extend(facts.key.iter().map(|(column, values)| match values {
        KeyValues::Text(values) => (*column, Cell::Text(values.value(row))),
        KeyValues::Instant(values) => (*column, instant(values)),
    }));
    rows.row(&cells);
}

#[cfg(test)]
mod tests;
