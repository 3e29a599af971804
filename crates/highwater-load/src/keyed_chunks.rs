//! Column chunks of texts that come as keys of a sorted dictionary. The library's writer of Arrow's arrays looks each text
//! up anew and compares it with the least and the greatest; here its writer of integers takes the keys, which compare as
//! their texts do, and what it makes is put into words: the pages that hold texts, the least and greatest, and how long
//! texts are. The bytes are the same.

mod told;

use std::sync::Arc;

use arrow::array::ArrayRef;
use parquet::basic::{Repetition, Type as PhysicalType};
use parquet::data_type;
use parquet::errors::ParquetError;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, Type};
use zstd::bulk::Compressor;

use self::told::Told;
use crate::chunk_pages::Words;
use crate::keys::{Keys, KnownTexts};
use crate::typed_chunks::{TypedChunk, TypedColumn, TypedProperties};

/// The library cuts longer texts where it tells the least and the greatest.
const LONGEST_TOLD_BYTES: usize = 64;

/// Writes the chunks of one column of texts.
pub(crate) struct KeyedTexts {
    texts: ColumnDescPtr,
    /// With a dictionary.
    usual: TypedColumn,
    plain: TypedColumn,
    /// The most rows of a page: those that end it, and as many as are written before that is looked at.
    page_rows: usize,
    page_bytes: usize,
    dictionary_bytes: usize,
    known: Option<KnownTexts>,
}

impl KeyedTexts {
    /// For the column `texts`, with a dictionary and without one.
    pub(crate) fn new(
        texts: &ColumnDescPtr,
        usual: &TypedProperties,
        plain: &TypedProperties,
    ) -> Result<Self, ParquetError> {
        let nullable = texts.max_def_level() > 0;
        let repetition = if nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let keys =
            Type::primitive_type_builder(texts.name(), PhysicalType::INT32).with_repetition(repetition);
        let path = texts.path().clone();
        let keys = Arc::new(ColumnDescriptor::new(Arc::new(keys.build()?), texts.max_def_level(), 0, path));
        let column = |of: &TypedProperties| TypedColumn { descr: Arc::clone(&keys), properties: of.clone() };
        let (with_dictionary, without) = (usual.usual(), plain.usual());
        Ok(Self {
            texts: Arc::clone(texts),
            usual: column(usual),
            plain: column(plain),
            page_rows: without.data_page_row_count_limit() + without.write_batch_size(),
            page_bytes: without.data_page_size_limit(),
            dictionary_bytes: with_dictionary.dictionary_page_size_limit(),
            known: None,
        })
    }

    /// From how many bytes on a dictionary is given up.
    pub(crate) fn dictionary_bytes(&self) -> usize {
        self.dictionary_bytes
    }

    /// As [`Keys::of`].
    pub(crate) fn keys<'a>(&mut self, parts: &[&'a ArrayRef]) -> Option<Keys<'a>> {
        Keys::of(parts, &mut self.known)
    }

    /// The chunk of rows with `keys`, with a dictionary where texts `repeat`; `None` where the library would not write them
    /// like that: too much text for a page, or too long to be told.
    pub(crate) fn chunk(
        &self,
        keys: &Keys<'_>,
        repeat: bool,
        compressor: &mut Compressor<'static>,
    ) -> Result<Option<TypedChunk>, ParquetError> {
        let room = repeat || (keys.longest + size_of::<u32>()) * self.page_rows < self.page_bytes;
        if keys.longest > LONGEST_TOLD_BYTES || !room {
            return Ok(None);
        }
        let (nullable, mut dictionary_bytes) = (self.texts.max_def_level() > 0, 0);
        let words = Words { texts: &keys.texts, nullable, dictionary_bytes: &mut dictionary_bytes };
        let column = if repeat { &self.usual } else { &self.plain };
        let chunk = column.chunk::<data_type::Int32Type>(&keys.parts, compressor, Some(words))?;
        let Some(TypedChunk { bytes, close }) = chunk.filter(|_| dictionary_bytes < self.dictionary_bytes)
        else {
            return Ok(None);
        };
        let close = Told { descr: &self.texts, texts: &keys.texts, parts: &keys.parts }.close(close)?;
        Ok(Some(TypedChunk { bytes, close }))
    }
}

#[cfg(test)]
mod tests;
