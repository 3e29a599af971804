//! The writers of column chunks, and their rows as these take them. Texts get a dictionary unless hardly one of them comes
//! twice: one in which each stands once takes more time and room than the texts.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, make_array, new_null_array};
use arrow::compute::take;
use arrow::datatypes::{DataType, FieldRef, Int32Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use highwater_core::Table;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::Type as PhysicalType;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::SchemaDescriptor;
use zstd::bulk::Compressor;

use crate::chunk_pages::compressor;
use crate::keyed_chunks::KeyedTexts;
use crate::packed::{cast_whole, held_type, run_value};
use crate::repetition::hardly_repeat;
use crate::typed_chunks::{TypedChunk, TypedColumn, TypedProperties};
use crate::writer::{plain_properties, properties};

/// Makes the writers of one object's column chunks.
pub(crate) struct ColumnWriters {
    columns: Vec<ColumnWriter>,
    compressor: Compressor<'static>,
}

/// Makes the chunks of one column.
struct ColumnWriter {
    field: FieldRef,
    way: Way,
    /// For what goes no other way.
    arrow: ArrowRowGroupWriterFactory,
}

/// The way that most chunks of a column are made.
enum Way {
    Numbers(TypedColumn),
    Texts {
        keyed: KeyedTexts,
        /// Without a dictionary.
        plain: ArrowRowGroupWriterFactory,
    },
    Arrow,
}

/// A column chunk that is to be appended to a row group.
pub(crate) enum Chunk {
    Typed(TypedChunk),
    Arrow(ArrowColumnChunk),
}

impl Chunk {
    pub(crate) fn close(&self) -> &ColumnCloseResult {
        match self {
            Self::Typed(chunk) => &chunk.close,
            Self::Arrow(chunk) => chunk.close(),
        }
    }

    pub(crate) fn append_to<W: Write + Send>(
        self,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError> {
        match self {
            Self::Typed(TypedChunk { bytes, close }) => group.append_column(&bytes, close),
            Self::Arrow(chunk) => chunk.append_to_row_group(group),
        }
    }
}

impl ColumnWriters {
    /// For objects of `table`.
    pub(crate) fn new(table: Table, schema: &SchemaRef) -> Result<Self, ParquetError> {
        let usual = Arc::new(properties(table, schema));
        let plain = Arc::new(plain_properties(table, schema));
        let (typed, typed_plain) = (TypedProperties::new(&usual), TypedProperties::new(&plain));
        let column = |field: &FieldRef| {
            // Written in 64 bits as in more, the same bytes come out.
            let held = field.as_ref().clone().with_data_type(held_type(field.data_type()));
            let field = Arc::new(held);
            let descr = columns_of(&field)?.column(0);
            let way = match (field.data_type(), descr.physical_type()) {
                (DataType::Utf8, _) => Way::Texts {
                    keyed: KeyedTexts::new(&descr, &typed, &typed_plain)?,
                    plain: alone(&field, &plain)?,
                },
                (_, PhysicalType::INT64) => Way::Numbers(TypedColumn { descr, properties: typed.clone() }),
                _ => Way::Arrow,
            };
            let arrow = alone(&field, &usual)?;
            Ok(ColumnWriter { field, way, arrow })
        };
        let columns = schema.fields().iter().map(column).collect::<Result<_, ParquetError>>()?;
        Ok(Self { columns, compressor: compressor()? })
    }

    /// The chunk of `parts`, which may be packed, of the column at `position`.
    pub(crate) fn chunk(&mut self, position: usize, parts: &[&ArrayRef]) -> Result<Chunk, ParquetError> {
        let (column, compressor) = (&mut self.columns[position], &mut self.compressor);
        let ColumnWriter { field, way, arrow } = column;
        let mut factory = &*arrow;
        match way {
            Way::Numbers(typed) => {
                if let Some(chunk) = typed.numbers(parts, compressor)? {
                    return Ok(Chunk::Typed(chunk));
                }
            }
            Way::Texts { keyed, plain } => {
                let keys = keyed.keys(parts);
                let hardly_repeat = hardly_repeat(parts, keys.as_ref(), keyed.dictionary_bytes())?;
                if let Some(keys) = keys
                    && let Some(chunk) = keyed.chunk(&keys, !hardly_repeat, compressor)?
                {
                    return Ok(Chunk::Typed(chunk));
                }
                if hardly_repeat {
                    factory = plain;
                }
            }
            Way::Arrow => {}
        }
        // The place of the row group is for encryption alone.
        let writer = factory.create_column_writers(0)?.pop();
        let mut writer = writer.ok_or_else(|| ParquetError::General(format!("no column for {field}")))?;
        for part in parts {
            let rows = without_needless_nulls(unpacked(part, field.data_type())?)?;
            compute_leaves(field, &rows)?.iter().try_for_each(|leaf| writer.write(leaf))?;
        }
        writer.close().map(Chunk::Arrow)
    }
}

fn columns_of(field: &FieldRef) -> Result<SchemaDescriptor, ParquetError> {
    ArrowSchemaConverter::new().convert(&Schema::new(vec![Arc::clone(field)]))
}

/// What makes the writers of a file of `field` alone.
fn alone(
    field: &FieldRef,
    properties: &Arc<WriterProperties>,
) -> Result<ArrowRowGroupWriterFactory, ParquetError> {
    let schema = Arc::new(Schema::new(vec![Arc::clone(field)]));
    let columns = columns_of(field)?;
    let file = SerializedFileWriter::new(io::sink(), columns.root_schema_ptr(), Arc::clone(properties))?;
    Ok(ArrowRowGroupWriterFactory::new(&file, schema))
}

/// The rows of `values` in `kind`, texts also as keys: the writer looks them up where they are.
fn unpacked(values: &ArrayRef, kind: &DataType) -> Result<ArrayRef, ParquetError> {
    if values.as_dictionary_opt::<Int32Type>().is_some() {
        return Ok(Arc::clone(values));
    }
    let Some(value) = run_value(values) else { return Ok(cast_whole(values, kind)?) };
    if value.is_null(0) {
        return Ok(new_null_array(kind, values.len()));
    }
    let first = Int32Array::from(vec![0; values.len()]);
    match value.as_string_opt::<i32>() {
        Some(_) => Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(first, value)?)),
        None => Ok(take(&cast_whole(&value, kind)?, &first, None)?),
    }
}

/// `values` without a list of nulls that names none, as it stays behind where rows were cut off: with it, the writer begins
/// pages elsewhere.
fn without_needless_nulls(values: ArrayRef) -> Result<ArrayRef, ArrowError> {
    if values.nulls().is_none_or(|nulls| nulls.null_count() > 0) {
        return Ok(values);
    }
    values.to_data().into_builder().nulls(None).build().map(make_array)
}
