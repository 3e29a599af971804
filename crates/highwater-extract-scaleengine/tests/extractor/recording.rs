//! A sink that remembers what it was given.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use highwater_core::{Column, ColumnType, Seconds, Sink, Table, Window};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Int(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) table: Table,
    pub(crate) bucket: Window,
    pub(crate) values: BTreeMap<Column, Value>,
}

impl Row {
    pub(crate) fn text(&self, column: Column) -> &str {
        match &self.values[&column] {
            Value::Text(text) => text,
            Value::Int(_) => panic!("{column} is a number"),
        }
    }

    pub(crate) fn int(&self, column: Column) -> i64 {
        match &self.values[&column] {
            Value::Int(number) => *number,
            Value::Text(_) => panic!("{column} is a text"),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    pub(crate) reason: String,
    pub(crate) path: String,
    pub(crate) row: String,
}

#[derive(Debug, Default)]
pub(crate) struct Recording {
    staged: Option<Row>,
    pub(crate) rows: Vec<Row>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) unknown_fields: BTreeMap<String, u64>,
}

impl Recording {
    pub(crate) fn of(&self, table: Table) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.table == table)
    }

    fn set(&mut self, column: Column, kind: ColumnType, value: Value) {
        let row = self.staged.as_mut().expect("a row is begun before it is filled");
        assert!(row.table.def().position(column).is_some(), "{} has no {column}", row.table);
        assert_eq!(column.kind(), kind, "{column}");
        assert!(row.values.insert(column, value).is_none(), "{column} is set twice");
    }
}

impl Sink for Recording {
    fn begin(&mut self, table: Table, bucket: Window) {
        assert!(self.staged.is_none(), "a staged row is dropped");
        self.staged = Some(Row { table, bucket, values: BTreeMap::new() });
    }

    fn begin_another(&mut self, table: Table) {
        assert!(self.staged.is_none(), "a staged row is dropped");
        let before = self.rows.last().expect("a row was committed");
        let of = |column: Column| (column, before.values[&column].clone());
        let values = BTreeMap::from([Column::ResourceType, Column::ResourceId].map(of));
        self.staged = Some(Row { table, bucket: before.bucket, values });
    }

    fn text(&mut self, column: Column, value: &str) {
        self.set(column, ColumnType::Text, Value::Text(value.to_owned()));
    }

    fn int(&mut self, column: Column, value: i64) {
        self.set(column, ColumnType::Int, Value::Int(value));
    }

    fn seconds(&mut self, column: Column, _value: Seconds) {
        panic!("the provider reports no seconds, yet {column} is set");
    }

    fn instant(&mut self, column: Column, _value: DateTime<Utc>) {
        panic!("the provider reports no instants, yet {column} is set");
    }

    fn flag(&mut self, column: Column, _value: bool) {
        panic!("the provider reports no flags, yet {column} is set");
    }

    fn commit_row(&mut self) {
        self.rows.extend(self.staged.take());
    }

    fn reject_row(&mut self, reason: &str, path: &str, row: &str) {
        let [reason, path, row] = [reason, path, row].map(str::to_owned);
        self.rejects.push(Reject { reason, path, row });
    }

    fn unknown_field(&mut self, path: &str) {
        *self.unknown_fields.entry(path.to_owned()).or_default() += 1;
    }
}
