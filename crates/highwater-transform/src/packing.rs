//! Packed batches: what is the same in every row is held once, texts are held as keys of a sorted dictionary, seconds in
//! 64 bits. Rows that wait to be written take a fraction of the memory that way, and nothing is copied to repeat it.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, RunArray};
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

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{AsArray, Decimal64Array, Decimal128Array, DictionaryArray, StringArray};
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
}
