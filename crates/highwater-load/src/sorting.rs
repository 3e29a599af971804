//! Rows of several batches in the order of a key. Their keys become small numbers that compare as the keys do, which are
//! sorted instead of the rows.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimestampMillisecondType};
use arrow::error::ArrowError;
use highwater_core::Result;

use crate::merging::{MERGED_ROWS, unsortable};
use crate::packed::{Column, Place, Strided, Texts};

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

    fn number(self, batch: usize, row: usize) -> u64 {
        (batch as u64) << self.row_bits | row as u64
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
        let places = batches.iter().enumerate();
        let places = places.flat_map(|(batch, rows)| (0..rows.num_rows()).map(move |row| (batch, row)));
        let mut rows: Vec<u64>;
        if parts.iter().map(|part| part.bits).sum::<u32>() + numbering.bits <= u64::BITS {
            let packed = |(batch, row): Place| {
                let key = parts.iter().fold(0_u64, |key, part| key << part.bits | part.number(batch, row));
                key << numbering.bits | numbering.number(batch, row)
            };
            rows = places.map(packed).collect();
            // Batches are sorted mostly: a sort that finds runs only has to merge them.
            rows.sort();
        } else {
            rows = places.map(|(batch, row)| numbering.number(batch, row)).collect();
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
    columns: Vec<arrow::array::ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, ArrowError> {
    let fields = schema.fields().iter().zip(&columns);
    let fields = fields
        .map(|(field, column)| Field::new(field.name(), column.data_type().clone(), field.is_nullable()));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    RecordBatch::try_new_with_options(schema, columns, &RecordBatchOptions::new().with_row_count(Some(rows)))
}

/// A column of the key as small numbers that compare as its values do; zero for null.
struct Part<'a> {
    values: Values<'a>,
    bits: u32,
}

enum Values<'a> {
    /// By batch: the texts, and the rank of each of them.
    Texts(Vec<(Texts<'a>, Vec<u32>, Nulls<'a>)>),
    /// By batch; counted in `unit` from just below `least`.
    Instants { by_batch: Vec<(&'a [i64], Nulls<'a>)>, least: i64, unit: u64 },
}

/// Which rows of a batch have no value.
struct Nulls<'a> {
    nulls: Option<&'a NullBuffer>,
    step: usize,
}

impl<'a> Nulls<'a> {
    fn of(part: &'a Strided) -> Self {
        Self { nulls: part.values.nulls(), step: part.step }
    }

    #[inline]
    fn has(&self, row: usize) -> bool {
        self.nulls.is_some_and(|nulls| nulls.is_null(row * self.step))
    }
}

impl<'a> Part<'a> {
    fn of(column: &'a Column, kind: &DataType) -> Result<Self, ArrowError> {
        match kind {
            DataType::Utf8 => Ok(Self::of_texts(column.parts())),
            DataType::Timestamp(..) => Ok(Self::of_instants(column.parts())),
            other => Err(ArrowError::NotYetImplemented(format!("a key of {other}"))),
        }
    }

    fn of_texts(parts: &'a [Strided]) -> Self {
        let texts: Vec<Texts<'a>> = parts.iter().map(Texts::of).collect();
        let mut sorted: VecDeque<Vec<&str>> = texts.iter().map(|texts| distinct(texts.texts())).collect();
        while sorted.len() > 1
            && let (Some(left), Some(right)) = (sorted.pop_front(), sorted.pop_front())
        {
            sorted.push_back(united(&left, &right));
        }
        let known = sorted.pop_front().unwrap_or_default();
        let has_nulls = parts.iter().any(|part| part.values.null_count() > 0);
        let bits = if known.len() <= 1 && !has_nulls { 0 } else { bits(known.len() as u64) };
        let ranked = texts.into_iter().zip(parts).map(|(texts, part)| {
            let ranks = ranks(texts.texts(), &known);
            (texts, ranks, Nulls::of(part))
        });
        Self { values: Values::Texts(ranked.collect()), bits }
    }

    fn of_instants(parts: &'a [Strided]) -> Self {
        let by_batch: Vec<(&[i64], Nulls<'_>)> = parts
            .iter()
            .map(|part| {
                let instants = part.values.as_primitive::<TimestampMillisecondType>();
                (&instants.values()[..], Nulls::of(part))
            })
            .collect();
        let set = || {
            parts
                .iter()
                .flat_map(|part| part.values.as_primitive::<TimestampMillisecondType>().iter().flatten())
        };
        let (least, greatest) = (set().min().unwrap_or(0), set().max().unwrap_or(0));
        let unit = set().fold(0, |unit, value| common_divisor(unit, value.abs_diff(least))).max(1);
        let has_nulls = parts.iter().any(|part| part.values.null_count() > 0);
        let steps = greatest.abs_diff(least) / unit;
        let bits = if steps == 0 && !has_nulls { 0 } else { bits(steps.saturating_add(1)) };
        Self { values: Values::Instants { by_batch, least, unit }, bits }
    }

    #[inline]
    fn number(&self, batch: usize, row: usize) -> u64 {
        match &self.values {
            Values::Texts(by_batch) => {
                let (texts, ranks, nulls) = &by_batch[batch];
                if nulls.has(row) { 0 } else { u64::from(ranks[texts.place(row)]) }
            }
            Values::Instants { by_batch, least, unit } => {
                let (values, nulls) = &by_batch[batch];
                if nulls.has(row) { 0 } else { values[row * nulls.step].abs_diff(*least) / unit + 1 }
            }
        }
    }
}

/// The bits that numbers up to `greatest` take.
fn bits(greatest: u64) -> u32 {
    u64::BITS - greatest.leading_zeros()
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The distinct texts, sorted.
fn distinct(texts: &StringArray) -> Vec<&str> {
    let mut distinct: Vec<&str> = texts.iter().flatten().collect();
    if !distinct.is_sorted_by(|left, right| left < right) {
        distinct.sort_unstable();
        distinct.dedup();
    }
    distinct
}

/// The texts of both, each once, sorted as they are.
fn united<'a>(left: &[&'a str], right: &[&'a str]) -> Vec<&'a str> {
    let mut united = Vec::with_capacity(left.len().max(right.len()));
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return united,
        };
        let next = if order.is_le() { left.next() } else { None };
        let other = if order.is_ge() { right.next() } else { None };
        united.extend(next.or(other));
    }
}

/// By place: the rank of each text among `known`, counted from one.
fn ranks(texts: &StringArray, known: &[&str]) -> Vec<u32> {
    let mut near = 0;
    let rank = |at: usize| {
        if texts.is_null(at) {
            return 0;
        }
        let text = texts.value(at);
        // Sorted texts are found in one walk.
        while known.get(near).is_some_and(|known| *known < text) {
            near += 1;
        }
        if known.get(near) != Some(&text) {
            near = known.binary_search(&text).unwrap_or_default();
        }
        near as u32 + 1
    };
    (0..texts.len()).map(rank).collect()
}

#[cfg(test)]
mod tests;
