//! A sink that remembers what it was given, as text.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use highwater_core::{Column, Seconds, Sink, Table, Window, format_instant};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) table: Table,
    pub(crate) bucket: Window,
    pub(crate) values: BTreeMap<Column, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    pub(crate) reason: String,
    pub(crate) path: String,
    pub(crate) row: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recording {
    pub(crate) rows: Vec<Row>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) unknown: Vec<String>,
    staged: Option<Row>,
}

impl Recording {
    /// The rows of `table`, one line each: `column=value` in the order of the columns, the resource type left out.
    pub(crate) fn lines(&self, table: Table) -> Vec<String> {
        let in_table = self.rows.iter().filter(|row| row.table == table);
        in_table
            .map(|row| {
                assert_eq!(row.values[&Column::ResourceType], "asset");
                let values = row.values.iter().filter(|(column, _)| **column != Column::ResourceType);
                values.map(|(column, value)| format!("{column}={value}")).collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    fn set(&mut self, column: Column, value: String) {
        let row = self.staged.as_mut().expect("a row was begun");
        assert!(row.table.def().position(column).is_some(), "{} has no {column}", row.table);
        assert!(row.values.insert(column, value).is_none(), "{column} is set twice");
    }
}

impl Sink for Recording {
    fn begin(&mut self, table: Table, bucket: Window) {
        self.staged = Some(Row { table, bucket, values: BTreeMap::new() });
    }

    fn begin_another(&mut self, table: Table) {
        let before = self.rows.last().expect("a row was committed");
        let of = |column: Column| (column, before.values[&column].clone());
        let values = BTreeMap::from([Column::ResourceType, Column::ResourceId].map(of));
        self.staged = Some(Row { table, bucket: before.bucket, values });
    }

    fn text(&mut self, column: Column, value: &str) {
        self.set(column, value.to_owned());
    }

    fn int(&mut self, column: Column, value: i64) {
        self.set(column, value.to_string());
    }

    fn seconds(&mut self, column: Column, value: Seconds) {
        self.set(column, value.to_string());
    }

    fn instant(&mut self, column: Column, value: DateTime<Utc>) {
        self.set(column, format_instant(value));
    }

    fn flag(&mut self, column: Column, value: bool) {
        self.set(column, value.to_string());
    }

    fn commit_row(&mut self) {
        self.rows.push(self.staged.take().expect("a row was begun"));
    }

    fn reject_row(&mut self, reason: &str, path: &str, row: &str) {
        self.staged = None;
        self.rejects.push(Reject { reason: reason.to_owned(), path: path.to_owned(), row: row.to_owned() });
    }

    fn unknown_field(&mut self, path: &str) {
        self.unknown.push(path.to_owned());
    }
}
