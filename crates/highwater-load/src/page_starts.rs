//! Where the pages of an object begin.

use std::collections::BTreeSet;

use bytes::Bytes;
use highwater_core::Result;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};

use crate::writer::encoding;

/// The offsets at which a reader that holds this version's footer starts to decode.
pub(crate) fn page_starts(object: &Bytes) -> Result<BTreeSet<i64>> {
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
    let footer = reader.parse_and_finish(object).map_err(encoding)?;
    let mut starts = BTreeSet::new();
    for (group, columns) in footer.row_groups().iter().map(|group| group.columns()).enumerate() {
        for (column, chunk) in columns.iter().enumerate() {
            starts.extend(chunk.dictionary_page_offset());
            starts.insert(chunk.data_page_offset());
            let pages = footer.page_index().and_then(|index| index.offset_index(group, column));
            starts.extend(pages.into_iter().flat_map(|pages| pages.page_locations()).map(|page| page.offset));
        }
    }
    Ok(starts)
}

/// The least shift, in steps of `step`, after which none of `starts` is among `taken`.
pub(crate) fn clear_shift(starts: &BTreeSet<i64>, taken: &BTreeSet<i64>, step: u64) -> u64 {
    let clear = |shift: &u64| {
        let shift = i64::try_from(*shift).unwrap_or(i64::MAX);
        starts.iter().all(|start| !taken.contains(&start.saturating_add(shift)))
    };
    (0..).map(|steps| steps * step).find(clear).expect("beyond the last taken offset all are free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_clears_all_that_is_taken() {
        let (starts, taken) = (BTreeSet::from([12, 40]), BTreeSet::from([4, 40, 48, 20]));
        assert_eq!(clear_shift(&starts, &taken, 8), 16);
        assert_eq!(clear_shift(&starts, &BTreeSet::new(), 8), 0);
    }
}
