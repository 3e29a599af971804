//! What Highwater records of one dataset beside its data: coverage and control totals, one object a unit.

use chrono::NaiveDate;
use highwater_core::{Checkpoint, Result, Table, Unit, WindowRecord};
use highwater_load::Warehouse;
use highwater_transform::RowsBuilder;

use crate::dataset_state::DatasetState;

/// One dataset and the warehouse that its records stand in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ledger<'a> {
    /// The dataset's rules. Its checkpoint may be older than the one in the warehouse.
    pub(crate) dataset: DatasetState<'a>,
    /// The warehouse.
    pub(crate) warehouse: &'a Warehouse,
}

impl<'a> Ledger<'a> {
    pub(crate) fn unit(&self, date: NaiveDate) -> Unit {
        let (source, dataset) = (self.dataset.source.clone(), self.dataset.spec.name.clone());
        Unit { source, dataset, date }
    }

    /// The dataset as it is with `checkpoint`.
    pub(crate) fn at<'b>(&self, checkpoint: &'b Checkpoint) -> DatasetState<'b>
    where
        'a: 'b,
    {
        DatasetState { checkpoint, ..self.dataset }
    }

    /// The newest checkpoint.
    pub(crate) async fn checkpoint(&self) -> Result<Checkpoint> {
        self.warehouse.checkpoint(self.dataset.source, &self.dataset.spec.name).await
    }

    /// Changes the checkpoint. `change` must give the same when applied to its own result.
    pub(crate) async fn update(&self, change: impl Fn(&mut Checkpoint) + Send + Sync) -> Result<Checkpoint> {
        self.warehouse.update_checkpoint(self.dataset.source, &self.dataset.spec.name, change).await
    }

    /// What the objects of `date` record of its windows.
    pub(crate) async fn records(&self, date: NaiveDate) -> Result<Vec<WindowRecord>> {
        let tables: Vec<Table> = self.dataset.spec.tables().collect();
        self.warehouse.unit_records(self.dataset.provider, &self.unit(date), &tables).await
    }

    /// No rows of `table` yet.
    pub(crate) fn rows(&self, table: Table) -> RowsBuilder {
        RowsBuilder::new(table, self.dataset.source, &self.dataset.spec.name)
    }

    /// Puts `rows` in place of what `table` says of `date`.
    pub(crate) async fn put(&self, table: Table, date: NaiveDate, rows: RowsBuilder) -> Result<()> {
        let (provider, unit) = (self.dataset.provider, self.unit(date));
        self.warehouse.put_record_table(provider, &unit, rows.finish()?, table).await
    }
}
