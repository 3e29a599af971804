//! What a pull has become: batches, counts, and what was set aside.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use highwater_core::{Result, Table, Window};

use crate::packing::plain;
use crate::schema::schema;

/// The rows of one pull, normalised. The same rows give the same value, in whatever order they came.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalised {
    /// The span that was pulled.
    pub window: Window,
    /// Every table that the dataset feeds, in the order of its spec, also those without rows. Packed: what is the same in
    /// every row is a run, texts are keys of a sorted dictionary, seconds are held in 64 bits.
    pub tables: Vec<TableBatch>,
    /// Bytes that the tables take in memory.
    pub bytes: u64,
    /// Rows over all tables.
    pub rows: u64,
    /// Rows over all tables that were equal to one that is kept. While a provider pages through a list, each means
    /// that another row may have been missed.
    pub collapsed: u64,
    /// Rows over all tables that were added into one that is kept, where the dataset says so.
    pub summed: u64,
    /// Rows of the provider that were set aside, sorted.
    pub rejects: Vec<Reject>,
    /// Fields that the provider sends and we do not know, with how often they were seen.
    pub unknown_fields: BTreeMap<String, u64>,
    /// The digest of the rows, as [`content_digest`](crate::content_digest) defines it.
    pub content_digest: String,
}

/// The rows of one table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableBatch {
    /// The table.
    pub table: Table,
    /// Its rows, in the table's columns, sorted by its key.
    pub batch: RecordBatch,
}

impl TableBatch {
    /// The same rows with every column in the type that the table's schema gives it.
    ///
    /// # Errors
    /// `Internal` when a column is of another kind, or holds more text than one array can.
    pub fn plain(&self) -> Result<Self> {
        let batch = plain(&self.batch, &schema(self.table, None))?;
        Ok(Self { table: self.table, batch })
    }
}

/// One row of the provider that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    /// The operation whose page held the row; empty when nobody said.
    pub operation: String,
    /// Where on the page: `data[3].delivered_seconds`.
    pub path: String,
    /// Why.
    pub reason: String,
    /// The row as JSON text.
    pub row: String,
}
