//! Column chunks of texts that come as keys of a sorted dictionary. The library's writer of Arrow's arrays looks each text up
//! anew and compares it with the least and the greatest; here its writer of integers takes the keys, which compare as their
//! texts do, and what it makes is put into words: the dictionary's page, the least and greatest, and how long texts are.
//! The bytes are the same.

mod told;

use std::io;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Int32Type;
use parquet::basic::{Repetition, Type as PhysicalType};
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::data_type;
use parquet::errors::ParquetError;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, Type};
use zstd::bulk::Compressor;

use self::told::Told;
use crate::typed_chunks::{Nullable, Part, TypedChunk, written};
use crate::writer::ZSTD_LEVEL;

/// Makes the chunks of one column of texts.
pub(crate) struct KeyedTexts {
    texts: ColumnDescPtr,
    keys: ColumnDescPtr,
    properties: Nullable,
    /// The texts that were last found to be sorted, or not.
    known: Option<(ArrayRef, bool)>,
}

impl KeyedTexts {
    /// For the column `texts`; `properties` with a dictionary.
    pub(crate) fn new(texts: &ColumnDescPtr, properties: &Nullable) -> Result<Self, ParquetError> {
        let nullable = texts.max_def_level() > 0;
        let repetition = if nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let keys =
            Type::primitive_type_builder(texts.name(), PhysicalType::INT32).with_repetition(repetition);
        let path = texts.path().clone();
        let keys = ColumnDescriptor::new(Arc::new(keys.build()?), texts.max_def_level(), 0, path);
        Ok(Self {
            texts: Arc::clone(texts),
            keys: Arc::new(keys),
            properties: properties.clone(),
            known: None,
        })
    }

    /// The chunk of `parts`; `None` where they are not keys of the same sorted texts, or where the library would not write
    /// them as such: too much text for a dictionary, or too long to be told as the least or the greatest.
    pub(crate) fn chunk(&mut self, parts: &[&ArrayRef]) -> Result<Option<TypedChunk>, ParquetError> {
        let keyed =
            parts.iter().map(|part| part.as_dictionary_opt::<Int32Type>()).collect::<Option<Vec<_>>>();
        let Some(keyed) = keyed else { return Ok(None) };
        let Some(values) = keyed.first().map(|first| first.values()) else { return Ok(None) };
        if !keyed.iter().all(|part| Arc::ptr_eq(part.values(), values)) || !self.are_sorted(values) {
            return Ok(None);
        }
        let texts = values.as_string::<i32>();
        let parts: Vec<Part<'_, i32>> = keyed.iter().map(|part| Part::of(part.keys())).collect();
        let (mut sink, mut text_bytes) = (TrackedWrite::new(Vec::new()), 0);
        let pages =
            TextPages { pages: SerializedPageWriter::new(&mut sink), texts, text_bytes: &mut text_bytes };
        let close = written::<data_type::Int32Type>(&self.keys, &self.properties, Box::new(pages), &parts)?;
        let Some(close) = close.filter(|_| text_bytes < self.properties.dictionary_bytes()) else {
            return Ok(None);
        };
        let told = Told { descr: &self.texts, texts, parts: &parts };
        let Some(close) = told.close(close)? else { return Ok(None) };
        Ok(Some(TypedChunk { bytes: sink.into_inner()?.into(), close }))
    }

    fn are_sorted(&mut self, values: &ArrayRef) -> bool {
        match &self.known {
            Some((known, sorted)) if Arc::ptr_eq(known, values) => *sorted,
            _ => {
                let sorted = values.as_string_opt::<i32>().is_some_and(is_sorted);
                self.known = Some((Arc::clone(values), sorted));
                sorted
            }
        }
    }
}

/// Whether each text is there, once, and behind all that are less.
fn is_sorted(texts: &StringArray) -> bool {
    texts.null_count() == 0 && (1..texts.len()).all(|at| texts.value(at - 1) < texts.value(at))
}

/// Puts the texts into the dictionary's page.
struct TextPages<'a> {
    pages: SerializedPageWriter<'a, Vec<u8>>,
    texts: &'a StringArray,
    /// Bytes of that page.
    text_bytes: &'a mut usize,
}

impl TextPages<'_> {
    fn put_into_words(&mut self, keys: &[u8], bytes: usize) -> io::Result<Vec<u8>> {
        let keys = zstd::bulk::decompress(keys, bytes)?;
        let mut page = Vec::new();
        for key in keys.as_chunks::<4>().0 {
            let text = self.texts.value(i32::from_le_bytes(*key) as usize);
            page.extend_from_slice(&(text.len() as u32).to_le_bytes());
            page.extend_from_slice(text.as_bytes());
        }
        *self.text_bytes = page.len();
        Compressor::new(ZSTD_LEVEL)?.compress(&page)
    }
}

impl PageWriter for TextPages<'_> {
    fn write_page(&mut self, page: CompressedPage) -> Result<PageWriteSpec, ParquetError> {
        let Page::DictionaryPage { buf, num_values, encoding, is_sorted } = page.compressed_page() else {
            return self.pages.write_page(page);
        };
        let buf = self.put_into_words(buf, page.uncompressed_size())?.into();
        let (num_values, encoding, is_sorted) = (*num_values, *encoding, *is_sorted);
        let texts = Page::DictionaryPage { buf, num_values, encoding, is_sorted };
        self.pages.write_page(CompressedPage::new(texts, *self.text_bytes))
    }

    fn close(&mut self) -> Result<(), ParquetError> {
        self.pages.close()
    }
}

#[cfg(test)]
mod tests;
