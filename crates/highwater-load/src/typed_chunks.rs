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
use parquet::column::page::PageWriter;
use parquet::column::writer::{ColumnCloseResult, ColumnWriterImpl};
use parquet::data_type::{self, DataType as ParquetType};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

/// The bytes of a column chunk, and what the footer says of it.
pub(crate) struct TypedChunk {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

/// Values of some rows, those that are null included, and which of them are.
pub(crate) struct Part<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) nulls: Option<&'a NullBuffer>,
}

impl<'a, T: ArrowNativeType> Part<'a, T> {
    pub(crate) fn of<N: ArrowPrimitiveType<Native = T>>(rows: &'a PrimitiveArray<N>) -> Self {
        Self { values: rows.values(), nulls: rows.nulls().filter(|nulls| nulls.null_count() > 0) }
    }
}

impl<T> Part<'_, T> {
    /// Whether none or all of the rows are null.
    fn is_uniform(&self) -> bool {
        self.nulls.is_none_or(|nulls| nulls.null_count() == nulls.len())
    }
}

/// The properties of a column whose writer is told which of its rows are null.
#[derive(Clone)]
pub(crate) struct Nullable {
    usual: WriterPropertiesPtr,
    /// For rows none or all of which are null, which the writer of Arrow's arrays takes a page at a time.
    uniform: WriterPropertiesPtr,
}

impl Nullable {
    pub(crate) fn new(usual: &WriterPropertiesPtr) -> Self {
        let page = usual.data_page_row_count_limit();
        let uniform = WriterProperties::clone(usual).into_builder().set_write_batch_size(page).build();
        Self { usual: Arc::clone(usual), uniform: Arc::new(uniform) }
    }

    /// From how many bytes on a dictionary is given up.
    pub(crate) fn dictionary_bytes(&self) -> usize {
        self.usual.dictionary_page_size_limit()
    }
}

/// The chunk of `parts`, which are numbers of 64 bits; `None` where they are not, or where nulls stand among the rows of some
/// parts alone: the writer of Arrow's arrays begins pages at other rows then.
pub(crate) fn numbers(
    descr: &ColumnDescPtr,
    properties: &Nullable,
    parts: &[&ArrayRef],
) -> Result<Option<TypedChunk>, ParquetError> {
    let Some(parts) = parts.iter().map(|part| number_part(part)).collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let mut sink = TrackedWrite::new(Vec::new());
    let pages = Box::new(SerializedPageWriter::new(&mut sink));
    let Some(close) = written::<data_type::Int64Type>(descr, properties, pages, &parts)? else {
        return Ok(None);
    };
    Ok(Some(TypedChunk { bytes: sink.into_inner()?.into(), close }))
}

fn number_part(part: &ArrayRef) -> Option<Part<'_, i64>> {
    Some(match part.data_type() {
        DataType::Int64 => Part::of(part.as_primitive::<Int64Type>()),
        DataType::Timestamp(TimeUnit::Millisecond, None) => {
            Part::of(part.as_primitive::<TimestampMillisecondType>())
        }
        DataType::Decimal64(..) => Part::of(part.as_primitive::<Decimal64Type>()),
        _ => return None,
    })
}

/// Writes `parts` to `pages`; `None` where the writer would begin pages elsewhere than that of Arrow's arrays.
pub(crate) fn written<T: ParquetType>(
    descr: &ColumnDescPtr,
    properties: &Nullable,
    pages: Box<dyn PageWriter + '_>,
    parts: &[Part<'_, T::T>],
) -> Result<Option<ColumnCloseResult>, ParquetError> {
    let uniform = parts.iter().filter(|part| part.is_uniform()).count();
    let properties = match uniform {
        _ if descr.max_def_level() == 0 => &properties.usual,
        0 => &properties.usual,
        all if all == parts.len() => &properties.uniform,
        _ => return Ok(None),
    };
    let mut writer = ColumnWriterImpl::<T>::new(Arc::clone(descr), Arc::clone(properties), pages);
    for part in parts {
        let levels = (descr.max_def_level() > 0).then(|| match part.nulls {
            Some(nulls) => nulls.iter().map(i16::from).collect(),
            None => vec![1; part.values.len()],
        });
        let known = match part.nulls {
            Some(nulls) => Cow::Owned(nulls.valid_indices().map(|at| part.values[at].clone()).collect()),
            None => Cow::Borrowed(part.values),
        };
        writer.write_batch(&known, levels.as_deref(), None)?;
    }
    writer.close().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, RecordBatch};
    use arrow::datatypes::{Field, Schema};
    use highwater_core::Table;
    use parquet::arrow::ArrowWriter;
    use proptest::prelude::*;

    use crate::object_record::ObjectRecord;
    use crate::object_writer::ObjectWriter;
    use crate::packed::{cast_whole, held_type, unpacked_batch};
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

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
            let mut ours = ObjectWriter::new(Table::Resources, &schema, None).unwrap();
            batches.iter().for_each(|batch| ours.write(batch).unwrap());
            let properties = properties(Table::Resources, &schema);
            let mut theirs = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties)).unwrap();
            batches.iter().for_each(|batch| theirs.write(&unpacked_batch(batch, &schema).unwrap()).unwrap());
            record().to_key_values().into_iter().for_each(|pair| theirs.append_key_value_metadata(pair));
            prop_assert!(ours.finish(&record()).unwrap().1 == theirs.into_inner().unwrap());
        }
    }
}
