//! What the objects of a unit name: the pull of each window, and which tables have it.

use std::cmp::Reverse;

use highwater_core::{DatasetSpec, Result, Unit, WindowRecord, WindowSet};
use highwater_load::Warehouse;

/// The records of a unit's objects.
#[derive(Debug)]
pub(super) struct Named {
    /// By table, in the order of the dataset.
    tables: Vec<Vec<WindowRecord>>,
    /// Of each window the pull that was published last, in order of time.
    newest: Vec<WindowRecord>,
}

impl Named {
    /// Reads the footers of the unit's objects.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`.
    pub(super) async fn read(
        warehouse: &Warehouse,
        provider: &str,
        unit: &Unit,
        spec: &DatasetSpec,
    ) -> Result<Self> {
        let mut tables = Vec::new();
        for table in spec.tables() {
            tables.push(warehouse.unit_records(provider, unit, &[table]).await?);
        }
        Ok(Self { newest: newest(&tables), tables })
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &WindowRecord> {
        self.newest.iter()
    }

    /// Whether every table has the same pull of the window with the same content.
    pub(super) fn is_everywhere(&self, record: &WindowRecord) -> bool {
        let has = |known: &WindowRecord| {
            known.window == record.window
                && known.pull_digest == record.pull_digest
                && known.content_digest == record.content_digest
        };
        self.tables.iter().all(|records| records.iter().any(has))
    }
}

/// Where tables disagree, because a writer died between two of them, the pull that was published last counts.
fn newest(tables: &[Vec<WindowRecord>]) -> Vec<WindowRecord> {
    let mut all: Vec<&WindowRecord> = tables.iter().flatten().collect();
    all.sort_by_key(|record| Reverse((record.pulls, record.pulled_at, &record.pull_digest)));
    let (mut taken, mut newest) = (WindowSet::new(), Vec::new());
    for record in all {
        if !taken.overlaps(record.window) {
            taken.insert(record.window);
            newest.push(record.clone());
        }
    }
    newest.sort_by_key(|record| record.window);
    newest
}
