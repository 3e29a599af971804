//! A sink that writes down what it is given.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use highwater_core::{Column, ColumnType, Seconds, Sink, Table, Window, format_instant};

/// One row: the table, and its columns as text. `bucket` is the span it speaks about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Recorded {
    pub(crate) table: &'static str,
    pub(crate) cells: BTreeMap<&'static str, String>,
}

impl Recorded {
    pub(crate) fn cell(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// Everything that decoding put into the sink.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    staged: Option<Recorded>,
    pub(crate) rows: Vec<Recorded>,
    /// Reason, path, row.
    pub(crate) rejects: Vec<(String, String, String)>,
    pub(crate) unknown: BTreeMap<String, u64>,
    /// The spans that rows speak about.
    pub(crate) buckets: BTreeSet<Window>,
}

impl Recording {
    fn set(&mut self, column: Column, kind: ColumnType, value: String) {
        assert_eq!(column.kind(), kind, "{column}");
        let staged = self.staged.as_mut().expect("a row is staged");
        let table = Table::from_name(staged.table).expect("a table");
        assert!(table.def().position(column).is_some(), "{table} has no column {column}");
        let old = staged.cells.insert(column.name(), value);
        assert!(old.is_none(), "{column} is set twice");
    }

    /// The rows of one table.
    pub(crate) fn of(&self, table: Table) -> Vec<&Recorded> {
        self.rows.iter().filter(|row| row.table == table.name()).collect()
    }
}

impl Sink for Recording {
    fn begin(&mut self, table: Table, bucket: Window) {
        let cells = BTreeMap::from([("bucket", bucket.to_string())]);
        self.buckets.insert(bucket);
        self.staged = Some(Recorded { table: table.name(), cells });
    }
    fn begin_another(&mut self, table: Table) {
        panic!("another row of {table} is begun");
    }
    fn text(&mut self, column: Column, value: &str) {
        self.set(column, ColumnType::Text, value.to_owned());
    }
    fn int(&mut self, column: Column, value: i64) {
        self.set(column, ColumnType::Int, value.to_string());
    }
    fn seconds(&mut self, column: Column, value: Seconds) {
        let text = value.to_string();
        let whole = text.strip_suffix(".000000").expect("whole seconds").to_owned();
        self.set(column, ColumnType::Seconds, whole);
    }
    fn instant(&mut self, column: Column, value: DateTime<Utc>) {
        self.set(column, ColumnType::Instant, format_instant(value));
    }
    fn flag(&mut self, column: Column, value: bool) {
        self.set(column, ColumnType::Flag, value.to_string());
    }
    fn commit_row(&mut self) {
        let row = self.staged.take().expect("a row is staged");
        let table = Table::from_name(row.table).expect("a table");
        for key in table.def().key.iter().filter(|key| **key != Column::BucketStart) {
            assert!(row.cells.contains_key(key.name()), "{table} row without {key}: {row:?}");
        }
        self.rows.push(row);
    }
    fn reject_row(&mut self, reason: &str, path: &str, row: &str) {
        self.staged = None;
        self.rejects.push((reason.to_owned(), path.to_owned(), row.to_owned()));
    }
    fn unknown_field(&mut self, path: &str) {
        *self.unknown.entry(path.to_owned()).or_default() += 1;
    }
}
