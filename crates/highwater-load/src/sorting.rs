//! Rows of several batches in the order of a key. Their keys become small numbers that compare as the keys do, which are
//! sorted instead of the rows.

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
    rows: Vec<u64>,
    numbering: Numbering,
    next: usize,
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

    /// For each row of `batches` in turn a number: its `key`, batch and place.
    fn numbers(self, batches: &[RecordBatch], key: &[Part<'_>]) -> Vec<u64> {
        let mut numbers = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
        for (batch, length) in batches.iter().map(RecordBatch::num_rows).enumerate() {
            let (before, first) = (numbers.len(), (batch as u64) << self.row_bits);
            numbers.extend(first..first + length as u64);
            let mut shift = self.bits;
            for part in key.iter().rev() {
                part.add_to(batch, shift, &mut numbers[before..]);
                shift += part.bits;
            }
        }
        numbers
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
        let of = |(position, field): (usize, &Arc<Field>)| Column::of(&batches, position, field.data_type());
        let columns = schema.fields().iter().enumerate().map(of).collect::<Result<Vec<_>, _>>()?;
        let parts =
            key.iter().map(|position| Part::of(&columns[*position], schema.field(*position).data_type()));
        let parts: Vec<Part<'_>> = parts.collect::<Result<_, _>>()?;
        let parts: Vec<Part<'_>> = parts.into_iter().filter(|part| part.bits > 0).collect();
        let numbering = Numbering::of(&batches);
        let key_bits: u32 = parts.iter().map(|part| part.bits).sum();
        let fit = key_bits + numbering.bits <= u64::BITS;
        let mut rows = numbering.numbers(&batches, if fit { &parts } else { &[] });
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
        drop(parts);
        Ok(Self { schema: Arc::clone(schema), columns, rows, numbering, next: 0 })
    }

    fn batch(&self, numbers: &[u64]) -> Result<RecordBatch, ArrowError> {
        let taken: Vec<Place> = numbers.iter().map(|number| self.numbering.place(*number)).collect();
        let columns = self.columns.iter().map(|column| column.take(&taken)).collect::<Result<Vec<_>, _>>()?;
        held_batch(&self.schema, columns, taken.len())
    }
}

impl Iterator for Sorted {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.rows.len().min(self.next + MERGED_ROWS);
        let numbers = self.rows.get(self.next..end).filter(|numbers| !numbers.is_empty())?;
        let batch = self.batch(numbers).map_err(unsortable);
        self.next = end;
        Some(batch)
    }
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
