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

    /// Whether `row` is not null.
    #[inline]
    pub(crate) fn is_known(&self, row: usize) -> bool {
        self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
    }

    /// How many rows are not null.
    pub(crate) fn known_rows(&self) -> usize {
        self.values.len() - self.nulls.as_ref().map_or(0, NullBuffer::null_count)
    }

    fn known(&self) -> Cow<'_, [T]> {
        match &self.nulls {
            Some(nulls) => nulls.valid_indices().map(|at| self.values[at].clone()).collect(),
            None => Cow::Borrowed(&self.values),
        }
    }
}

/// The properties by which columns of one type are written.
#[derive(Clone)]
pub(crate) struct TypedProperties {
    usual: WriterPropertiesPtr,
    /// For rows none or all of which are null, which the writer of Arrow's arrays takes a page at a time.
    uniform: WriterPropertiesPtr,
}

impl TypedProperties {
    pub(crate) fn new(properties: &WriterProperties) -> Self {
        // Pages are compressed on their way.
        let usual = properties.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build();
        let page = properties.data_page_row_count_limit();
        let uniform = usual.clone().into_builder().set_write_batch_size(page).build();
        Self { usual: Arc::new(usual), uniform: Arc::new(uniform) }
    }

    pub(crate) fn usual(&self) -> &WriterProperties {
        &self.usual
    }
}

/// Writes the chunks of one column of one type.
pub(crate) struct TypedColumn {
    pub(crate) descr: ColumnDescPtr,
    pub(crate) properties: TypedProperties,
}

impl TypedColumn {
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
            _ if !nullable => &self.properties.usual,
            0 => &self.properties.usual,
            all if all == parts.len() => &self.properties.uniform,
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
mod tests;
