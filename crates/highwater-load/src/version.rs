//! The next version of an object, computed from the last one and a change. Pure.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use highwater_core::{Result, Table, Unit, WindowRecord, WindowSet};
use object_store::path::Path;

use crate::object_record::ObjectRecord;
use crate::published::Published;
use crate::reader::{Spans, bounds, check_evolution, complete, object_schema, rows, time_column};
use crate::sorting::sorted;
use crate::writer::{FIRST_OFFSET, sorting_positions, write_whole};

/// What the next version has and the last one has not.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) table: Table,
    pub(crate) unit: Unit,
    pub(crate) schema: SchemaRef,
    /// Whose rows go.
    pub(crate) replaced: WindowSet,
    /// The rows that come.
    pub(crate) added: Vec<RecordBatch>,
    /// All windows of the next version.
    pub(crate) windows: Vec<WindowRecord>,
    pub(crate) sealed: bool,
    pub(crate) commit_id: String,
}

/// The bytes of the next version.
pub(crate) fn next_version(previous: Option<&Published>, change: &Change, path: &Path) -> Result<Bytes> {
    let mut batches = match previous {
        Some(previous) => kept_rows(previous, change, path)?,
        None => Vec::new(),
    };
    batches.extend(change.added.iter().cloned());
    let record = ObjectRecord {
        commit_id: change.commit_id.clone(),
        table: change.table,
        unit: change.unit.clone(),
        windows: change.windows.clone(),
        sealed: change.sealed,
        first_offset: previous.map_or(FIRST_OFFSET, |previous| other_offset(previous.record.first_offset)),
    };
    let key = sorting_positions(change.table, &change.schema);
    let bytes = write_whole(&change.schema, sorted(&batches, &key)?, &record)?;
    Ok(Bytes::from(bytes))
}

/// Where a version that is written as a whole begins, so that the footer of an older one points at nothing.
fn other_offset(last: u64) -> u64 {
    const STEP: u64 = 8;
    const HIGHEST: u64 = 32 * 1024;
    if last + STEP > HIGHEST { FIRST_OFFSET } else { last + STEP }
}

fn kept_rows(previous: &Published, change: &Change, path: &Path) -> Result<Vec<RecordBatch>> {
    let old_schema = object_schema(&previous.footer)?;
    check_evolution(&old_schema, &change.schema, path.as_ref())?;
    let (replaced, time_column) = (Spans::of(&change.replaced), time_column(change.table));
    let wholly_replaced = |group: &usize| {
        bounds(previous.footer.row_group(*group), time_column)
            .is_some_and(|(first, last)| replaced.cover(first, last))
    };
    let groups = (0..previous.footer.num_row_groups()).filter(|group| !wholly_replaced(group)).collect();
    let kept = rows(previous, groups, |instant| !replaced.contain(instant))?;
    kept.iter().map(|batch| complete(batch, &Arc::clone(&change.schema))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_version_never_begins_where_the_last_one_did() {
        let mut offset = FIRST_OFFSET;
        for _ in 0..10_000 {
            let next = other_offset(offset);
            assert_ne!(next, offset);
            offset = next;
        }
    }
}
