//! Column chunks of texts that come as keys of a sorted dictionary. The library's writer of Arrow's arrays looks each text up
//! anew and compares it with the least and the greatest; here its writer of integers takes the keys, which compare as their
//! texts do, and what it makes is put into words: the pages that hold texts, the least and greatest, and how long texts
//! are. The bytes are the same.

mod told;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Int32Type;
use parquet::basic::{Repetition, Type as PhysicalType};
use parquet::data_type;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, Type};
use zstd::bulk::Compressor;

use self::told::Told;
use crate::chunk_pages::Words;
use crate::packed::same_value;
use crate::typed_chunks::{Part, TypedChunk, TypedColumn};

/// The library cuts longer texts where it tells the least and the greatest.
const LONGEST_TOLD_BYTES: usize = 64;

/// The rows of one page, and those that may come on top before the writer looks.
const PAGE_ROWS: usize = 20_000 + 1_024;

/// Writes the chunks of one column of texts.
pub(crate) struct KeyedTexts {
    texts: ColumnDescPtr,
    /// With a dictionary.
    usual: TypedColumn,
    plain: TypedColumn,
    page_bytes: usize,
    dictionary_bytes: usize,
    known: Option<KnownTexts>,
}

/// What was found out of some texts.
struct KnownTexts {
    texts: ArrayRef,
    sorted: bool,
    longest: usize,
}

impl KeyedTexts {
    /// For the column `texts`, with a dictionary and without one.
    pub(crate) fn new(
        texts: &ColumnDescPtr,
        usual: &WriterProperties,
        plain: &WriterProperties,
    ) -> Result<Self, ParquetError> {
        let nullable = texts.max_def_level() > 0;
        let repetition = if nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let keys =
            Type::primitive_type_builder(texts.name(), PhysicalType::INT32).with_repetition(repetition);
        let path = texts.path().clone();
        let keys = Arc::new(ColumnDescriptor::new(Arc::new(keys.build()?), texts.max_def_level(), 0, path));
        Ok(Self {
            texts: Arc::clone(texts),
            usual: TypedColumn::new(&keys, usual),
            plain: TypedColumn::new(&keys, plain),
            page_bytes: plain.data_page_size_limit(),
            dictionary_bytes: usual.dictionary_page_size_limit(),
            known: None,
        })
    }

    /// The chunk of `parts`, with a dictionary where texts `repeat`; `None` where they are neither keys of the same sorted
    /// texts nor one text, or where the library would not write them like that: too much text for a page, or too long to be told.
    pub(crate) fn chunk(
        &mut self,
        parts: &[&ArrayRef],
        repeat: bool,
        compressor: &mut Compressor<'static>,
    ) -> Result<Option<TypedChunk>, ParquetError> {
        let Some((values, parts)) = keyed(parts).or_else(|| repeated(parts)) else { return Ok(None) };
        if !self.fit(&values, repeat) {
            return Ok(None);
        }
        let (texts, nullable) = (values.as_string::<i32>(), self.texts.max_def_level() > 0);
        let mut dictionary_bytes = 0;
        let words = Words { texts, nullable, dictionary_bytes: &mut dictionary_bytes };
        let column = if repeat { &self.usual } else { &self.plain };
        let chunk = column.chunk::<data_type::Int32Type>(&parts, compressor, Some(words))?;
        let Some(TypedChunk { bytes, close }) = chunk.filter(|_| dictionary_bytes < self.dictionary_bytes)
        else {
            return Ok(None);
        };
        let close = Told { descr: &self.texts, texts, parts: &parts }.close(close)?;
        Ok(close.map(|close| TypedChunk { bytes, close }))
    }

    /// Whether keys of `texts` compare as these, all of which can be told and, where they do not `repeat`, leave room in a
    /// page.
    fn fit(&mut self, texts: &ArrayRef, repeat: bool) -> bool {
        let known = match self.known.take() {
            Some(known) if Arc::ptr_eq(&known.texts, texts) => known,
            _ => KnownTexts::of(texts),
        };
        let room = repeat || (known.longest + size_of::<u32>()) * PAGE_ROWS < self.page_bytes;
        let fit = known.sorted && known.longest <= LONGEST_TOLD_BYTES && room;
        self.known = Some(known);
        fit
    }
}

impl KnownTexts {
    fn of(texts: &ArrayRef) -> Self {
        let plain = texts.as_string_opt::<i32>();
        let lengths = plain.map(|plain| plain.offsets().lengths());
        Self {
            texts: Arc::clone(texts),
            sorted: plain.is_some_and(is_sorted),
            longest: lengths.and_then(Iterator::max).unwrap_or_default(),
        }
    }
}

/// The texts that `parts` are keys of, where all are keys of the same, and the keys.
fn keyed<'a>(parts: &[&'a ArrayRef]) -> Option<(ArrayRef, Vec<Part<'a, i32>>)> {
    let keyed = parts.iter().map(|part| part.as_dictionary_opt::<Int32Type>()).collect::<Option<Vec<_>>>()?;
    let values = keyed.first()?.values();
    let same = keyed.iter().all(|part| Arc::ptr_eq(part.values(), values));
    same.then(|| (Arc::clone(values), keyed.iter().map(|part| Part::of(part.keys())).collect()))
}

/// The one text that `parts` are runs of, and keys of it.
fn repeated<'a>(parts: &[&ArrayRef]) -> Option<(ArrayRef, Vec<Part<'a, i32>>)> {
    let value = same_value(parts).filter(|value| value.null_count() == 0)?;
    Some((value, parts.iter().map(|part| Part::of_one(Some(0), part.len())).collect()))
}

/// Whether each text is there, once, and behind all that are less.
fn is_sorted(texts: &StringArray) -> bool {
    texts.null_count() == 0 && (1..texts.len()).all(|at| texts.value(at - 1) < texts.value(at))
}

#[cfg(test)]
mod tests;
