//! The next version of an object, computed from the last one and a change. Pure.

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use highwater_core::{Result, Table, Unit, WindowRecord, WindowSet};
use object_store::PutPayload;
use object_store::path::Path;

use crate::appending::append;
use crate::merging::{Key, Run, merge, unsortable};
use crate::object_record::ObjectRecord;
use crate::packed::unpacked_batch;
use crate::page_starts::{clear_shift, page_starts};
use crate::published::Published;
use crate::reader::{Spans, bounds, check_evolution, complete, object_schema, rows, time_column};
use crate::sorting::Sorted;
use crate::writer::{FIRST_OFFSET, sorting_positions, write_whole};

/// What the next version has and the last one has not.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) table: Table,
    pub(crate) unit: Unit,
    pub(crate) schema: SchemaRef,
    /// Whose rows go.
    pub(crate) replaced: WindowSet,
    /// The rows that come, packed or not.
    pub(crate) added: Vec<RecordBatch>,
    /// All windows of the next version.
    pub(crate) windows: Vec<WindowRecord>,
    pub(crate) sealed: bool,
    pub(crate) commit_id: String,
}

/// The bytes of the next version: those of the last one and more, unless it is to be sealed, has other columns, or
/// would be dead for the greater part.
pub(crate) fn next_version(previous: Option<&Published>, change: &Change, path: &Path) -> Result<PutPayload> {
    let Some(previous) = previous else {
        let record = change.record(FIRST_OFFSET);
        return write_whole(&change.schema, change.sorted()?, &record).map(PutPayload::from);
    };
    let old_schema = object_schema(&previous.footer)?;
    check_evolution(&old_schema, &change.schema, path.as_ref())?;
    let key = Key::new(&change.schema, change.key())?;
    if !change.sealed && old_schema.fields().len() == change.schema.fields().len() {
        let (kept, left) = split(previous, change)?;
        let left = left.into_iter().map(|batches| Box::new(batches.into_iter().map(Ok)) as Run<'_>);
        let record = change.record(previous.record.first_offset);
        if let Some(bytes) = append(previous, &kept, change.with(left, &key)?, change, &record, path)? {
            return Ok(bytes);
        }
    }
    rewritten(previous, change, &key).map(PutPayload::from_bytes)
}

/// A version of the rows that stay and those that come, none of whose pages begins where one of the last version did: a
/// reader that holds the footer of that one meets an error, never a mix.
fn rewritten(previous: &Published, change: &Change, key: &Key) -> Result<Bytes> {
    let replaced = Spans::of(&change.replaced);
    let write = |first_offset: u64| {
        let mut runs: Vec<Run<'_>> = Vec::new();
        for group in 0..previous.footer.num_row_groups() {
            let rows = rows(previous, group, |instant| !replaced.contain(instant))?;
            runs.push(Box::new(rows.map(|batch| complete(&batch?, &change.schema))));
        }
        write_whole(&change.schema, change.with(runs, key)?, &change.record(first_offset)).map(Bytes::from)
    };
    let first_offset = other_offset(previous.record.first_offset);
    let bytes = write(first_offset)?;
    let shift = clear_shift(&page_starts(&bytes)?, &page_starts(&previous.bytes)?, OFFSET_STEP);
    if shift == 0 { Ok(bytes) } else { write(first_offset + shift) }
}

const OFFSET_STEP: u64 = 8;

/// Where a version that is written as a whole begins, after one whose first bytes were written from `last` on.
fn other_offset(last: u64) -> u64 {
    const HIGHEST: u64 = 32 * 1024;
    if last + OFFSET_STEP > HIGHEST { FIRST_OFFSET } else { last + OFFSET_STEP }
}

/// The row groups that stay as they are, and the rows that stay of each one that loses some.
fn split(previous: &Published, change: &Change) -> Result<(Vec<usize>, Vec<Vec<RecordBatch>>)> {
    let (replaced, time_column) = (Spans::of(&change.replaced), time_column(change.table));
    let (mut kept, mut left) = (Vec::new(), Vec::new());
    for (index, group) in previous.footer.row_groups().iter().enumerate() {
        match bounds(group, time_column) {
            Some((first, last)) if !replaced.touch(first, last) => kept.push(index),
            Some((first, last)) if replaced.cover(first, last) => {}
            _ => {
                let rest = rows(previous, index, |instant| !replaced.contain(instant))?;
                let rest: Vec<RecordBatch> = rest.collect::<Result<_>>()?;
                let count: usize = rest.iter().map(RecordBatch::num_rows).sum();
                if i64::try_from(count) == Ok(group.num_rows()) {
                    kept.push(index);
                } else {
                    left.push(rest);
                }
            }
        }
    }
    Ok((kept, left))
}

impl Change {
    /// The positions of the columns that rows are sorted by.
    fn key(&self) -> Vec<usize> {
        sorting_positions(self.table, &self.schema)
    }

    /// The rows that come, sorted.
    pub(crate) fn sorted(&self) -> Result<Sorted> {
        Sorted::new(&self.added, &self.schema, &self.key())
    }

    /// The rows that come and those of `runs`, sorted together.
    fn with<'a>(&'a self, runs: impl IntoIterator<Item = Run<'a>>, key: &'a Key) -> Result<Run<'a>> {
        let added = self.sorted()?;
        let mut runs = runs.into_iter().peekable();
        if runs.peek().is_none() {
            return Ok(Box::new(added));
        }
        let added = added.map(|batch| unpacked_batch(&batch?, &self.schema).map_err(unsortable));
        let runs = std::iter::once(Box::new(added) as Run<'a>).chain(runs);
        Ok(Box::new(merge(runs.collect(), key)?))
    }

    fn record(&self, first_offset: u64) -> ObjectRecord {
        ObjectRecord {
            commit_id: self.commit_id.clone(),
            table: self.table,
            unit: self.unit.clone(),
            windows: self.windows.clone(),
            sealed: self.sealed,
            first_offset,
        }
    }
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
