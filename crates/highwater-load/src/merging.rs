//! Merging sorted runs of rows into one, a few rows of each at a time, so that a large day need not be in memory.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::row::{Row, RowConverter, Rows, SortField};
use highwater_core::{Error, ErrorKind, Result};

use crate::uniform::{Held, interleaved};

/// Rows of one merged batch, and the most of a run that are made comparable at once.
pub(crate) const MERGED_ROWS: usize = 8_192;

/// Batches that are sorted together.
pub(crate) type Run<'a> = Box<dyn Iterator<Item = Result<RecordBatch>> + 'a>;

/// The columns that rows are sorted by, nulls first.
pub(crate) struct Key {
    positions: Vec<usize>,
    converter: RowConverter,
}

impl Key {
    pub(crate) fn new(schema: &Schema, positions: Vec<usize>) -> Result<Self> {
        let kinds = positions.iter().map(|position| schema.field(*position).data_type().clone());
        let converter = RowConverter::new(kinds.map(SortField::new).collect()).map_err(unsortable)?;
        Ok(Self { positions, converter })
    }

    fn rows(&self, batch: &RecordBatch) -> Result<Rows> {
        let columns: Vec<ArrayRef> =
            self.positions.iter().map(|position| Arc::clone(batch.column(*position))).collect();
        self.converter.convert_columns(&columns).map_err(unsortable)
    }
}

/// The rows of `runs` in the order of `key`. Rows of one key come in the order of their runs. A column whose rows all
/// hold the same may come as a run.
pub(crate) fn merge<'a>(
    runs: Vec<Run<'a>>,
    key: &'a Key,
) -> Result<impl Iterator<Item = Result<RecordBatch>> + 'a> {
    let mut merge =
        Merge { key, cursors: Vec::new(), heap: Vec::new(), batches: Vec::new(), taken: Vec::new() };
    for run in runs {
        let mut cursor = Cursor { run: Box::new(run.flat_map(pieces)), rows: None, row: 0, batch: 0 };
        if merge.refill(&mut cursor)? {
            merge.cursors.push(cursor);
            merge.heap.push(merge.heap.len());
        }
    }
    for place in (0..merge.heap.len() / 2).rev() {
        merge.sink(place);
    }
    Ok(std::iter::from_fn(move || merge.next().transpose()))
}

/// `batch` a few rows at a time.
fn pieces(batch: Result<RecordBatch>) -> impl Iterator<Item = Result<RecordBatch>> {
    let (batch, error) = batch.map_or_else(|error| (None, Some(Err(error))), |batch| (Some(batch), None));
    let cut = |batch: RecordBatch| {
        let starts = (0..batch.num_rows()).step_by(MERGED_ROWS);
        starts.map(move |start| Ok(batch.slice(start, MERGED_ROWS.min(batch.num_rows() - start))))
    };
    batch.into_iter().flat_map(cut).chain(error)
}

struct Merge<'a> {
    key: &'a Key,
    cursors: Vec<Cursor<'a>>,
    /// Cursors that have rows, as a binary heap, the least row first.
    heap: Vec<usize>,
    /// Batches that taken rows or cursors refer to.
    batches: Vec<Arc<Held>>,
    taken: Vec<(usize, usize)>,
}

struct Cursor<'a> {
    run: Run<'a>,
    rows: Option<Rows>,
    row: usize,
    batch: usize,
}

impl Cursor<'_> {
    fn current(&self) -> Option<Row<'_>> {
        self.rows.as_ref().map(|rows| rows.row(self.row))
    }
}

impl Merge<'_> {
    /// Puts `cursor` on the first row of its next batch that has any.
    fn refill(&mut self, cursor: &mut Cursor<'_>) -> Result<bool> {
        for batch in cursor.run.by_ref() {
            let batch = batch?;
            if batch.num_rows() > 0 {
                (cursor.rows, cursor.row, cursor.batch) =
                    (Some(self.key.rows(&batch)?), 0, self.batches.len());
                self.batches.push(Arc::new(Held::new(batch)));
                return Ok(true);
            }
        }
        cursor.rows = None;
        Ok(false)
    }

    fn next(&mut self) -> Result<Option<RecordBatch>> {
        while self.taken.len() < MERGED_ROWS
            && let Some(first) = self.heap.first().copied()
        {
            self.taken.push((self.cursors[first].batch, self.cursors[first].row));
            self.advance(first)?;
        }
        if self.taken.is_empty() {
            return Ok(None);
        }
        let merged = interleaved(&self.batches, &self.taken).map_err(unsortable)?;
        self.taken.clear();
        self.forget_batches();
        Ok(Some(merged))
    }

    /// Moves the first cursor of the heap on by a row.
    fn advance(&mut self, first: usize) -> Result<()> {
        let cursor = &mut self.cursors[first];
        cursor.row += 1;
        if cursor.rows.as_ref().is_some_and(|rows| cursor.row >= rows.num_rows()) {
            let empty = Cursor { run: Box::new(std::iter::empty()), rows: None, row: 0, batch: 0 };
            let mut cursor = std::mem::replace(cursor, empty);
            if !self.refill(&mut cursor)? {
                self.heap.swap_remove(0);
            }
            self.cursors[first] = cursor;
        }
        self.sink(0);
        Ok(())
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let mut least = place;
            for child in [2 * place + 1, 2 * place + 2] {
                if child < self.heap.len() && self.compare(child, least).is_lt() {
                    least = child;
                }
            }
            if least == place {
                return;
            }
            self.heap.swap(place, least);
            place = least;
        }
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        let Some((a, b)) = self.heap.get(a).zip(self.heap.get(b)) else { return Ordering::Equal };
        self.cursors[*a].current().cmp(&self.cursors[*b].current()).then(a.cmp(b))
    }

    /// Lets go of the batches that no cursor is in.
    fn forget_batches(&mut self) {
        let mut kept = Vec::with_capacity(self.heap.len());
        for cursor in &self.heap {
            let cursor = &mut self.cursors[*cursor];
            kept.push(Arc::clone(&self.batches[cursor.batch]));
            cursor.batch = kept.len() - 1;
        }
        self.batches = kept;
    }
}

pub(crate) fn unsortable(error: ArrowError) -> Error {
    Error::new(ErrorKind::Internal, "cannot sort the rows of an object").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::unpacked_batch;
    use arrow::array::{AsArray, Int64Array, StringArray};
    use arrow::datatypes::Int64Type;
    use proptest::prelude::*;

    type Pairs = Vec<(Option<u8>, i64)>;

    fn batch(rows: &[(Option<u8>, i64)]) -> RecordBatch {
        let names: StringArray = rows.iter().map(|(name, _)| name.map(|name| format!("n{name}"))).collect();
        let numbers: Int64Array = rows.iter().map(|(_, number)| Some(*number)).collect();
        RecordBatch::try_from_iter_with_nullable([
            ("name", Arc::new(names) as ArrayRef, true),
            ("number", Arc::new(numbers) as ArrayRef, true),
        ])
        .unwrap()
    }

    fn pairs(batches: &[RecordBatch]) -> Pairs {
        let of = |held: &RecordBatch| -> Pairs {
            let batch = unpacked_batch(held, &batch(&[]).schema()).unwrap();
            let names = batch.column(0).as_string::<i32>().iter();
            let names = names.map(|name| name.map(|name| name[1..].parse().unwrap()));
            names.zip(batch.column(1).as_primitive::<Int64Type>().values().iter().copied()).collect()
        };
        batches.iter().flat_map(of).collect()
    }

    fn rows() -> impl Strategy<Value = Pairs> {
        prop::collection::vec((prop::option::of(0..5_u8), -3..3_i64), 0..40)
    }

    proptest! {
        #[test]
        fn runs_merge_into_all_their_rows_in_order(runs in prop::collection::vec((rows(), 1..7_usize), 0..6)) {
            let key = Key::new(&batch(&[]).schema(), vec![0, 1]).unwrap();
            let mut expected: Pairs = runs.iter().flat_map(|(rows, _)| rows.clone()).collect();
            expected.sort();
            let runs = runs.iter().map(|(rows, size)| {
                let mut rows = rows.clone();
                rows.sort();
                let sorted = batch(&rows);
                let parts: Vec<_> = (0..sorted.num_rows())
                    .step_by(*size)
                    .map(|start| Ok(sorted.slice(start, (*size).min(sorted.num_rows() - start))))
                    .collect();
                Box::new(parts.into_iter()) as Run<'_>
            });
            let merged: Vec<RecordBatch> = merge(runs.collect(), &key).unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(pairs(&merged), expected);
        }
    }

    #[test]
    fn rows_of_one_key_keep_the_order_of_their_runs() {
        let key = Key::new(&batch(&[]).schema(), vec![0]).unwrap();
        let many: Vec<_> = (0..i64::try_from(MERGED_ROWS).unwrap()).map(|number| (Some(1), number)).collect();
        let runs = [batch(&many), batch(&[(Some(1), -1), (Some(2), -2)])];
        let runs = runs.into_iter().map(|batch| Box::new(std::iter::once(Ok(batch))) as Run<'_>);
        let merged: Vec<RecordBatch> = merge(runs.collect(), &key).unwrap().map(Result::unwrap).collect();
        assert_eq!(merged[0].num_rows(), MERGED_ROWS);
        assert_eq!(pairs(&merged[1..]), [(Some(1), -1), (Some(2), -2)]);
    }
}
