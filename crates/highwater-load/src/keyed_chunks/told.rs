//! What a footer says of a chunk of keys, put into the words of their texts.

use std::sync::Arc;

use arrow::array::StringArray;
use parquet::basic::Type as PhysicalType;
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, LevelHistogram};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::schema::types::ColumnDescPtr;

use crate::typed_chunks::Part;

/// What a footer says of keys, in the words of their texts.
pub(super) struct Told<'a> {
    pub(super) descr: &'a ColumnDescPtr,
    pub(super) texts: &'a StringArray,
    pub(super) parts: &'a [Part<'a, i32>],
}

impl Told<'_> {
    pub(super) fn close(&self, close: ColumnCloseResult) -> Result<ColumnCloseResult, ParquetError> {
        let column_index = close.column_index.map(|index| self.column_index(&index)).transpose()?;
        let offset_index = close.offset_index.map(|index| self.offset_index(index));
        let bytes = offset_index.as_ref().and_then(|index| index.unencoded_byte_array_data_bytes.as_ref());
        let keys = &close.metadata;
        let metadata = ColumnChunkMetaData::builder(Arc::clone(self.descr))
            .set_compression(keys.compression())
            .set_encodings_mask(*keys.encodings_mask())
            .set_page_encoding_stats(keys.page_encoding_stats().cloned().unwrap_or_default())
            .set_total_compressed_size(keys.compressed_size())
            .set_total_uncompressed_size(keys.uncompressed_size())
            .set_num_values(keys.num_values())
            .set_data_page_offset(keys.data_page_offset())
            .set_dictionary_page_offset(keys.dictionary_page_offset())
            .set_statistics(self.statistics(keys))
            .set_unencoded_byte_array_data_bytes(bytes.map(|pages| pages.iter().sum()))
            .set_repetition_level_histogram(keys.repetition_level_histogram().cloned())
            .set_definition_level_histogram(keys.definition_level_histogram().cloned())
            .build()?;
        Ok(ColumnCloseResult { metadata, column_index, offset_index, ..close })
    }

    fn text(&self, key: Option<&i32>) -> Option<Vec<u8>> {
        key.map(|key| self.texts.value(*key as usize).as_bytes().to_vec())
    }

    fn statistics(&self, keys: &ColumnChunkMetaData) -> Statistics {
        let (least, greatest) = match keys.statistics() {
            Some(Statistics::Int32(keys)) => (self.text(keys.min_opt()), self.text(keys.max_opt())),
            _ => (None, None),
        };
        let (least, greatest) = (least.map(ByteArray::from), greatest.map(ByteArray::from));
        let nulls = keys.statistics().and_then(Statistics::null_count_opt);
        Statistics::ByteArray(ValueStatistics::new(least, greatest, None, nulls, false))
    }

    fn column_index(&self, index: &ColumnIndexMetaData) -> Result<ColumnIndexMetaData, ParquetError> {
        let mut told = ColumnIndexBuilder::new(PhysicalType::BYTE_ARRAY);
        let histogram = |levels: Option<&[i64]>| levels.map(|levels| LevelHistogram::from(levels.to_vec()));
        for page in 0..index.num_pages() as usize {
            let (least, greatest) = match index {
                ColumnIndexMetaData::INT32(keys) => {
                    (self.text(keys.min_value(page)), self.text(keys.max_value(page)))
                }
                _ => (None, None),
            };
            let nulls = index.null_count(page).unwrap_or_default();
            let (least, greatest) = (least.unwrap_or_default(), greatest.unwrap_or_default());
            told.append(index.is_null_page(page), least, greatest, nulls, None);
            let levels = [index.repetition_level_histogram(page), index.definition_level_histogram(page)];
            let [repetition, definition] = levels.map(histogram);
            told.append_histograms(&repetition, &definition);
        }
        if let Some(order) = index.get_boundary_order() {
            told.set_boundary_order(order);
        }
        told.build()
    }

    fn offset_index(&self, index: OffsetIndexMetaData) -> OffsetIndexMetaData {
        let starts = index.page_locations.iter().map(|page| page.first_row_index as usize);
        let ends = starts.clone().skip(1).map(Some).chain([None]);
        let mut lengths = self.parts.iter().flat_map(|part| {
            part.values.iter().enumerate().map(|(row, key)| {
                if part.is_known(row) { i64::from(self.texts.value_length(*key as usize)) } else { 0 }
            })
        });
        let bytes = starts.zip(ends).map(|(start, end)| match end {
            Some(end) => lengths.by_ref().take(end - start).sum(),
            None => lengths.by_ref().sum(),
        });
        OffsetIndexMetaData { unencoded_byte_array_data_bytes: Some(bytes.collect()), ..index }
    }
}
