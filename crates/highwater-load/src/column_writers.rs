//! The writers of column chunks, and their rows as these take them. Texts get a dictionary unless hardly one of them comes
//! twice: one in which each stands once takes more time and room than the texts.

use std::io;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, new_null_array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, FieldRef, Int32Type, Schema, SchemaRef};
use highwater_core::Table;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use crate::packed::run_value;
use crate::writer::{plain_properties, properties};

/// Makes the writers of one object's column chunks.
pub(crate) struct ColumnWriters {
    columns: Vec<ColumnWriter>,
}

/// Makes the writers of one column's chunks.
struct ColumnWriter {
    field: FieldRef,
    usual: ArrowRowGroupWriterFactory,
    /// Without a dictionary.
    plain: ArrowRowGroupWriterFactory,
}

impl ColumnWriters {
    /// For objects of `table`.
    pub(crate) fn new(table: Table, schema: &SchemaRef) -> Result<Self, ParquetError> {
        let usual = Arc::new(properties(table, schema));
        let plain = Arc::new(plain_properties(table, schema));
        let column = |field: &FieldRef| {
            let (usual, plain) = (alone(field, &usual)?, alone(field, &plain)?);
            Ok(ColumnWriter { field: Arc::clone(field), usual, plain })
        };
        Ok(Self { columns: schema.fields().iter().map(column).collect::<Result<_, ParquetError>>()? })
    }

    /// A writer that has taken the rows of `parts`, which may be packed, of the column at `position`.
    pub(crate) fn written(
        &self,
        position: usize,
        parts: &[&ArrayRef],
    ) -> Result<ArrowColumnWriter, ParquetError> {
        let ColumnWriter { field, usual, plain } = &self.columns[position];
        let factory = if texts_hardly_repeat(parts) { plain } else { usual };
        // The place of the row group is for encryption alone.
        let writer = factory.create_column_writers(0)?.pop();
        let mut writer = writer.ok_or_else(|| ParquetError::General(format!("no column for {field}")))?;
        for part in parts {
            let rows = unpacked(part, field.data_type())?;
            compute_leaves(field, &rows)?.iter().try_for_each(|leaf| writer.write(leaf))?;
        }
        Ok(writer)
    }
}

/// What makes the writers of a file of `field` alone.
fn alone(
    field: &FieldRef,
    properties: &Arc<WriterProperties>,
) -> Result<ArrowRowGroupWriterFactory, ParquetError> {
    let schema = Arc::new(Schema::new(vec![Arc::clone(field)]));
    let columns = ArrowSchemaConverter::new().convert(&schema)?;
    let file = SerializedFileWriter::new(io::sink(), columns.root_schema_ptr(), Arc::clone(properties))?;
    Ok(ArrowRowGroupWriterFactory::new(&file, schema))
}

/// The rows of `values` in `kind`, texts also as keys: the writer looks them up where they are.
fn unpacked(values: &ArrayRef, kind: &DataType) -> Result<ArrayRef, ParquetError> {
    if values.as_dictionary_opt::<Int32Type>().is_some() {
        return Ok(Arc::clone(values));
    }
    let Some(value) = run_value(values) else { return Ok(cast(values, kind)?) };
    if value.is_null(0) {
        return Ok(new_null_array(kind, values.len()));
    }
    let first = Int32Array::from(vec![0; values.len()]);
    match value.as_string_opt::<i32>() {
        Some(_) => Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(first, value)?)),
        None => Ok(take(&cast(&value, kind)?, &first, None)?),
    }
}

/// How many rows of a row group tell how often its texts repeat.
const SAMPLE_ROWS: usize = 4_096;

/// Whether `parts` are keys of texts, and more than half of the first rows that have one have another one each.
fn texts_hardly_repeat(parts: &[&ArrayRef]) -> bool {
    let (mut rows, mut texts) = (0, 0);
    for part in parts {
        let Some(keyed) = part.as_dictionary_opt::<Int32Type>() else { return false };
        let mut is_known = vec![false; keyed.values().len()];
        for key in keyed.keys().iter().flatten().take(SAMPLE_ROWS - rows) {
            rows += 1;
            texts += usize::from(!std::mem::replace(&mut is_known[key as usize], true));
        }
    }
    texts * 2 > rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{DictionaryArray, StringArray};

    fn keyed(texts: &[Option<&str>]) -> ArrayRef {
        Arc::new(texts.iter().copied().collect::<DictionaryArray<Int32Type>>())
    }

    #[test]
    fn texts_repeat_where_one_of_two_rows_has_a_text_that_was_there() {
        let unlike = keyed(&[Some("a"), Some("b"), None, None, Some("a")]);
        assert!(texts_hardly_repeat(&[&unlike]) && texts_hardly_repeat(&[&unlike, &unlike]));
        let alike = keyed(&[Some("a"), Some("b"), Some("b"), Some("a")]);
        assert!(!texts_hardly_repeat(&[&alike]) && !texts_hardly_repeat(&[&keyed(&[None, None])]));
        let plain: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        assert!(!texts_hardly_repeat(&[&plain]), "what is not counted gets a dictionary");
    }
}
