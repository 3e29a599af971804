//! The table of restatements: rows that belong to one pull of one window, replaced with it, so that a pull that is
//! tried again cannot double them.
//!
//! The object's record names each pull that has rows: its window, its number, and as `pulled_at` the `seen_at` of its
//! rows. Pulls of one window stand beside each other.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use highwater_core::{Column, Error, ErrorKind, Result, Table, Unit, WindowRecord};
use object_store::PutPayload;
use object_store::path::Path;
use uuid::Uuid;

use crate::layout::ObjectKey;
use crate::object::{ATTEMPTS, blocking, too_many_races};
use crate::published::Published;
use crate::reader::{Spans, instants, rows};
use crate::table_commit::same_content;
use crate::version::{Change, next_version};
use crate::warehouse::Warehouse;

/// What one pull of a window changed.
#[derive(Clone, Debug)]
pub struct Restatement {
    /// The record under which the pull is about to be published: its window and `pulls` name it, its `pulled_at` is the
    /// `seen_at` of the rows.
    pub record: WindowRecord,
    /// The rows; none withdraws those that an earlier try of the same pull, or of a later one, has left.
    pub rows: RecordBatch,
}

impl Warehouse {
    /// Puts what pulls changed into `restatements`, each in place of what an earlier try of the same pull, or of one with
    /// a higher number, had put there: those were never published. To be called before the data are committed; a pull
    /// that changed nothing is given without rows where the window was pulled before.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`, `Internal` for rows that do not belong to their pull.
    pub async fn put_restatements(
        &self,
        provider: &str,
        unit: &Unit,
        schema: &SchemaRef,
        restatements: &[Restatement],
    ) -> Result<()> {
        restatements.iter().try_for_each(check)?;
        let path = ObjectKey::new(Table::Restatements, provider, unit).path();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                self.shared.back_off(attempt).await;
            }
            let found = self.shared.read(&path).await?;
            let seen = found.as_ref().map(|found| found.version.clone());
            let commit_id = Uuid::new_v4().to_string();
            let change = Change {
                table: Table::Restatements,
                unit: unit.clone(),
                schema: Arc::clone(schema),
                replaced: highwater_core::Window::day(unit.date).into(),
                added: Vec::new(),
                windows: Vec::new(),
                sealed: false,
                commit_id: commit_id.clone(),
            };
            let (restatements, place) = (restatements.to_vec(), path.clone());
            let next =
                blocking(move || replacement(found.map(|found| found.bytes), change, &restatements, &place));
            let Some(next) = next.await? else { return Ok(()) };
            if self.shared.put_commit(&path, next, seen, &commit_id).await? {
                return Ok(());
            }
        }
        Err(too_many_races(&path))
    }
}

fn check(restatement: &Restatement) -> Result<()> {
    let Restatement { record, rows } = restatement;
    if rows.num_rows() == 0 {
        return Ok(());
    }
    let spans = Spans::of(&record.window.into());
    let inside = instants(rows, Column::BucketStart.name())?.iter().all(|instant| spans.contain(*instant));
    let seen_at = record.pulled_at.timestamp_millis();
    let together = instants(rows, Column::SeenAt.name())?.iter().all(|instant| *instant == seen_at);
    if inside && together {
        return Ok(());
    }
    let message = format!("restatements that do not belong to their pull window=`{}`", record.window);
    Err(Error::new(ErrorKind::Internal, message))
}

fn replacement(
    previous: Option<Bytes>,
    change: Change,
    restatements: &[Restatement],
    path: &Path,
) -> Result<Option<PutPayload>> {
    let previous = previous.map(|bytes| Published::parse(bytes, path)).transpose()?;
    let known = previous.as_ref().map(|object| &object.record.windows[..]).unwrap_or_default();
    let tried_before = |record: &WindowRecord| {
        let again =
            |new: &Restatement| new.record.window.overlaps(record.window) && record.pulls >= new.record.pulls;
        restatements.iter().any(again)
    };
    let (gone, kept): (Vec<&WindowRecord>, Vec<&WindowRecord>) =
        known.iter().partition(|record| tried_before(record));
    let come: Vec<&Restatement> =
        restatements.iter().filter(|restatement| restatement.rows.num_rows() > 0).collect();
    let unchanged = gone.len() == come.len()
        && come.iter().all(|new| {
            gone.iter().any(|old| same_content(old, &new.record) && old.pulls == new.record.pulls)
        });
    if unchanged {
        return Ok(None);
    }
    let mut added: Vec<RecordBatch> = come.iter().map(|restatement| restatement.rows.clone()).collect();
    if let Some(previous) = &previous {
        for group in 0..previous.footer.num_row_groups() {
            for batch in rows(previous, group, |_| true)? {
                added.push(without(&batch?, &gone)?);
            }
        }
    }
    let mut windows: Vec<WindowRecord> = kept.into_iter().cloned().collect();
    windows.extend(come.iter().map(|restatement| restatement.record.clone()));
    windows.sort_by_key(|record| (record.window, record.pulls));
    added =
        added.iter().map(|batch| crate::reader::complete(batch, &change.schema)).collect::<Result<_>>()?;
    next_version(previous.as_ref(), &Change { added, windows, ..change }, path).map(Some)
}

/// The rows of `batch` that belong to none of `pulls`.
fn without(batch: &RecordBatch, pulls: &[&WindowRecord]) -> Result<RecordBatch> {
    let buckets = instants(batch, Column::BucketStart.name())?;
    let seen = instants(batch, Column::SeenAt.name())?;
    let of = |record: &&WindowRecord, bucket: i64, seen_at: i64| {
        record.pulled_at.timestamp_millis() == seen_at
            && record.window.start().timestamp_millis() <= bucket
            && bucket < record.window.end().timestamp_millis()
    };
    let stays = buckets
        .iter()
        .zip(seen.iter())
        .map(|(bucket, seen_at)| Some(!pulls.iter().any(|record| of(record, *bucket, *seen_at))));
    filter_record_batch(batch, &stays.collect())
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot pick rows").with_source(error))
}
