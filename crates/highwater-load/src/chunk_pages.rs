//! The pages of one column chunk on their way into it: texts put in the place of their keys, then compressed. What
//! compresses is made once for all chunks of an object.

use std::borrow::Cow;
use std::io;

use arrow::array::StringArray;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::errors::ParquetError;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use zstd::bulk::Compressor;

/// The level that everything in an object is compressed at.
const LEVEL: i32 = 1;

/// How the columns of every object are compressed.
pub(crate) fn compression() -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(LEVEL).expect("a zstd level"))
}

/// What compresses like that.
pub(crate) fn compressor() -> io::Result<Compressor<'static>> {
    Compressor::new(LEVEL)
}

/// The texts that keys stand for, in pages of keys.
pub(crate) struct Words<'a> {
    pub(crate) texts: &'a StringArray,
    /// Whether each page begins with which of its rows are null.
    pub(crate) nullable: bool,
    /// Bytes of the dictionary's page.
    pub(crate) dictionary_bytes: &'a mut usize,
}

impl Words<'_> {
    /// The content of a page with the texts of its keys.
    fn of(&mut self, page: &Page) -> Vec<u8> {
        let content = page.buffer();
        let levels = match page {
            Page::DictionaryPage { .. } => 0,
            _ if self.nullable => {
                content.first_chunk().map_or(0, |length| 4 + u32::from_le_bytes(*length) as usize)
            }
            _ => 0,
        };
        let (levels, keys) = content.split_at(levels);
        let mut words = levels.to_vec();
        words.reserve(keys.len() * 12);
        for key in keys.as_chunks::<4>().0 {
            let text = self.texts.value(i32::from_le_bytes(*key) as usize);
            words.extend_from_slice(&(text.len() as u32).to_le_bytes());
            words.extend_from_slice(text.as_bytes());
        }
        if page.is_dictionary_page() {
            *self.dictionary_bytes = words.len();
        }
        words
    }
}

/// Takes pages that are not compressed.
pub(crate) struct ChunkPages<'a> {
    pages: SerializedPageWriter<'a, Vec<u8>>,
    compressor: &'a mut Compressor<'static>,
    words: Option<Words<'a>>,
}

impl<'a> ChunkPages<'a> {
    pub(crate) fn new(
        sink: &'a mut TrackedWrite<Vec<u8>>,
        compressor: &'a mut Compressor<'static>,
        words: Option<Words<'a>>,
    ) -> Self {
        Self { pages: SerializedPageWriter::new(sink), compressor, words }
    }
}

impl PageWriter for ChunkPages<'_> {
    fn write_page(&mut self, page: CompressedPage) -> Result<PageWriteSpec, ParquetError> {
        let page = page.compressed_page();
        let content = match &mut self.words {
            Some(words) if page.is_dictionary_page() || page.encoding() == Encoding::PLAIN => {
                Cow::Owned(words.of(page))
            }
            _ => Cow::Borrowed(&page.buffer()[..]),
        };
        let compressed = self.compressor.compress(&content)?.into();
        let compressed = match page {
            Page::DictionaryPage { num_values, encoding, is_sorted, .. } => Page::DictionaryPage {
                buf: compressed,
                num_values: *num_values,
                encoding: *encoding,
                is_sorted: *is_sorted,
            },
            Page::DataPage { num_values, encoding, def_level_encoding, rep_level_encoding, .. } => {
                Page::DataPage {
                    buf: compressed,
                    num_values: *num_values,
                    encoding: *encoding,
                    def_level_encoding: *def_level_encoding,
                    rep_level_encoding: *rep_level_encoding,
                    statistics: None,
                }
            }
            Page::DataPageV2 { .. } => {
                return Err(ParquetError::NYI("pages of the second version".to_owned()));
            }
        };
        self.pages.write_page(CompressedPage::new(compressed, content.len()))
    }

    fn close(&mut self) -> Result<(), ParquetError> {
        self.pages.close()
    }
}
