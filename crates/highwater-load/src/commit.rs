//! The commit: windows of one unit, published table by table by compare-and-swap.
//!
//! A writer that dies between two tables leaves a window that not every object names alike: it does not count as
//! loaded, and the next pull publishes it everywhere. Writers that meet at a window agree by the order of its records
//! which of them stays, so that it is the same one in every table.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::Schema;
use futures::StreamExt;
use futures::future::{join, try_join_all};
use futures::stream;
use highwater_core::{Result, Table, Unit, Window, WindowRecord, WindowSet};
use object_store::PutPayload;
use object_store::path::Path;
use std::pin::pin;
use std::sync::Arc;
use uuid::Uuid;

use crate::layout::ObjectKey;
use crate::object::{ATTEMPTS, Put, blocking, cannot, too_many_races};
use crate::object_record::ObjectRecord;
use crate::published::Published;
use crate::reader::{Spans, bounds, object_schema, rows, time_column};
use crate::table_commit::{Wanted, apply, same_content};
use crate::unit_commit::{Committed, UnitCommit};
use crate::version::{Change, next_version};
use crate::warehouse::{Shared, Warehouse};

/// Tables whose next versions are made at once: each takes memory. They are put in place one after the other, in their
/// order.
const TABLES_AT_ONCE: usize = 2;

impl Warehouse {
    /// Publishes `commit` in all its tables, in their order. Durable when it returns. The checkpoint is not touched.
    /// Where every object already names a window with the same content from the same pull, nothing is written for it
    /// before the seal.
    ///
    /// # Errors
    /// `Storage` when the store fails or a window would replace a part of a recorded one, `NewerFormat`, `Internal` for
    /// rows outside their window. What was published before an error stays; no window counts as loaded before all
    /// tables have it.
    pub async fn commit(&self, commit: &UnitCommit) -> Result<Committed> {
        commit.check()?;
        let paths: Vec<Path> = commit
            .tables
            .iter()
            .map(|table| ObjectKey::new(table.table, &commit.provider, &commit.unit).path())
            .collect();
        let known = try_join_all(paths.iter().map(|path| self.shared.read_record(path))).await?;
        let pending = pending(commit, &known);
        let mut committed = Committed::default();
        if pending.is_empty() && !(commit.seal && known.iter().flatten().any(|record| !record.sealed)) {
            return Ok(committed);
        }
        let table = |index: usize| CommittedTable { commit, index, path: &paths[index] };
        let made = stream::iter(0..paths.len())
            .map(|index| self.shared.make_version(table(index), known[index].is_none(), &pending))
            .buffered(TABLES_AT_ONCE);
        let mut made = pin!(made.peekable());
        let mut left = pending.clone();
        for index in 0..paths.len() {
            // What was made beforehand holds unless a table before it lost windows to another writer.
            let version = made.next().await.filter(|_| left.len() == pending.len()).transpose()?;
            let put = self.shared.commit_table(table(index), version, &left, &mut committed);
            // The next versions are made meanwhile.
            let (superseded, _) = join(put, made.as_mut().peek()).await;
            let superseded = superseded?;
            left.retain(|(_, record)| !superseded.contains(&record.window));
            committed.superseded.extend(superseded);
        }
        Ok(committed)
    }

    /// The windows that every object of the unit names with the same pull, by start: those that count as loaded.
    /// `tables` are all tables of the dataset.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`.
    pub async fn unit_records(
        &self,
        provider: &str,
        unit: &Unit,
        tables: &[Table],
    ) -> Result<Vec<WindowRecord>> {
        Ok(agreed(self.unit_objects(provider, unit, tables).await?))
    }

    /// The record of each of the unit's objects, in the order of `tables`.
    pub(crate) async fn unit_objects(
        &self,
        provider: &str,
        unit: &Unit,
        tables: &[Table],
    ) -> Result<Vec<Option<ObjectRecord>>> {
        let paths: Vec<Path> =
            tables.iter().map(|table| ObjectKey::new(*table, provider, unit).path()).collect();
        try_join_all(paths.iter().map(|path| self.shared.read_record(path))).await
    }

    /// The published rows of `table` that belong to `windows`: the columns as the object has them, none at all where
    /// there is no object.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`.
    pub async fn read_windows(
        &self,
        provider: &str,
        unit: &Unit,
        table: Table,
        windows: &WindowSet,
    ) -> Result<RecordBatch> {
        let path = ObjectKey::new(table, provider, unit).path();
        let Some(found) = self.shared.read(&path).await? else {
            return Ok(RecordBatch::new_empty(Arc::new(Schema::empty())));
        };
        let wanted = Spans::of(windows);
        blocking(move || {
            let object = Published::parse(found.bytes, &path)?;
            let touched = |group: &usize| {
                bounds(object.footer.row_group(*group), time_column(table))
                    .is_none_or(|(first, last)| wanted.touch(first, last))
            };
            let mut found = Vec::new();
            for group in (0..object.footer.num_row_groups()).filter(touched) {
                for batch in rows(&object, group, |instant| wanted.contain(instant))? {
                    found.push(batch?);
                }
            }
            let schema = object_schema(&object.footer)?;
            concat_batches(&schema, &found).map_err(|error| {
                highwater_core::Error::new(highwater_core::ErrorKind::Internal, "cannot join rows")
                    .with_source(error)
            })
        })
        .await
    }
}

/// The records that all of `objects` name with the same pull.
pub(crate) fn agreed(objects: Vec<Option<ObjectRecord>>) -> Vec<WindowRecord> {
    let Some(objects) = objects.into_iter().collect::<Option<Vec<_>>>() else { return Vec::new() };
    let Some((first, others)) = objects.split_first() else { return Vec::new() };
    let named_by = |object: &ObjectRecord, wanted: &WindowRecord| {
        object.windows.iter().any(|known| same_content(known, wanted))
    };
    let everywhere = |wanted: &&WindowRecord| others.iter().all(|object| named_by(object, wanted));
    first.windows.iter().filter(everywhere).cloned().collect()
}

/// What is left to publish, by its place in the commit: without the windows that every object already has, and with
/// `pulls` above those of all other content that is there.
fn pending(commit: &UnitCommit, known: &[Option<ObjectRecord>]) -> Vec<(usize, WindowRecord)> {
    let everywhere = |wanted: &WindowRecord| {
        let has = |object: &ObjectRecord| object.windows.iter().any(|known| same_content(known, wanted));
        known.iter().all(|object| object.as_ref().is_some_and(has))
    };
    let records = commit.windows.iter().map(|window| &window.record).enumerate();
    let left = records.filter(|(_, record)| commit.seal || !everywhere(record));
    left.map(|(index, record)| {
        let there = known.iter().flatten().flat_map(|object| &object.windows);
        let overlapping = there.filter(|known| known.window.overlaps(record.window));
        let above = overlapping.map(|known| known.pulls + u32::from(!same_content(known, record))).max();
        let pulls = record.pulls.max(above.unwrap_or_default());
        (index, WindowRecord { pulls, ..record.clone() })
    })
    .collect()
}

impl Shared {
    /// Publishes `pending` in one table, at first as it was `made`; returns the windows of which another writer has
    /// published a newer pull.
    async fn commit_table(
        &self,
        table: CommittedTable<'_>,
        made: Option<Made>,
        pending: &[(usize, WindowRecord)],
        committed: &mut Committed,
    ) -> Result<Vec<Window>> {
        let mut made = made;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                self.back_off(attempt).await;
            }
            let version = match made.take() {
                Some(made) => made,
                None => self.make_version(table, false, pending).await?,
            };
            let Some(content) = version.content else { return Ok(version.superseded) };
            let size = content.content_length() as u64;
            if self.put_commit(table.path, content, version.seen, &version.commit_id).await? {
                committed.objects_written += 1;
                committed.bytes_written += size;
                return Ok(version.superseded);
            }
            committed.lost_races += 1;
            tracing::debug!(key = %table.path, attempt, "another writer was first, starting over");
        }
        Err(too_many_races(table.path))
    }

    /// Makes the next version of one table's object from what stands there; `absent` says that nothing does.
    async fn make_version(
        &self,
        table: CommittedTable<'_>,
        absent: bool,
        pending: &[(usize, WindowRecord)],
    ) -> Result<Made> {
        let CommittedTable { commit, index, path } = table;
        let wanted = |(place, record): &(usize, WindowRecord)| Wanted {
            record: record.clone(),
            rows: commit.windows[*place].batches.get(index).cloned(),
        };
        let found = if absent { None } else { self.read(path).await? };
        let seen = found.as_ref().map(|found| found.version.clone());
        let commit_id = Uuid::new_v4().to_string();
        let next = Next {
            change: Change {
                table: commit.tables[index].table,
                unit: commit.unit.clone(),
                schema: Arc::clone(&commit.tables[index].schema),
                replaced: WindowSet::new(),
                added: Vec::new(),
                windows: Vec::new(),
                sealed: false,
                commit_id: commit_id.clone(),
            },
            wanted: pending.iter().map(wanted).collect(),
            seal: commit.seal,
            path: path.clone(),
        };
        let (superseded, content) = blocking(move || next.build(found.map(|found| found.bytes))).await?;
        Ok(Made { seen, commit_id, superseded, content })
    }

    /// Writes one version; false when another writer was first. An answer that was lost, or a refusal of a write that
    /// the client had silently tried twice, is told from a lost race by the commit id that stands there.
    pub(crate) async fn put_commit(
        &self,
        path: &Path,
        content: PutPayload,
        seen: Option<object_store::UpdateVersion>,
        commit_id: &str,
    ) -> Result<bool> {
        let (error, refused) = match self.put(path, content, seen).await {
            Put::Done => return Ok(true),
            Put::Refused(error) => (error, true),
            Put::Failed(error) => (error, false),
        };
        match self.read_record(path).await {
            Ok(Some(record)) if record.commit_id == commit_id => Ok(true),
            Ok(_) if refused => Ok(false),
            Err(unread) if refused => Err(unread),
            Ok(_) | Err(_) => Err(cannot("write", path, error)),
        }
    }
}

/// One table of a commit.
#[derive(Clone, Copy)]
struct CommittedTable<'a> {
    commit: &'a UnitCommit,
    index: usize,
    path: &'a Path,
}

/// A version that is ready to be put in place.
struct Made {
    /// What must still stand there; `None` means nothing.
    seen: Option<object_store::UpdateVersion>,
    commit_id: String,
    superseded: Vec<Window>,
    /// `None` where nothing is to be written.
    content: Option<PutPayload>,
}

/// The work of one attempt that takes a thread's time.
struct Next {
    change: Change,
    wanted: Vec<Wanted>,
    seal: bool,
    path: Path,
}

impl Next {
    /// The windows that are superseded, and the next version if there is to be one.
    fn build(self, previous: Option<bytes::Bytes>) -> Result<(Vec<Window>, Option<PutPayload>)> {
        let previous = previous.map(|bytes| Published::parse(bytes, &self.path)).transpose()?;
        let current = previous.as_ref().map(|object| (&object.record.windows[..], object.record.sealed));
        let applied = apply(&self.change.unit, current, &self.wanted, self.seal)?;
        if !applied.changes {
            return Ok((applied.superseded, None));
        }
        let change = Change {
            replaced: applied.replaced,
            added: applied.added,
            windows: applied.windows,
            sealed: applied.sealed,
            ..self.change
        };
        let content = next_version(previous.as_ref(), &change, &self.path)?;
        Ok((applied.superseded, Some(content)))
    }
}
