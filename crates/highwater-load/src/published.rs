//! An object as published: its bytes, its footer, its record.

use std::sync::Arc;

use bytes::Bytes;
use highwater_core::Result;
use object_store::path::Path;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader};

use crate::object_record::{ObjectRecord, foreign};
use crate::warehouse::Shared;

/// The length of the magic number and the footer's length at the end of a file.
pub(crate) const TAIL: usize = 8;

/// One version of an object, whole.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) bytes: Bytes,
    pub(crate) footer: Arc<ParquetMetaData>,
    pub(crate) record: ObjectRecord,
}

impl Published {
    pub(crate) fn parse(bytes: Bytes, path: &Path) -> Result<Self> {
        // As written, because the footer of the next version takes over what stands here.
        let options = ParquetMetaDataOptions::new().with_encoding_stats_as_mask(false);
        let reader = ParquetMetaDataReader::new().with_metadata_options(Some(options));
        let footer = reader.parse_and_finish(&bytes);
        let footer = footer.map_err(|error| foreign(path.as_ref(), Box::new(error)))?;
        let record =
            ObjectRecord::from_key_values(footer.file_metadata().key_value_metadata(), path.as_ref())?;
        Ok(Self { bytes, footer: Arc::new(footer), record })
    }
}

impl Shared {
    /// The record of the object at `path`, from its footer alone; `None` where there is no object.
    pub(crate) async fn read_record(&self, path: &Path) -> Result<Option<ObjectRecord>> {
        let Some(footer) = self.read_footer(path).await? else { return Ok(None) };
        let pairs = footer.file_metadata().key_value_metadata();
        ObjectRecord::from_key_values(pairs, path.as_ref()).map(Some)
    }

    /// The footer of the object at `path`; `None` where there is no object.
    pub(crate) async fn read_footer(&self, path: &Path) -> Result<Option<ParquetMetaData>> {
        let mut length = 64 * 1024;
        loop {
            let Some((suffix, size)) = self.read_suffix(path, length).await? else { return Ok(None) };
            let needed = footer_length(&suffix, path)?;
            if needed > suffix.len() && (suffix.len() as u64) < size {
                length = needed as u64;
                continue;
            }
            let footer = suffix.get(suffix.len().saturating_sub(needed)..suffix.len() - TAIL);
            let footer = footer.ok_or_else(|| foreign(path.as_ref(), "its footer is cut off".into()))?;
            let footer = ParquetMetaDataReader::decode_metadata(footer);
            return footer.map(Some).map_err(|error| foreign(path.as_ref(), Box::new(error)));
        }
    }
}

/// The length of the footer, its tail included.
pub(crate) fn footer_length(suffix: &[u8], path: &Path) -> Result<usize> {
    let no_parquet = || foreign(path.as_ref(), "it does not end like a Parquet file".into());
    let tail = suffix.last_chunk::<TAIL>().ok_or_else(no_parquet)?;
    let [a, b, c, d, b'P', b'A', b'R', b'1'] = *tail else { return Err(no_parquet()) };
    let length = u32::from_le_bytes([a, b, c, d]);
    Ok(usize::try_from(length).unwrap_or(usize::MAX).saturating_add(TAIL))
}
