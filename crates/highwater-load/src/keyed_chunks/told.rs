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
    fn text(&self, key: Option<&i32>) -> Option<Vec<u8>> {
        key.map(|key| self.texts.value(*key as usize).as_bytes().to_vec())
    }

    /// `None` where no row has a text.
    pub(super) fn close(&self, close: ColumnCloseResult) -> Result<Option<ColumnCloseResult>, ParquetError> {
        let (Some(statistics), Some(column_index)) =
            (self.statistics(&close.metadata), self.column_index(&close)?)
        else {
            return Ok(None);
        };
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
            .set_statistics(statistics)
            .set_unencoded_byte_array_data_bytes(bytes.map(|pages| pages.iter().sum()))
            .set_repetition_level_histogram(keys.repetition_level_histogram().cloned())
            .set_definition_level_histogram(keys.definition_level_histogram().cloned())
            .build()?;
        Ok(Some(ColumnCloseResult { metadata, column_index: Some(column_index), offset_index, ..close }))
    }

    fn statistics(&self, keys: &ColumnChunkMetaData) -> Option<Statistics> {
        let Some(Statistics::Int32(keys)) = keys.statistics() else { return None };
        let text = |key| self.text(key).map(ByteArray::from);
        let (least, greatest) = (text(keys.min_opt())?, text(keys.max_opt())?);
        let nulls = keys.null_count_opt();
        Some(Statistics::ByteArray(ValueStatistics::new(Some(least), Some(greatest), None, nulls, false)))
    }

    fn column_index(&self, close: &ColumnCloseResult) -> Result<Option<ColumnIndexMetaData>, ParquetError> {
        let Some(index @ ColumnIndexMetaData::INT32(keys)) = &close.column_index else { return Ok(None) };
        let mut told = ColumnIndexBuilder::new(PhysicalType::BYTE_ARRAY);
        let histogram = |levels: Option<&[i64]>| levels.map(|levels| LevelHistogram::from(levels.to_vec()));
        for page in 0..keys.min_values().len() {
            let nulls = index.null_count(page).unwrap_or_default();
            if index.is_null_page(page) {
                told.append(true, Vec::new(), Vec::new(), nulls, None);
            } else {
                let (least, greatest) = (self.text(keys.min_value(page)), self.text(keys.max_value(page)));
                let (Some(least), Some(greatest)) = (least, greatest) else { return Ok(None) };
                told.append(false, least, greatest, nulls, None);
            }
            let levels = [index.repetition_level_histogram(page), index.definition_level_histogram(page)];
            let [repetition, definition] = levels.map(histogram);
            told.append_histograms(&repetition, &definition);
        }
        if let Some(order) = index.get_boundary_order() {
            told.set_boundary_order(order);
        }
        told.build().map(Some)
    }

    fn offset_index(&self, index: OffsetIndexMetaData) -> OffsetIndexMetaData {
        let starts = index.page_locations.iter().map(|page| page.first_row_index as usize);
        let ends = starts.clone().skip(1).map(Some).chain([None]);
        let mut lengths = self.parts.iter().flat_map(|part| {
            part.values.iter().enumerate().map(|(row, key)| {
                let known = part.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
                if known { i64::from(self.texts.value_length(*key as usize)) } else { 0 }
            })
        });
        let bytes = starts.zip(ends).map(|(start, end)| match end {
            Some(end) => lengths.by_ref().take(end - start).sum(),
            None => lengths.by_ref().sum(),
        });
        OffsetIndexMetaData { unencoded_byte_array_data_bytes: Some(bytes.collect()), ..index }
    }
}
