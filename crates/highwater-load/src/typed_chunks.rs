//! Column chunks by the library's writers of single types. They take numbers as they stand in memory, where its writer of
//! Arrow's arrays first makes lists of where the values are. The bytes are the same.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    ArrowNativeType, DataType, Decimal64Type, Int64Type, TimeUnit, TimestampMillisecondType,
};
use bytes::Bytes;
use parquet::basic::Compression;
use parquet::column::writer::{ColumnCloseResult, ColumnWriterImpl};
use parquet::data_type::{self, DataType as ParquetType};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::TrackedWrite;
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

use crate::chunk_pages::{ChunkPages, Words, compression};
use crate::packed::run_value;

/// The bytes of a column chunk, and what the footer says of it.
pub(crate) struct TypedChunk {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

/// Values of some rows, those that are null included, and which of them are.
pub(crate) struct Part<'a, T: Clone> {
    pub(crate) values: Cow<'a, [T]>,
    pub(crate) nulls: Option<NullBuffer>,
}

impl<'a, T: ArrowNativeType> Part<'a, T> {
    pub(crate) fn of<N: ArrowPrimitiveType<Native = T>>(rows: &'a PrimitiveArray<N>) -> Self {
        let nulls = rows.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
        Self { values: Cow::Borrowed(rows.values()), nulls }
    }

    /// `rows` times `value`.
    pub(crate) fn of_one(value: Option<T>, rows: usize) -> Self {
        let nulls = value.is_none().then(|| NullBuffer::new_null(rows));
        Self { values: Cow::Owned(vec![value.unwrap_or_default(); rows]), nulls }
    }
}

impl<T: Clone> Part<'_, T> {
    /// Whether none or all of the rows are null.
    fn is_uniform(&self) -> bool {
        self.nulls.as_ref().is_none_or(|nulls| nulls.null_count() == nulls.len())
    }

    fn levels(&self) -> Vec<i16> {
        match &self.nulls {
            Some(nulls) => nulls.iter().map(i16::from).collect(),
            None => vec![1; self.values.len()],
        }
    }

    fn known(&self) -> Cow<'_, [T]> {
        match &self.nulls {
            Some(nulls) => nulls.valid_indices().map(|at| self.values[at].clone()).collect(),
            None => Cow::Borrowed(&self.values),
        }
    }
}

/// Writes the chunks of one column of one type.
#[derive(Clone)]
pub(crate) struct TypedColumn {
    descr: ColumnDescPtr,
    usual: WriterPropertiesPtr,
    /// For rows none or all of which are null, which the writer of Arrow's arrays takes a page at a time.
    uniform: WriterPropertiesPtr,
}

impl TypedColumn {
    pub(crate) fn new(descr: &ColumnDescPtr, properties: &WriterProperties) -> Self {
        let page = properties.data_page_row_count_limit();
        // Pages are compressed on their way.
        let usual = properties.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build();
        let uniform = usual.clone().into_builder().set_write_batch_size(page).build();
        Self { descr: Arc::clone(descr), usual: Arc::new(usual), uniform: Arc::new(uniform) }
    }

    /// The chunk of `parts`, which are numbers of 64 bits; `None` where they are not, or as of [`chunk`](Self::chunk).
    pub(crate) fn numbers(
        &self,
        parts: &[&ArrayRef],
        compressor: &mut Compressor<'static>,
    ) -> Result<Option<TypedChunk>, ParquetError> {
        match parts.iter().map(|part| number_part(part)).collect::<Option<Vec<_>>>() {
            Some(parts) => self.chunk::<data_type::Int64Type>(&parts, compressor, None),
            None => Ok(None),
        }
    }

    /// The chunk of `parts`; `None` where nulls stand among the rows of some of them alone: the writer of Arrow's arrays
    /// begins pages at other rows then.
    pub(crate) fn chunk<T: ParquetType>(
        &self,
        parts: &[Part<'_, T::T>],
        compressor: &mut Compressor<'static>,
        words: Option<Words<'_>>,
    ) -> Result<Option<TypedChunk>, ParquetError> {
        let nullable = self.descr.max_def_level() > 0;
        let uniform = parts.iter().filter(|part| part.is_uniform()).count();
        let properties = match uniform {
            _ if !nullable => &self.usual,
            0 => &self.usual,
            all if all == parts.len() => &self.uniform,
            _ => return Ok(None),
        };
        let mut sink = TrackedWrite::new(Vec::new());
        let pages = Box::new(ChunkPages::new(&mut sink, compressor, words));
        let mut writer = ColumnWriterImpl::<T>::new(Arc::clone(&self.descr), Arc::clone(properties), pages);
        for part in parts {
            let levels = nullable.then(|| part.levels());
            writer.write_batch(&part.known(), levels.as_deref(), None)?;
        }
        let close = writer.close()?;
        let metadata = close.metadata.into_builder().set_compression(compression()).build()?;
        let close = ColumnCloseResult { metadata, ..close };
        Ok(Some(TypedChunk { bytes: sink.into_inner()?.into(), close }))
    }
}

fn number_part(part: &ArrayRef) -> Option<Part<'_, i64>> {
    if let Some(value) = run_value(part) {
        let one = number_part(&value)?;
        return Some(Part::of_one(one.known().first().copied(), part.len()));
    }
    Some(match part.data_type() {
        DataType::Int64 => Part::of(part.as_primitive::<Int64Type>()),
        DataType::Timestamp(TimeUnit::Millisecond, None) => {
            Part::of(part.as_primitive::<TimestampMillisecondType>())
        }
        DataType::Decimal64(..) => Part::of(part.as_primitive::<Decimal64Type>()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, RecordBatch};
    use arrow::datatypes::{Field, Schema, SchemaRef};
    use highwater_core::Table;
    use parquet::arrow::ArrowWriter;
    use proptest::prelude::*;

    use crate::object_record::ObjectRecord;
    use crate::object_writer::ObjectWriter;
    use crate::packed::{cast_whole, held_type, run, unpacked_batch};
    use crate::sorting::held_batch;
    use crate::writer::{ROW_GROUP_ROWS, properties};

    fn record() -> ObjectRecord {
        ObjectRecord {
            commit_id: "one".to_owned(),
            table: Table::Resources,
            unit: "s/d/2026-09-01".parse().unwrap(),
            windows: Vec::new(),
            sealed: false,
            first_offset: 4,
        }
    }

    fn ours(schema: &SchemaRef, batches: &[RecordBatch]) -> Vec<u8> {
        let mut writer = ObjectWriter::new(Table::Resources, schema, None).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.finish(&record()).unwrap().1
    }

    fn theirs(schema: &SchemaRef, batches: &[RecordBatch]) -> Vec<u8> {
        let properties = properties(Table::Resources, schema);
        let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties)).unwrap();
        batches.iter().for_each(|batch| writer.write(&unpacked_batch(batch, schema).unwrap()).unwrap());
        record().to_key_values().into_iter().for_each(|pair| writer.append_key_value_metadata(pair));
        writer.into_inner().unwrap()
    }

    #[test]
    fn a_run_of_one_number_or_of_none_is_written_with_the_bytes_of_its_rows() {
        for value in [Some(7), None] {
            let schema = Arc::new(Schema::new(vec![Field::new("requests", DataType::Int64, true)]));
            let number = Arc::new(Int64Array::from(vec![value])) as ArrayRef;
            let rows = [65_536, 5, 12_000];
            let batches =
                rows.map(|rows| held_batch(&schema, vec![run(&number, rows).unwrap()], rows).unwrap());
            assert!(ours(&schema, &batches) == theirs(&schema, &batches), "{value:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn numbers_are_written_with_the_bytes_of_the_writer_of_arrays(
            kind in prop_oneof![
                Just(DataType::Int64),
                Just(DataType::Timestamp(TimeUnit::Millisecond, None)),
                Just(DataType::Decimal128(18, 6)),
            ],
            nullable in any::<bool>(),
            parts in prop::collection::vec((1..40_000_usize, any::<bool>()), 1..5),
            every in prop_oneof![Just(1_usize), Just(7)],
        ) {
            let schema = Arc::new(Schema::new(vec![Field::new("requests", kind.clone(), nullable)]));
            let batch = |(rows, with_nulls): &(usize, bool)| {
                let is_null = |row: usize| nullable && *with_nulls && row.is_multiple_of(every);
                let number = |row: usize| (!is_null(row)).then(|| row as i64 * 999_983 % 1_000_003);
                let numbers: Int64Array = (0..*rows).map(number).collect();
                let held = match held_type(&kind) {
                    decimal @ DataType::Decimal64(..) => {
                        Arc::new(numbers.reinterpret_cast::<Decimal64Type>().with_data_type(decimal)) as ArrayRef
                    }
                    other => cast_whole(&numbers, &other).unwrap(),
                };
                held_batch(&schema, vec![held], *rows).unwrap()
            };
            // Rows that are cut off by the end of a row group would keep a list of nulls that may name none.
            let mut left = ROW_GROUP_ROWS;
            let mut within_groups = Vec::new();
            for (mut rows, with_nulls) in parts {
                while rows > 0 {
                    let taken = rows.min(left);
                    within_groups.push((taken, with_nulls));
                    rows -= taken;
                    left = if taken == left { ROW_GROUP_ROWS } else { left - taken };
                }
            }
            let batches: Vec<RecordBatch> = within_groups.iter().map(batch).collect();
            prop_assert!(ours(&schema, &batches) == theirs(&schema, &batches));
        }
    }
}
