//! Columns that hold the same in every row, as most of a table's do: told once for a batch, so that rows of several
//! batches are put together without moving them one by one.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::packed::run;
use crate::sorting::held_batch;

/// What is known of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Uniform {
    /// Null in every row.
    Null,
    /// The text of the first row, in every row.
    Text,
    /// Nothing.
    No,
}

/// A batch with at least one row, and what is known of its columns.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    batch: RecordBatch,
    uniform: Vec<Uniform>,
}

impl Held {
    pub(crate) fn new(batch: RecordBatch) -> Self {
        let uniform = batch.columns().iter().map(uniform).collect();
        Self { batch, uniform }
    }

    /// The text that every row of `column` has.
    fn text(&self, column: usize) -> Option<&str> {
        let same = self.uniform[column] == Uniform::Text;
        same.then(|| self.batch.column(column).as_string::<i32>().value(0))
    }
}

fn uniform(column: &ArrayRef) -> Uniform {
    if column.null_count() == column.len() {
        return Uniform::Null;
    }
    match column.as_string_opt::<i32>() {
        Some(texts) if is_one_text(texts) => Uniform::Text,
        _ => Uniform::No,
    }
}

/// Whether all texts are the same: of one length, and the bytes their own repetition.
fn is_one_text(texts: &StringArray) -> bool {
    let offsets = texts.value_offsets();
    let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else { return false };
    let size = texts.value(0).len();
    let bytes = &texts.value_data()[*first as usize..*last as usize];
    texts.null_count() == 0
        && offsets.windows(2).all(|pair| (pair[1] - pair[0]) as usize == size)
        && bytes[size..] == bytes[..bytes.len() - size]
}

/// The rows that `taken` names by batch and place. The batches have the same columns; what is the same in all of their rows
/// comes as a run.
///
/// # Errors
/// When a column grows beyond what an array can hold.
pub(crate) fn interleaved(
    batches: &[Arc<Held>],
    taken: &[(usize, usize)],
) -> Result<RecordBatch, ArrowError> {
    let first = &batches[0];
    let schema = first.batch.schema();
    let column = |column: usize| {
        if batches.iter().all(|batch| batch.uniform[column] == Uniform::Null) {
            return run(&new_null_array(schema.field(column).data_type(), 1), taken.len());
        }
        let text = first.text(column).filter(|_| *schema.field(column).data_type() == DataType::Utf8);
        if let Some(text) = text
            && batches.iter().all(|batch| batch.text(column) == Some(text))
        {
            let text: ArrayRef = Arc::new(StringArray::from(vec![text]));
            return run(&text, taken.len());
        }
        let columns: Vec<&dyn Array> = batches.iter().map(|batch| &**batch.batch.column(column)).collect();
        interleave(&columns, taken)
    };
    let columns = (0..schema.fields().len()).map(column).collect::<Result<Vec<_>, _>>()?;
    held_batch(&schema, columns, taken.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::unpacked_batch;
    use arrow::array::Int64Array;
    use arrow::compute::interleave_record_batch;
    use proptest::prelude::*;

    fn batch(rows: &[(Option<&str>, Option<i64>)]) -> RecordBatch {
        let texts: StringArray = rows.iter().map(|(text, _)| *text).collect();
        let numbers: Int64Array = rows.iter().map(|(_, number)| *number).collect();
        RecordBatch::try_from_iter_with_nullable([
            ("text", Arc::new(texts) as ArrayRef, true),
            ("number", Arc::new(numbers) as ArrayRef, true),
        ])
        .unwrap()
    }

    fn cell() -> impl Strategy<Value = (Option<&'static str>, Option<i64>)> {
        let text =
            prop_oneof![4 => Just(Some("aa")), 1 => Just(Some("a")), 1 => Just(Some("")), 1 => Just(None)];
        (text, prop::option::weighted(0.2, 0..3_i64))
    }

    #[test]
    fn a_text_that_repeats_is_told_from_one_that_only_looks_like_it() {
        let is_one = |texts: &[&str]| is_one_text(&texts.iter().copied().map(Some).collect());
        assert!(is_one(&["ab", "ab", "ab"]) && is_one(&["", ""]) && is_one(&["ab"]));
        assert!(!is_one(&["ab", "ba"]) && !is_one(&["a", "aa"]) && !is_one(&["aa", "a", "a"]));
        let sliced: StringArray = ["x", "ab", "ab", "y"].into_iter().map(Some).collect();
        assert!(is_one_text(&sliced.slice(1, 2)));
    }

    proptest! {
        #[test]
        fn rows_come_out_as_if_they_had_been_moved_one_by_one(
            batches in prop::collection::vec(prop::collection::vec(cell(), 1..5), 1..4),
            places in prop::collection::vec((0..4_usize, 0..5_usize), 0..12),
        ) {
            let taken: Vec<(usize, usize)> = places
                .into_iter()
                .map(|(batch, row)| (batch % batches.len(), row))
                .map(|(batch, row)| (batch, row % batches[batch].len()))
                .collect();
            let batches: Vec<RecordBatch> = batches.iter().map(|rows| batch(rows)).collect();
            let held: Vec<Arc<Held>> = batches.iter().cloned().map(Held::new).map(Arc::new).collect();
            let expected = interleave_record_batch(&batches.iter().collect::<Vec<_>>(), &taken).unwrap();
            let interleaved = interleaved(&held, &taken).unwrap();
            prop_assert_eq!(unpacked_batch(&interleaved, &expected.schema()).unwrap(), expected);
        }
    }
}
