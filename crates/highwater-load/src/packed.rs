//! Columns of several batches as they may be packed: a run for what is the same in every row, texts as keys of a
//! dictionary, seconds in 64 bits. Rows are taken from them by batch and place.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Int32Array, PrimitiveArray, RecordBatch,
    RecordBatchOptions, RunArray, new_empty_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Decimal64Type, Decimal128Type, Int32Type, Int64Type, SchemaRef, TimestampMillisecondType,
};
use arrow::error::ArrowError;

use crate::texts::Texts;

/// A row by its batch and its place there.
pub(crate) type Place = (usize, usize);

/// One column of one batch: the value of row `r` stands at `r * step`.
#[derive(Clone, Debug)]
pub(crate) struct Strided {
    pub(crate) values: ArrayRef,
    /// Zero where one value stands for every row.
    pub(crate) step: usize,
}

impl Strided {
    /// `column`, which is of `kind` or packed.
    pub(crate) fn of(column: &ArrayRef, kind: &DataType) -> Result<Self, ArrowError> {
        let (values, step) = match run_value(column) {
            Some(value) => (value, 0),
            None => (Arc::clone(column), 1),
        };
        let held = held_type(kind);
        let texts = values.data_type() != kind && values.as_dictionary_opt::<Int32Type>().is_some();
        let values = if texts || *values.data_type() == held { values } else { cast_whole(&values, &held)? };
        Ok(Self { values, step })
    }
}

/// The one value of a column that is a run of it.
pub(crate) fn run_value(column: &ArrayRef) -> Option<ArrayRef> {
    let run = column.as_run_opt::<Int32Type>()?;
    Some(run.values_slice()).filter(|values| values.len() == 1)
}

/// The value that all rows of `parts` hold, where they are runs of it.
pub(crate) fn same_value(parts: &[&ArrayRef]) -> Option<ArrayRef> {
    let mut values = parts.iter().map(|part| run_value(part));
    let first = values.next()??;
    values.all(|value| value.is_some_and(|value| *value == *first)).then_some(first)
}

/// `values` in another type.
///
/// # Errors
/// When one of them has no place in it: none becomes null.
pub(crate) fn cast_whole(values: &dyn Array, kind: &DataType) -> Result<ArrayRef, ArrowError> {
    cast_with_options(values, kind, &CastOptions { safe: false, ..CastOptions::default() })
}

/// The rows of `batch`, unpacked, in the columns of `schema`.
pub(crate) fn unpacked_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| cast_whole(column, field.data_type()));
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns.collect::<Result<_, _>>()?, &options)
}

/// Whether `batch` has the columns of `schema`, packed or not.
pub(crate) fn fits(batch: &RecordBatch, schema: &SchemaRef) -> bool {
    let logical = |kind: &DataType| match kind {
        DataType::RunEndEncoded(_, values) => values.data_type().clone(),
        DataType::Dictionary(_, values) => (**values).clone(),
        other => other.clone(),
    };
    let same = |(held, wanted): (&arrow::datatypes::FieldRef, &arrow::datatypes::FieldRef)| {
        let kind = logical(held.data_type());
        held.name() == wanted.name() && (kind == *wanted.data_type() || kind == held_type(wanted.data_type()))
    };
    batch.num_columns() == schema.fields().len()
        && batch.schema_ref().fields().iter().zip(schema.fields()).all(same)
}

/// The type in which values of `kind` wait to be written.
pub(crate) fn held_type(kind: &DataType) -> DataType {
    match kind {
        DataType::Decimal128(precision @ ..=18, scale) => DataType::Decimal64(*precision, *scale),
        other => other.clone(),
    }
}

/// One column of several batches.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    kind: DataType,
    parts: Vec<Strided>,
    /// The one value of all rows.
    uniform: Option<ArrayRef>,
    /// The texts of a column of text that is not uniform.
    texts: Option<Texts>,
}

impl Column {
    /// The column at `position` of `batches`, in a table whose column is of `kind`.
    pub(crate) fn of(batches: &[RecordBatch], position: usize, kind: &DataType) -> Result<Self, ArrowError> {
        let parts = batches.iter().map(|batch| Strided::of(batch.column(position), kind));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        let first = parts.first().filter(|first| {
            parts.iter().all(|part| part.step == 0 && part.values.as_ref() == first.values.as_ref())
        });
        let uniform = first.map(|first| cast_whole(&first.values, kind)).transpose()?;
        let texts = (uniform.is_none() && *kind == DataType::Utf8).then(|| Texts::of(&parts)).transpose()?;
        Ok(Self { kind: kind.clone(), parts, uniform, texts })
    }

    /// The texts of a column of text whose rows do not all hold the same.
    pub(crate) fn texts(&self) -> Option<&Texts> {
        self.texts.as_ref()
    }

    pub(crate) fn kind(&self) -> &DataType {
        &self.kind
    }

    pub(crate) fn parts(&self) -> &[Strided] {
        &self.parts
    }

    /// The values at `taken`: a run where all rows of all batches hold the same, texts as keys of one dictionary.
    pub(crate) fn take(&self, taken: &[Place]) -> Result<ArrayRef, ArrowError> {
        if let Some(value) = &self.uniform {
            return run(value, taken.len());
        }
        if let Some(texts) = &self.texts {
            return texts.take(taken, self.nulls(taken));
        }
        match &self.kind {
            DataType::Boolean => {
                let values = self.parts.iter().map(|part| part.values.as_boolean()).collect::<Vec<_>>();
                let value = |(batch, row): &Place| {
                    let at = row * self.parts[*batch].step;
                    values[*batch].is_valid(at).then(|| values[*batch].value(at))
                };
                Ok(Arc::new(taken.iter().map(value).collect::<BooleanArray>()))
            }
            DataType::Int64 => Ok(Arc::new(self.numbers::<Int64Type>(taken))),
            DataType::Timestamp(..) => Ok(Arc::new(self.numbers::<TimestampMillisecondType>(taken))),
            DataType::Decimal128(..=18, _) => {
                let numbers = self.numbers::<Decimal64Type>(taken);
                Ok(Arc::new(numbers.with_data_type(held_type(&self.kind))))
            }
            DataType::Decimal128(..) => {
                let numbers = self.numbers::<Decimal128Type>(taken);
                Ok(Arc::new(numbers.with_data_type(self.kind.clone())))
            }
            other => Err(ArrowError::NotYetImplemented(format!("rows with values of {other}"))),
        }
    }

    fn numbers<T: ArrowPrimitiveType>(&self, taken: &[Place]) -> PrimitiveArray<T> {
        let parts: Vec<(&[T::Native], usize)> = self
            .parts
            .iter()
            .map(|part| (&part.values.as_primitive::<T>().values()[..], part.step))
            .collect();
        let value = |(batch, row): &Place| {
            let (values, step) = parts[*batch];
            values[row * step]
        };
        let values: Vec<T::Native> = taken.iter().map(value).collect();
        PrimitiveArray::new(values.into(), self.nulls(taken))
    }

    fn nulls(&self, taken: &[Place]) -> Option<NullBuffer> {
        let parts: Vec<_> = self.parts.iter().map(|part| (part.values.nulls(), part.step)).collect();
        let any = parts.iter().any(|(nulls, _)| nulls.is_some());
        any.then(|| {
            let valid = |(batch, row): &Place| {
                let (nulls, step) = parts[*batch];
                nulls.is_none_or(|nulls| nulls.is_valid(row * step))
            };
            NullBuffer::from_iter(taken.iter().map(valid))
        })
    }
}

/// `rows` times the one value of `value`, held once.
pub(crate) fn run(value: &ArrayRef, rows: usize) -> Result<ArrayRef, ArrowError> {
    if rows == 0 {
        return Ok(new_empty_array(value.data_type()));
    }
    let end = i32::try_from(rows).map_err(|_| ArrowError::OffsetOverflowError(rows))?;
    Ok(Arc::new(RunArray::<Int32Type>::try_new(&Int32Array::from(vec![end]), value)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        Decimal64Array, Decimal128Array, DictionaryArray, Int64Array, TimestampMillisecondArray,
    };
    use arrow::datatypes::{Field, Schema};

    fn schema() -> SchemaRef {
        let kinds = [
            ("text", DataType::Utf8),
            ("count", DataType::Int64),
            ("at", DataType::Timestamp(arrow::datatypes::TimeUnit::Millisecond, None)),
            ("seconds", DataType::Decimal128(18, 6)),
            ("value", DataType::Decimal128(38, 6)),
            ("flag", DataType::Boolean),
        ];
        Arc::new(Schema::new(kinds.map(|(name, kind)| Field::new(name, kind, true)).to_vec()))
    }

    fn packed() -> RecordBatch {
        let texts: DictionaryArray<Int32Type> = [Some("b"), None, Some("a")].into_iter().collect();
        let seconds =
            Decimal64Array::from(vec![Some(7), None, Some(9)]).with_data_type(DataType::Decimal64(18, 6));
        let values =
            Decimal128Array::from(vec![Some(1), None, None]).with_data_type(DataType::Decimal128(38, 6));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(texts),
            Arc::new(Int64Array::from(vec![None, Some(2), Some(3)])),
            run(&(Arc::new(TimestampMillisecondArray::from(vec![5])) as ArrayRef), 3).unwrap(),
            Arc::new(seconds),
            Arc::new(values),
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ];
        crate::sorting::held_batch(&schema(), columns, 3).unwrap()
    }

    #[test]
    fn rows_are_the_same_whether_they_are_taken_packed_or_plain() {
        let packed = packed();
        assert!(fits(&packed, &schema()));
        let plain = unpacked_batch(&packed, &schema()).unwrap();
        let places = [(1, 2), (0, 0), (1, 1), (0, 2), (0, 0)];
        let batches = [packed, plain.clone()];
        for (position, field) in schema().fields().iter().enumerate() {
            let column = Column::of(&batches, position, field.data_type()).unwrap();
            let taken = cast_whole(&column.take(&places).unwrap(), field.data_type()).unwrap();
            let rows = Int32Array::from_iter_values(places.iter().map(|(_, row)| *row as i32));
            let expected = arrow::compute::take(plain.column(position), &rows, None).unwrap();
            assert_eq!(taken.as_ref(), expected.as_ref(), "{field}");
        }
    }

    #[test]
    fn another_column_or_another_type_does_not_fit() {
        let (packed, columns) = (packed(), schema());
        assert!(!fits(&packed.project(&[0, 1]).unwrap(), &columns));
        assert!(!fits(&packed.project(&[1, 0, 2, 3, 4, 5]).unwrap(), &columns));
        let counted = Arc::new(Schema::new(vec![Field::new("text", DataType::Int64, true)]));
        assert!(!fits(&packed.project(&[0]).unwrap(), &counted));
    }
}
