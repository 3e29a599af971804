//! Sorting the rows of an object.

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, Rows, SortField};
use highwater_core::{Error, ErrorKind, Result};

use crate::writer::ROW_GROUP_ROWS;

/// The rows of `batches`, sorted by the columns at `key`, nulls first, a row group at a time. Rows with one key keep
/// their order.
pub(crate) fn sorted(
    batches: &[RecordBatch],
    key: &[usize],
) -> Result<impl Iterator<Item = Result<RecordBatch>>> {
    let batches: Vec<RecordBatch> = batches.iter().filter(|batch| batch.num_rows() > 0).cloned().collect();
    let order = order(&batches, key).map_err(unsortable)?;
    let chunks = order.len().div_ceil(ROW_GROUP_ROWS);
    Ok((0..chunks).map(move |chunk| {
        let start = chunk * ROW_GROUP_ROWS;
        let rows = &order[start..order.len().min(start + ROW_GROUP_ROWS)];
        let rows: Vec<(usize, usize)> =
            rows.iter().map(|(batch, row)| (*batch as usize, *row as usize)).collect();
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        interleave_record_batch(&batches, &rows).map_err(unsortable)
    }))
}

fn order(batches: &[RecordBatch], key: &[usize]) -> Result<Vec<(u32, u32)>, ArrowError> {
    let Some(first) = batches.first() else { return Ok(Vec::new()) };
    let schema = first.schema();
    let fields = key.iter().map(|position| SortField::new(schema.field(*position).data_type().clone()));
    let converter = RowConverter::new(fields.collect())?;
    let keys: Vec<Rows> = batches
        .iter()
        .map(|batch| {
            let columns: Vec<_> =
                key.iter().map(|position| std::sync::Arc::clone(batch.column(*position))).collect();
            converter.convert_columns(&columns)
        })
        .collect::<Result<_, _>>()?;
    let mut order: Vec<(u32, u32)> = Vec::with_capacity(keys.iter().map(Rows::num_rows).sum());
    for (batch, rows) in (0_u32..).zip(&keys) {
        order.extend((0_u32..).take(rows.num_rows()).map(|row| (batch, row)));
    }
    let row = |place: &(u32, u32)| keys[place.0 as usize].row(place.1 as usize);
    order.sort_by(|a, b| row(a).cmp(&row(b)));
    Ok(order)
}

fn unsortable(error: ArrowError) -> Error {
    Error::new(ErrorKind::Internal, "cannot sort the rows of an object").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{AsArray, Int64Array, StringArray};
    use arrow::datatypes::Int64Type;
    use std::sync::Arc;

    fn batch(ids: Vec<Option<&str>>, numbers: Vec<i64>) -> RecordBatch {
        let (ids, numbers) = (StringArray::from(ids), Int64Array::from(numbers));
        RecordBatch::try_from_iter_with_nullable([
            ("id", Arc::new(ids) as _, true),
            ("n", Arc::new(numbers) as _, true),
        ])
        .unwrap()
    }

    #[test]
    fn rows_of_several_batches_become_one_sorted_run_of_row_groups() {
        let many = batch(vec![Some("b"); ROW_GROUP_ROWS], (0..ROW_GROUP_ROWS as i64).rev().collect());
        let few = batch(vec![Some("c"), None, Some("a")], vec![1, 2, 3]);
        let empty = batch(vec![], vec![]);
        let chunks: Vec<RecordBatch> =
            sorted(&[many, empty, few], &[0, 1]).unwrap().map(Result::unwrap).collect();
        assert_eq!(chunks.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [ROW_GROUP_ROWS, 3]);
        let first = chunks[0].column(1).as_primitive::<Int64Type>();
        assert_eq!((first.value(0), first.value(1), first.value(2), first.value(3)), (2, 3, 0, 1));
        assert_eq!(chunks[1].column(0).as_string::<i32>().value(2), "c");
        assert_eq!(sorted(&[], &[0]).unwrap().count(), 0);
    }
}
