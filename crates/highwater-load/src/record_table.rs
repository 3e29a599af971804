//! Tables of records (`coverage`, `control_totals`): one object a unit, written as a whole.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use bytes::Bytes;
use highwater_core::{Column, Error, ErrorKind, Result, Table, Unit};
use object_store::PutPayload;
use object_store::path::Path;
use uuid::Uuid;

use crate::layout::ObjectKey;
use crate::merging::unsortable;
use crate::object::{ATTEMPTS, blocking, too_many_races};
use crate::packed::unpacked_batch;
use crate::published::Published;
use crate::reader::{check_evolution, object_schema, rows};
use crate::version::{Change, next_version};
use crate::warehouse::Warehouse;

impl Warehouse {
    /// Puts `batch` in place of the rows of `table` for `unit`. Nothing is written when they are the same but for when
    /// they were derived (`as_of`, `checked_at`). The last writer stays.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`.
    pub async fn put_record_table(
        &self,
        provider: &str,
        unit: &Unit,
        batch: RecordBatch,
        table: Table,
    ) -> Result<()> {
        let path = ObjectKey::new(table, provider, unit).path();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                self.shared.back_off(attempt).await;
            }
            let found = self.shared.read(&path).await?;
            let seen = found.as_ref().map(|found| found.version.clone());
            let change = Change {
                table,
                unit: unit.clone(),
                schema: batch.schema(),
                replaced: highwater_core::Window::day(unit.date).into(),
                added: vec![batch.clone()],
                windows: Vec::new(),
                sealed: false,
                commit_id: Uuid::new_v4().to_string(),
            };
            let (commit_id, place) = (change.commit_id.clone(), path.clone());
            let next = blocking(move || replacement(found.map(|found| found.bytes), &change, &place)).await?;
            let Some(next) = next else { return Ok(()) };
            if self.shared.put_commit(&path, next, seen, &commit_id).await? {
                return Ok(());
            }
        }
        Err(too_many_races(&path))
    }
}

fn replacement(previous: Option<Bytes>, change: &Change, path: &Path) -> Result<Option<PutPayload>> {
    let previous = previous.map(|bytes| Published::parse(bytes, path)).transpose()?;
    if let Some(previous) = &previous {
        let old_schema = object_schema(&previous.footer)?;
        check_evolution(&old_schema, &change.schema, path.as_ref())?;
        let mut known = Vec::new();
        for group in 0..previous.footer.num_row_groups() {
            for batch in rows(previous, group, |_| true)? {
                known.push(batch?);
            }
        }
        let wanted =
            change.sorted()?.map(|batch| unpacked_batch(&batch?, &change.schema).map_err(unsortable));
        let wanted = joined(&change.schema, &wanted.collect::<Result<Vec<_>>>()?)?;
        if same_but_for_when(&joined(&old_schema, &known)?, &wanted) {
            return Ok(None);
        }
    }
    next_version(previous.as_ref(), change, path).map(Some)
}

fn same_but_for_when(a: &RecordBatch, b: &RecordBatch) -> bool {
    let when = [Column::AsOf.name(), Column::CheckedAt.name()];
    let fields = b.schema_ref().fields();
    a.num_columns() == b.num_columns()
        && a.num_rows() == b.num_rows()
        && fields
            .iter()
            .zip(a.columns().iter().zip(b.columns()))
            .all(|(field, (a, b))| when.contains(&field.name().as_str()) || a == b)
}

fn joined(schema: &arrow::datatypes::SchemaRef, batches: &[RecordBatch]) -> Result<RecordBatch> {
    concat_batches(&Arc::clone(schema), batches)
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot join rows").with_source(error))
}
