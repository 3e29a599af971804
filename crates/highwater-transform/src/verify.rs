//! What must hold of every row before it may be published.

use chrono::{DateTime, NaiveDate, NaiveTime};
use highwater_core::{Column, DatasetSpec, Error, ErrorKind, Result, Window, format_instant};

use crate::column_store::ColumnStore;
use crate::fixed_column::FixedColumn;
use crate::table_rows::TableRows;

/// Checks that every key is complete, no measure is negative and every instant has a year of four digits; where a
/// `span` is given, that every bucket is one of the dataset's grain inside it.
///
/// # Errors
/// `Internal` for what a decoder must never let through, `Drift` for what only the provider can have said. Both name
/// dataset, table, column and key.
pub(crate) fn verify(rows: &TableRows, spec: &DatasetSpec, span: Option<Window>) -> Result<()> {
    let breach = |kind: ErrorKind, what: &str, column: Column, row: usize| {
        let (dataset, table, key) = (&spec.name, rows.table(), rows.key_text(row));
        Error::new(kind, format!("{what}: dataset=`{dataset}` column=`{table}.{column}` {key}"))
    };
    for column in rows.table().def().key {
        let missing = rows.column(*column).and_then(|values| values.first_null(rows.len()));
        if let Some(row) = missing {
            return Err(breach(ErrorKind::Internal, "a row lacks a part of its key", *column, row));
        }
    }
    for (column, values) in rows.columns() {
        let outside = match values {
            ColumnStore::Int(values) => values.first_outside(|value| value >= 0),
            ColumnStore::Seconds(values) => values.first_outside(|value| value >= 0),
            ColumnStore::Instant(values) => {
                let (first, last) = representable();
                let outside = values.first_outside(|value| (first..=last).contains(&value));
                if let Some(row) = outside {
                    return Err(breach(ErrorKind::Drift, "an instant lies beyond all dates", column, row));
                }
                None
            }
            _ => None,
        };
        if let Some(row) = outside {
            return Err(breach(ErrorKind::Internal, "a measure is negative", column, row));
        }
    }
    let Some(span) = span else { return Ok(()) };
    match (rows.column(Column::BucketStart), rows.column(Column::BucketEnd)) {
        (Some(ColumnStore::Instant(starts)), Some(ColumnStore::Instant(ends))) => {
            let Some((row, what)) = first_wrong_bucket(starts, ends, rows.len(), spec, span) else {
                return Ok(());
            };
            Err(breach(ErrorKind::Drift, &what, Column::BucketStart, row))
        }
        _ => Ok(()),
    }
}

/// The first and last millisecond whose year has four digits.
fn representable() -> (i64, i64) {
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    let first = NaiveDate::from_ymd_opt(1, 1, 1).map_or(i64::MIN, midnight);
    let after = NaiveDate::from_ymd_opt(10_000, 1, 1).map_or(i64::MAX, midnight);
    (first, after - 1)
}

fn first_wrong_bucket(
    starts: &FixedColumn<i64>,
    ends: &FixedColumn<i64>,
    rows: usize,
    spec: &DatasetSpec,
    span: Window,
) -> Option<(usize, String)> {
    let mut last_good = None;
    (0..rows).find_map(|row| {
        let bucket = starts.get(row).zip(ends.get(row));
        if bucket.is_some() && bucket == last_good {
            return None;
        }
        let instants = bucket.and_then(|(start, end)| {
            let instants = (DateTime::from_timestamp_millis(start)?, DateTime::from_timestamp_millis(end)?);
            Window::new(instants.0, instants.1).ok()
        });
        let Some(bucket_window) = instants else { return Some((row, "a bucket is empty".to_owned())) };
        if spec.grain.bucket(bucket_window.start()) != bucket_window {
            let end = format_instant(bucket_window.end());
            return Some((row, format!("a bucket is not one {}: bucket_end=`{end}`", spec.grain)));
        }
        if !span.covers(bucket_window) {
            return Some((
                row,
                format!("a bucket lies outside the window that was asked for: window=`{span}`"),
            ));
        }
        last_good = bucket;
        None
    })
}
