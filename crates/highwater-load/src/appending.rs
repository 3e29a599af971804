//! A version that starts with the bytes of the last one: new row groups and a new footer are appended, and row groups
//! that are replaced leave the footer. A reader that holds the last version's length or footer reads exactly that
//! version from the new bytes.

use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use highwater_core::Result;
use object_store::PutPayload;
use object_store::path::Path;
use parquet::file::metadata::{
    FileMetaData, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataWriter, RowGroupMetaData,
};

use crate::object_record::ObjectRecord;
use crate::object_writer::ObjectWriter;
use crate::published::{Published, footer_length};
use crate::version::Change;
use crate::writer::encoding;

/// Above this many dead bytes, and more of them than live ones, a version is written as a whole.
const DEAD_BYTES: u64 = 1024 * 1024;

/// Appends `batches`, which are sorted, to the bytes of `previous`; of its row groups `kept` stay. `None` when the
/// columns are not stored alike, or when more bytes would be dead than live.
pub(crate) fn append(
    previous: &Published,
    kept: &[usize],
    batches: impl IntoIterator<Item = Result<RecordBatch>>,
    change: &Change,
    record: &ObjectRecord,
    path: &Path,
) -> Result<Option<PutPayload>> {
    let mut writer = ObjectWriter::new(change.table, &change.schema, Some(&previous.bytes))?;
    batches.into_iter().try_for_each(|batch| writer.write(&batch?))?;
    let (added, mut bytes) = writer.finish(record)?;
    let old_schema = previous.footer.file_metadata().schema_descr();
    if old_schema != added.file_metadata().schema_descr() {
        return Ok(None);
    }
    let own_footer = footer_length(&bytes, path)?;
    bytes.truncate(bytes.len() - own_footer);

    let footer = merged(previous, kept, added)?;
    // The page index of each row group stays where it was written: with the old bytes, or after the new row groups.
    ParquetMetaDataWriter::new(&mut bytes, &footer).finish().map_err(encoding)?;
    let live = live_bytes(&footer) + footer_length(&bytes, path)? as u64;
    let dead = (previous.bytes.len() as u64 + bytes.len() as u64).saturating_sub(live);
    let parts = [previous.bytes.clone(), Bytes::from(bytes)];
    Ok((dead <= live.max(DEAD_BYTES)).then(|| PutPayload::from_iter(parts)))
}

fn merged(previous: &Published, kept: &[usize], added: ParquetMetaData) -> Result<ParquetMetaData> {
    let old = kept.iter().map(|group| previous.footer.row_group(*group));
    let groups = (0_i32..).zip(old.chain(added.row_groups()));
    let groups: Vec<RowGroupMetaData> = groups
        .map(|(ordinal, group)| group.clone().into_builder().set_ordinal(ordinal).build())
        .collect::<Result<_, _>>()
        .map_err(encoding)?;
    let of = added.file_metadata();
    let metadata = FileMetaData::new(
        of.version(),
        groups.iter().map(RowGroupMetaData::num_rows).sum(),
        of.created_by().map(str::to_owned),
        of.key_value_metadata().cloned(),
        of.schema_descr_ptr(),
        of.column_orders().cloned(),
    );
    Ok(ParquetMetaDataBuilder::new(metadata).set_row_groups(groups).build())
}

/// The bytes of row groups and their page indexes.
fn live_bytes(footer: &ParquetMetaData) -> u64 {
    let chunks = footer.row_groups().iter().flat_map(|group| group.columns());
    let lengths = chunks.map(|chunk| {
        let indexes = [chunk.column_index_length(), chunk.offset_index_length()];
        chunk.compressed_size() + indexes.into_iter().flatten().map(i64::from).sum::<i64>()
    });
    lengths.map(|length| u64::try_from(length).unwrap_or_default()).sum()
}
