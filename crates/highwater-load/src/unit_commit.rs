//! What is committed at once: some windows of one unit, in all its tables.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use highwater_core::{Error, ErrorKind, Result, Table, Unit, Window, WindowRecord};

use crate::packed::fits;
use crate::reader::{Spans, instants, time_column};

/// Windows of one unit, to be published in every table of their dataset.
#[derive(Clone, Debug)]
pub struct UnitCommit {
    /// The provider of the unit's source.
    pub provider: String,
    /// The unit.
    pub unit: Unit,
    /// The tables in the order in which they are committed, each with its schema.
    pub tables: Vec<TableSchema>,
    /// The windows: disjoint, within the unit's date.
    pub windows: Vec<WindowCommit>,
    /// Whether the unit's last window is final with this commit: its objects are then written once as a whole.
    pub seal: bool,
}

/// A table and the schema of its rows.
#[derive(Clone, Debug)]
pub struct TableSchema {
    /// The table.
    pub table: Table,
    /// Its columns; those of older objects are the first of them.
    pub schema: SchemaRef,
}

/// One window and its rows.
#[derive(Clone, Debug)]
pub struct WindowCommit {
    /// What is recorded of it. `pulls` is raised where an object already names as many pulls of other content: it
    /// orders what is published.
    pub record: WindowRecord,
    /// One batch a table, in the order of the tables, packed or not: a column may be a run, texts keys of a dictionary,
    /// seconds 64-bit decimals. None at all: the rows stay as published and the record alone is
    /// renewed, which takes effect with the seal.
    pub batches: Vec<RecordBatch>,
}

/// What a commit did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Versions of objects that were put in place.
    pub objects_written: u64,
    /// Their size.
    pub bytes_written: u64,
    /// How often another writer was first.
    pub lost_races: u64,
    /// Windows of which another writer published a newer pull meanwhile: left as that one has them. They are not to be
    /// recorded in the checkpoint.
    pub superseded: Vec<Window>,
}

impl UnitCommit {
    /// Checks the caller's side of the contract.
    pub(crate) fn check(&self) -> Result<()> {
        let defect = |what: &str, window: Window| {
            let message = format!("{what} unit=`{}` window=`{window}`", self.unit);
            Err(Error::new(ErrorKind::Internal, message))
        };
        let day = Window::day(self.unit.date);
        let mut windows: Vec<Window> = self.windows.iter().map(|commit| commit.record.window).collect();
        windows.sort_unstable();
        for pair in windows.windows(2) {
            if pair[0].overlaps(pair[1]) {
                return defect("a commit of overlapping windows", pair[1]);
            }
        }
        for WindowCommit { record, batches } in &self.windows {
            if !day.covers(record.window) {
                return defect("a window outside its unit", record.window);
            }
            if !batches.is_empty() && batches.len() != self.tables.len() {
                return defect("a batch for each table is needed", record.window);
            }
            let spans = Spans::of(&record.window.into());
            for (table, batch) in self.tables.iter().zip(batches) {
                if !fits(batch, &table.schema) {
                    return defect("rows of another schema than their table's", record.window);
                }
                if !instants(batch, time_column(table.table))?.iter().all(|instant| spans.contain(*instant)) {
                    return defect("rows outside their window", record.window);
                }
            }
        }
        Ok(())
    }
}
