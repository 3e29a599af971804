//! Packed batches: what is the same in every row is held once, texts are held as keys of a sorted dictionary, seconds in
//! 64 bits. Rows that wait to be written take a fraction of the memory that way, and nothing is copied to repeat it.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, RunArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{Int32Type, SchemaRef};
use arrow::error::ArrowError;
use highwater_core::{Error, ErrorKind, Result};

/// `rows` times the one value of `value`, held once. At least one row.
pub(crate) fn repeated(value: &dyn Array, rows: usize) -> Result<ArrayRef, ArrowError> {
    let ends =
        i32::try_from(rows).map_err(|_| ArrowError::InvalidArgumentError("too many rows".to_owned()))?;
    Ok(Arc::new(RunArray::<Int32Type>::try_new(&[ends].to_vec().into(), value)?))
}

/// The rows of `batch` with every column as `schema` has it.
///
/// # Errors
/// `Internal` when a column is of another kind, or holds more text than one array can.
pub fn plain(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns =
        columns.map(|(column, field)| cast(column, field.data_type())).collect::<Result<Vec<_>, _>>();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    columns
        .and_then(|columns| RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options))
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot unpack rows").with_source(error))
}

/// Lets packed batches of a pull use the texts of those before them, wherever all texts of a column are the same, as where
/// the same resources are heard of hour after hour. `earlier` gives a batch of the same table as that at a place of
/// `later`. Returns the bytes that are held no longer.
pub fn share_texts<'a>(earlier: impl Fn(usize) -> Option<&'a RecordBatch>, later: &mut [RecordBatch]) -> u64 {
    let mut given_up: Vec<ArrayRef> = Vec::new();
    for (place, batch) in later.iter_mut().enumerate() {
        let Some(known) = earlier(place).filter(|known| known.num_columns() == batch.num_columns()) else {
            continue;
        };
        let columns = known.columns().iter().zip(batch.columns());
        let columns = columns.map(|(known, column)| with_texts_of(known, column, &mut given_up)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        *batch = RecordBatch::try_new_with_options(batch.schema(), columns, &options)
            .expect("columns of the same types and rows");
    }
    let is_first =
        |(at, texts): &(usize, &ArrayRef)| !given_up[..*at].iter().any(|known| Arc::ptr_eq(known, texts));
    given_up.iter().enumerate().filter(is_first).map(|(_, texts)| text_bytes(texts.as_string()) as u64).sum()
}

/// `column` with the texts of `known`, if they are the same.
fn with_texts_of(known: &ArrayRef, column: &ArrayRef, given_up: &mut Vec<ArrayRef>) -> ArrayRef {
    let texts = |column: &ArrayRef| column.as_dictionary_opt::<Int32Type>().cloned();
    match (texts(known), texts(column)) {
        (Some(known), Some(own)) if **known.values() == **own.values() => {
            if !Arc::ptr_eq(known.values(), own.values()) {
                given_up.push(Arc::clone(own.values()));
            }
            Arc::new(own.with_values(Arc::clone(known.values())))
        }
        _ => Arc::clone(column),
    }
}

/// Bytes that texts take in memory.
pub(crate) fn text_bytes(texts: &StringArray) -> usize {
    texts.value_data().len() + size_of_val(texts.value_offsets())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Decimal64Array, Decimal128Array, DictionaryArray};
    use arrow::datatypes::{DataType, Decimal128Type, Field, Schema};

    #[test]
    fn what_is_packed_comes_out_as_it_was() {
        let text: DictionaryArray<Int32Type> = [Some("b"), None, Some("a")].into_iter().collect();
        let seconds =
            Decimal64Array::from(vec![Some(7), None, Some(9)]).with_precision_and_scale(18, 6).unwrap();
        let none = Decimal128Array::from(vec![None]).with_precision_and_scale(18, 6).unwrap();
        let columns: [(&str, ArrayRef); 4] = [
            ("text", Arc::new(text)),
            ("same", repeated(&StringArray::from(vec!["x"]), 3).unwrap()),
            ("seconds", Arc::new(seconds)),
            ("none", repeated(&none, 3).unwrap()),
        ];
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)));
        let kinds =
            [DataType::Utf8, DataType::Utf8, DataType::Decimal128(18, 6), DataType::Decimal128(18, 6)];
        let names = ["text", "same", "seconds", "none"];
        let fields: Vec<Field> =
            names.iter().zip(kinds).map(|(name, kind)| Field::new(*name, kind, true)).collect();
        let plain = plain(&batch.unwrap(), &Arc::new(Schema::new(fields))).unwrap();
        let texts = |at: usize| plain.column(at).as_string::<i32>().iter().collect::<Vec<_>>();
        assert_eq!((texts(0), texts(1)), (vec![Some("b"), None, Some("a")], vec![Some("x"); 3]));
        let seconds = plain.column(2).as_primitive::<Decimal128Type>();
        assert_eq!(seconds.iter().collect::<Vec<_>>(), [Some(7), None, Some(9)]);
        assert_eq!(plain.column(3).null_count(), 3);
    }

    fn batch(ids: &[&str], tiers: &[&str]) -> RecordBatch {
        let keyed = |texts: &[&str]| {
            Arc::new(texts.iter().copied().collect::<DictionaryArray<Int32Type>>()) as ArrayRef
        };
        RecordBatch::try_from_iter([("id", keyed(ids)), ("tier", keyed(tiers))]).unwrap()
    }

    #[test]
    fn texts_that_are_the_same_are_held_once_and_no_value_changes() {
        let earlier = batch(&["a", "b"], &["720p", "720p"]);
        let mut later = [batch(&["a", "b"], &["1080p", "1080p"]), batch(&["b", "a"], &["720p", "720p"])];
        let before = later.clone();
        assert_eq!(share_texts(|_| Some(&earlier), &mut later), (2 + 4 * 3) + (4 + 4 * 2));
        assert_eq!(later, before);
        let values = |batch: &RecordBatch, column: usize| {
            Arc::clone(batch.column(column).as_dictionary::<Int32Type>().values())
        };
        assert!(Arc::ptr_eq(&values(&later[0], 0), &values(&earlier, 0)));
        assert!(Arc::ptr_eq(&values(&later[1], 1), &values(&earlier, 1)));
        assert!(!Arc::ptr_eq(&values(&later[0], 1), &values(&earlier, 1)));
        assert_eq!(share_texts(|_| Some(&earlier), &mut later), 0, "what is shared is given up once");
        assert_eq!(share_texts(|_| None, &mut later), 0);
    }
}
