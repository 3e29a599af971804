//! A sink that keeps what it is given, as text, and minds the rules of a sink.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use highwater_core::{
    Column, ColumnType, DatasetSpec, Duplicates, Seconds, Sink, Table, Window, format_instant,
};

/// A committed row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordedRow {
    /// The table.
    pub table: Table,
    /// The span it speaks about.
    pub bucket: Window,
    /// The columns that were set, in the order of [`Column`], with their values as text.
    pub values: Vec<(Column, String)>,
}

impl RecordedRow {
    /// The value of `column`; `None` is null.
    #[must_use]
    pub fn value(&self, column: Column) -> Option<&str> {
        self.values.iter().find(|(set, _)| *set == column).map(|(_, value)| value.as_str())
    }
}

/// A row that the decoder set aside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordedReject {
    /// Why.
    pub reason: String,
    /// Where in the page.
    pub path: String,
    /// The row as JSON text.
    pub row: String,
}

/// Keeps rows, rejects and unknown fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingSink {
    /// The committed rows, in the order in which they came.
    pub rows: Vec<RecordedRow>,
    /// The rejected rows, in the order in which they came.
    pub rejects: Vec<RecordedReject>,
    /// How often each unknown field was seen.
    pub unknown_fields: BTreeMap<String, u64>,
    /// What the decoder did against the rules of [`Sink`]: columns that a table lacks or of another type, rows without
    /// their key, setters without a row.
    pub defects: BTreeSet<String>,
    staged: Option<Staged>,
    /// Whether nothing happened since a row was committed.
    committed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Staged {
    table: Table,
    bucket: Window,
    values: BTreeMap<Column, String>,
}

/// Key columns that a sink fills in by itself.
const FILLED: [Column; 4] = [Column::Source, Column::Dataset, Column::BucketStart, Column::BucketEnd];

impl RecordingSink {
    /// The rows in one order, those that are said to mean one row kept once: what two pulls of a window must agree in.
    #[must_use]
    pub fn settled(&self, spec: &DatasetSpec) -> Vec<RecordedRow> {
        let mut rows = self.rows.clone();
        rows.sort_unstable();
        rows.dedup_by(|row, kept| {
            let adds_up = spec.duplicates == Duplicates::Sum && row.table.def().measures().next().is_some();
            !adds_up && row == kept
        });
        rows
    }

    fn set(&mut self, column: Column, kind: ColumnType, value: String) {
        let Some(staged) = &mut self.staged else {
            self.defects.insert(format!("{} was set without a row", column.name()));
            return;
        };
        if staged.table.def().position(column).is_none() {
            self.defects.insert(format!("{} has no column {}", staged.table.name(), column.name()));
        } else if column.kind() != kind {
            self.defects.insert(format!("{} is {:?} and was set as {kind:?}", column.name(), column.kind()));
        }
        staged.values.insert(column, value);
    }
}

impl Sink for RecordingSink {
    fn begin(&mut self, table: Table, bucket: Window) {
        self.committed = false;
        self.staged = Some(Staged { table, bucket, values: BTreeMap::new() });
    }

    fn begin_another(&mut self, table: Table) {
        let of = |column| move |row: &RecordedRow| Some((column, row.value(column)?.to_owned()));
        let before = self.rows.last().filter(|_| std::mem::take(&mut self.committed));
        let values =
            before.and_then(|row| Some([of(Column::ResourceType)(row)?, of(Column::ResourceId)(row)?]));
        let (Some(before), Some(values)) = (before, values) else {
            self.defects
                .insert(format!("another row of {} was begun behind none about a resource", table.name()));
            return;
        };
        self.staged = Some(Staged { table, bucket: before.bucket, values: BTreeMap::from(values) });
    }

    fn text(&mut self, column: Column, value: &str) {
        self.set(column, ColumnType::Text, value.to_owned());
    }

    fn int(&mut self, column: Column, value: i64) {
        self.set(column, ColumnType::Int, value.to_string());
    }

    fn seconds(&mut self, column: Column, value: Seconds) {
        self.set(column, ColumnType::Seconds, value.to_string());
    }

    fn instant(&mut self, column: Column, value: DateTime<Utc>) {
        self.set(column, ColumnType::Instant, format_instant(value));
    }

    fn flag(&mut self, column: Column, value: bool) {
        self.set(column, ColumnType::Flag, value.to_string());
    }

    fn commit_row(&mut self) {
        let Some(Staged { table, bucket, values }) = self.staged.take() else {
            self.defects.insert("a row was committed that was not begun".to_owned());
            return;
        };
        for key in table.def().key.iter().filter(|key| !FILLED.contains(key) && !values.contains_key(key)) {
            self.defects.insert(format!("a row of {} has no {}", table.name(), key.name()));
        }
        self.committed = true;
        self.rows.push(RecordedRow { table, bucket, values: values.into_iter().collect() });
    }

    fn reject_row(&mut self, reason: &str, path: &str, row: &str) {
        (self.staged, self.committed) = (None, false);
        let (reason, path, row) = (reason.to_owned(), path.to_owned(), row.to_owned());
        self.rejects.push(RecordedReject { reason, path, row });
    }

    fn unknown_field(&mut self, path: &str) {
        *self.unknown_fields.entry(path.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour() -> Window {
        Window::of("2026-09-01T00:00:00Z".parse().unwrap(), "2026-09-01T01:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_row_is_kept_as_text_in_the_order_of_columns() {
        let mut sink = RecordingSink::default();
        sink.begin(Table::ResourceUsage, hour());
        sink.int(Column::Requests, 3);
        sink.text(Column::ResourceId, "a");
        sink.text(Column::ResourceType, "asset");
        sink.commit_row();
        let row = &sink.rows[0];
        assert_eq!((row.value(Column::Requests), row.value(Column::DeliveredBytes)), (Some("3"), None));
        assert_eq!(row.values[0].0, Column::ResourceType);
        assert!(sink.defects.is_empty(), "{:?}", sink.defects);
    }

    #[test]
    fn what_breaks_the_rules_is_named() {
        let mut sink = RecordingSink::default();
        sink.int(Column::Requests, 3);
        sink.commit_row();
        sink.begin_another(Table::Resources);
        sink.begin(Table::ResourceUsage, hour());
        sink.text(Column::Requests, "3");
        sink.text(Column::Rendition, "720p");
        sink.text(Column::ResourceType, "asset");
        sink.commit_row();
        let defects: Vec<&str> = sink.defects.iter().map(String::as_str).collect();
        assert_eq!(
            defects,
            [
                "a row of resource_usage has no resource_id",
                "a row was committed that was not begun",
                "another row of resources was begun behind none about a resource",
                "requests is Int and was set as Text",
                "requests was set without a row",
                "resource_usage has no column rendition",
            ]
        );
    }

    #[test]
    fn a_rejected_row_is_not_kept() {
        let mut sink = RecordingSink::default();
        sink.begin(Table::ResourceUsage, hour());
        sink.reject_row("negative", "data[0].n", "{}");
        assert!(sink.rows.is_empty());
        sink.commit_row();
        assert!(sink.rows.is_empty() && sink.rejects.len() == 1);
    }
}
