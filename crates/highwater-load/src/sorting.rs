//! Rows of several batches in the order of a key. Their keys become small numbers that compare as the keys do, by
//! which rows are put in order without being moved.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use highwater_core::Result;

use crate::merging::{MERGED_ROWS, unsortable};
use crate::packed::{Column, Place};
use crate::sort_key::{Part, bits};

/// The rows of some batches, sorted; rows of one key come in the order of their batches.
pub(crate) struct Sorted {
    schema: SchemaRef,
    columns: Vec<Column>,
    rows: Rows,
    numbering: Numbering,
    next: usize,
}

/// Rows by their numbers.
enum Rows {
    /// Of a batch whose rows stand in order already.
    AsTheyCame(RecordBatch),
    /// Behind their keys.
    Sorted(Vec<u64>),
    /// Alone.
    Placed(Vec<u32>),
}

/// How the batch and the place of a row share the low bits of a number.
#[derive(Clone, Copy)]
struct Numbering {
    row_bits: u32,
    bits: u32,
}

impl Numbering {
    fn of(batches: &[RecordBatch]) -> Self {
        let most = batches.iter().map(RecordBatch::num_rows).max().unwrap_or(0);
        let row_bits = bits(most as u64);
        Self { row_bits, bits: row_bits + bits(batches.len() as u64) }
    }

    /// For each row of `batches` in turn its number, with its `key` before it.
    fn numbers(self, batches: &[RecordBatch], key: &[Part<'_>]) -> Vec<u64> {
        let mut numbers = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
        for (batch, length) in batches.iter().map(RecordBatch::num_rows).enumerate() {
            let (before, first) = (numbers.len(), self.first(batch));
            numbers.extend(first..first + length as u64);
            let mut shift = self.bits;
            for part in key.iter().rev() {
                part.add_to(batch, 1 << shift, &mut numbers[before..]);
                shift += part.bits();
            }
        }
        numbers
    }

    /// The numbers of all rows in the order of their keys, each put to its own; `None` where two share one, or there are
    /// many more keys than rows.
    fn placed(self, batches: &[RecordBatch], key: &[Part<'_>]) -> Option<Vec<u32>> {
        const NONE: u32 = u32::MAX;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let keys = key.iter().try_fold(1_u64, |keys, part| keys.checked_mul(part.limit))?;
        let few = self.bits < u32::BITS && keys <= SPARSEST * rows as u64;
        let mut by_key = vec![NONE; usize::try_from(keys).ok().filter(|_| few)?];
        let mut numbers = Vec::new();
        for (batch, length) in batches.iter().map(RecordBatch::num_rows).enumerate() {
            numbers.clear();
            numbers.resize(length, 0);
            let mut weight = 1;
            for part in key.iter().rev() {
                part.add_to(batch, weight, &mut numbers);
                weight *= part.limit;
            }
            for (number, key) in (self.first(batch) as u32..).zip(&numbers) {
                if std::mem::replace(&mut by_key[*key as usize], number) != NONE {
                    return None;
                }
            }
        }
        by_key.retain(|number| *number != NONE);
        Some(by_key)
    }

    /// Whether a row's number and its key have room in 64 bits.
    fn fit(self, key: &[Part<'_>]) -> bool {
        key.iter().map(Part::bits).sum::<u32>() + self.bits <= u64::BITS
    }

    /// The number of the first row of `batch`.
    fn first(self, batch: usize) -> u64 {
        (batch as u64) << self.row_bits
    }

    fn place(self, number: u64) -> Place {
        let number = number & ((1 << self.bits) - 1);
        ((number >> self.row_bits) as usize, (number & ((1 << self.row_bits) - 1)) as usize)
    }
}

impl Sorted {
    /// Sorts the rows of `batches`, packed or not, by the columns of `schema` at `key`, nulls first.
    ///
    /// # Errors
    /// `Internal` when a batch does not fit the schema, or a key is neither text nor an instant.
    pub(crate) fn new(batches: &[RecordBatch], schema: &SchemaRef, key: &[usize]) -> Result<Self> {
        Self::sort(batches, schema, key).map_err(unsortable)
    }

    fn sort(batches: &[RecordBatch], schema: &SchemaRef, key: &[usize]) -> Result<Self, ArrowError> {
        let batches: Vec<RecordBatch> =
            batches.iter().filter(|batch| batch.num_rows() > 0).cloned().collect();
        if let [only] = &batches[..]
            && is_sorted(only, schema, key)?
        {
            let (rows, numbering) = (Rows::AsTheyCame(only.clone()), Numbering::of(&batches));
            return Ok(Self { schema: Arc::clone(schema), columns: Vec::new(), rows, numbering, next: 0 });
        }
        let of = |(position, field): (usize, &Arc<Field>)| Column::of(&batches, position, field.data_type());
        let columns = schema.fields().iter().enumerate().map(of).collect::<Result<Vec<_>, _>>()?;
        let key: Vec<&Column> = key.iter().map(|position| &columns[*position]).collect();
        let parts = parts(&key)?;
        let numbering = Numbering::of(&batches);
        let rows = match numbering.placed(&batches, &parts) {
            Some(placed) => Rows::Placed(placed),
            None => Rows::Sorted(sorted(&batches, &parts, numbering)),
        };
        drop(parts);
        Ok(Self { schema: Arc::clone(schema), columns, rows, numbering, next: 0 })
    }

    fn batch(&self, taken: &[Place]) -> Result<RecordBatch, ArrowError> {
        let columns = self.columns.iter().map(|column| column.take(taken)).collect::<Result<Vec<_>, _>>()?;
        held_batch(&self.schema, columns, taken.len())
    }
}

impl Iterator for Sorted {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let taken: Vec<Place> = match &self.rows {
            Rows::AsTheyCame(batch) => {
                let first = std::mem::replace(&mut self.next, batch.num_rows()) == 0;
                return first.then(|| Ok(batch.clone()));
            }
            Rows::Sorted(rows) => some(rows, self.next).map(|number| self.numbering.place(*number)).collect(),
            Rows::Placed(rows) => {
                some(rows, self.next).map(|number| self.numbering.place(u64::from(*number))).collect()
            }
        };
        if taken.is_empty() {
            return None;
        }
        let batch = self.batch(&taken).map_err(unsortable);
        self.next += taken.len();
        Some(batch)
    }
}

/// The columns of a key that are not the same in all rows.
fn parts<'a>(key: &[&'a Column]) -> Result<Vec<Part<'a>>, ArrowError> {
    let parts = key.iter().map(|column| Part::of(column)).collect::<Result<Vec<_>, _>>()?;
    Ok(parts.into_iter().filter(|part| part.limit > 1).collect())
}

/// Whether the rows of `batch` are known to stand in order.
fn is_sorted(batch: &RecordBatch, schema: &SchemaRef, key: &[usize]) -> Result<bool, ArrowError> {
    let batch = std::slice::from_ref(batch);
    let column = |position: &usize| Column::of(batch, *position, schema.field(*position).data_type());
    let key = key.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let parts = parts(&key.iter().collect::<Vec<_>>())?;
    let numbering = Numbering::of(batch);
    Ok(numbering.fit(&parts) && numbering.numbers(batch, &parts).is_sorted())
}

/// How many keys there may be for each row, where rows are put to their keys instead of being compared.
const SPARSEST: u64 = 4;

/// The numbers of all rows in the order of their keys, which may stand before them.
fn sorted(batches: &[RecordBatch], parts: &[Part<'_>], numbering: Numbering) -> Vec<u64> {
    let fit = numbering.fit(parts);
    let mut rows = numbering.numbers(batches, if fit { parts } else { &[] });
    if fit {
        // Batches are sorted mostly: a sort that finds runs only has to merge them.
        rows.sort();
    } else {
        let key = |number: &u64| {
            let (batch, row) = numbering.place(*number);
            parts.iter().map(move |part| part.number(batch, row))
        };
        rows.sort_by(|left, right| key(left).cmp(key(right)));
    }
    rows
}

/// The rows of the next batch, from `start` on.
fn some<T>(rows: &[T], start: usize) -> impl Iterator<Item = &T> {
    rows.iter().skip(start).take(MERGED_ROWS)
}

/// A batch with the names of `schema` and `columns` as they are held.
pub(crate) fn held_batch(
    schema: &SchemaRef,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, ArrowError> {
    let fields = schema.fields().iter().zip(&columns);
    let fields = fields
        .map(|(field, column)| Field::new(field.name(), column.data_type().clone(), field.is_nullable()));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    RecordBatch::try_new_with_options(schema, columns, &RecordBatchOptions::new().with_row_count(Some(rows)))
}

#[cfg(test)]
mod tests;
