//! Two changes of the same values, one after the other, as one.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, RecordBatch, TimestampMillisecondArray};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::Decimal128Type;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, Rows, SortField};
use chrono::{DateTime, Utc};
use highwater_core::{Column, Error, ErrorKind, Result, Table};
use highwater_transform::schema;

/// Rows of restatements that lead from where `first` started to where `second` ends, all seen at `seen_at`. A value that
/// ends as it started is not among them.
pub(super) fn chained(
    first: &RecordBatch,
    second: &RecordBatch,
    seen_at: DateTime<Utc>,
) -> Result<RecordBatch> {
    if first.num_rows() == 0 {
        return Ok(second.clone());
    }
    let converter = converter(second).map_err(unusable)?;
    let (before, after) = (keys(&converter, first)?, keys(&converter, second)?);
    let mut started: HashMap<&[u8], usize> =
        before.iter().enumerate().map(|(row, key)| (key.data(), row)).collect();
    let (started_old, ended_new) = (values(first, Column::Old)?, values(second, Column::New)?);
    let (second_old, first_new) = (values(second, Column::Old)?, values(first, Column::New)?);
    let (mut taken, mut old) = (Vec::new(), Vec::new());
    for (row, key) in after.iter().enumerate() {
        let start = started.remove(key.data());
        let from = start.map_or_else(|| value(second_old, row), |start| value(started_old, start));
        if from != value(ended_new, row) {
            taken.push((1, row));
            old.push(from);
        }
    }
    let mut left: Vec<usize> = started.into_values().collect();
    left.sort_unstable();
    for row in left.into_iter().filter(|row| value(started_old, *row) != value(first_new, *row)) {
        taken.push((0, row));
        old.push(value(started_old, row));
    }
    if taken.is_empty() {
        return Ok(RecordBatch::new_empty(schema(Table::Restatements, None)));
    }
    let rows = interleave_record_batch(&[first, second], &taken).map_err(unusable)?;
    with_columns(&rows, old, seen_at)
}

fn with_columns(rows: &RecordBatch, old: Vec<Option<i128>>, seen_at: DateTime<Utc>) -> Result<RecordBatch> {
    let schema = schema(Table::Restatements, None);
    let column = |field: &Arc<arrow::datatypes::Field>| -> Option<Result<ArrayRef, ArrowError>> {
        if field.name() == Column::Old.name() {
            let values = Decimal128Array::from(old.clone());
            return Some(Ok(Arc::new(values.with_data_type(field.data_type().clone()))));
        }
        if field.name() == Column::SeenAt.name() {
            let instants = TimestampMillisecondArray::from_value(seen_at.timestamp_millis(), rows.num_rows());
            return Some(Ok(Arc::new(instants)));
        }
        rows.column_by_name(field.name()).map(|column| Ok(Arc::clone(column)))
    };
    let columns =
        schema.fields().iter().filter_map(column).collect::<Result<Vec<_>, _>>().map_err(unusable)?;
    RecordBatch::try_new(Arc::clone(&schema), columns).map_err(unusable)
}

/// What a value goes by: the table's key without the instant of the change.
fn key_columns() -> impl Iterator<Item = Column> {
    Table::Restatements.def().key.iter().copied().filter(|column| *column != Column::SeenAt)
}

fn converter(rows: &RecordBatch) -> Result<RowConverter, ArrowError> {
    let schema = rows.schema();
    let field = |column: Column| {
        schema.field_with_name(column.name()).map(|field| SortField::new(field.data_type().clone()))
    };
    RowConverter::new(key_columns().map(field).collect::<Result<_, _>>()?)
}

fn keys(converter: &RowConverter, rows: &RecordBatch) -> Result<Rows> {
    let column =
        |column: Column| rows.column_by_name(column.name()).map(Arc::clone).ok_or_else(|| lacking(column));
    let columns = key_columns().map(column).collect::<Result<Vec<_>>>()?;
    converter.convert_columns(&columns).map_err(unusable)
}

fn values(rows: &RecordBatch, column: Column) -> Result<&Decimal128Array> {
    let values =
        rows.column_by_name(column.name()).and_then(|values| values.as_primitive_opt::<Decimal128Type>());
    values.ok_or_else(|| lacking(column))
}

fn value(values: &Decimal128Array, row: usize) -> Option<i128> {
    values.is_valid(row).then(|| values.value(row))
}

fn lacking(column: Column) -> Error {
    Error::new(ErrorKind::Internal, format!("restatements lack a column column=`{column}`"))
}

fn unusable(error: ArrowError) -> Error {
    Error::new(ErrorKind::Internal, "cannot join restatements").with_source(error)
}

#[cfg(test)]
mod tests {
    use highwater_core::{DatasetName, SourceName};
    use highwater_transform::{Cell, RowsBuilder};

    use super::*;

    type Change = (&'static str, Option<i128>, Option<i128>);

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-09-02T00:{minute:02}:00Z").parse().unwrap()
    }

    fn rows(seen_at: DateTime<Utc>, changes: &[Change]) -> RecordBatch {
        let (source, dataset) = (SourceName::new("s").unwrap(), DatasetName::new("d").unwrap());
        let mut rows = RowsBuilder::new(Table::Restatements, &source, &dataset);
        let cell = |value: Option<i128>| value.map_or(Cell::Null, Cell::Micros);
        for (id, old, new) in changes {
            rows.row(&[
                (Column::TableName, Cell::Text("resource_usage")),
                (Column::ResourceId, Cell::Text(id)),
                (Column::BucketStart, Cell::Instant(at(0))),
                (Column::BucketEnd, Cell::Instant(at(59))),
                (Column::Measure, Cell::Text("delivered_seconds")),
                (Column::SeenAt, Cell::Instant(seen_at)),
                (Column::Old, cell(*old)),
                (Column::New, cell(*new)),
                (Column::Cause, Cell::Text("revisit")),
            ]);
        }
        rows.finish().unwrap()
    }

    fn changes(rows: &RecordBatch) -> Vec<(String, Option<i128>, Option<i128>)> {
        let ids = rows["resource_id"].as_string::<i32>();
        let (old, new) = (values(rows, Column::Old).unwrap(), values(rows, Column::New).unwrap());
        let mut changes: Vec<_> = (0..rows.num_rows())
            .map(|row| (ids.value(row).to_owned(), value(old, row), value(new, row)))
            .collect();
        changes.sort();
        changes
    }

    #[test]
    fn a_value_goes_from_where_the_first_change_started_to_where_the_second_ends() {
        let first = rows(at(1), &[("a", Some(1), Some(2)), ("b", None, Some(5)), ("c", Some(3), None)]);
        let second = rows(at(2), &[("a", Some(2), Some(4)), ("d", Some(7), Some(8))]);
        let expected =
            [("a", Some(1), Some(4)), ("b", None, Some(5)), ("c", Some(3), None), ("d", Some(7), Some(8))];
        let both = chained(&first, &second, at(2)).unwrap();
        assert_eq!(changes(&both), expected.map(|(id, old, new)| (id.to_owned(), old, new)));
        let seen = both["seen_at"].as_primitive::<arrow::datatypes::TimestampMillisecondType>();
        assert!(seen.values().iter().all(|seen| *seen == at(2).timestamp_millis()));
    }

    #[test]
    fn a_value_that_comes_back_was_not_restated() {
        let first = rows(at(1), &[("a", Some(1), Some(2)), ("b", None, Some(5))]);
        let back = rows(at(2), &[("a", Some(2), Some(1)), ("b", Some(5), None)]);
        assert_eq!(chained(&first, &back, at(2)).unwrap().num_rows(), 0);
        assert_eq!(changes(&chained(&rows(at(1), &[]), &first, at(2)).unwrap()), changes(&first));
        assert_eq!(changes(&chained(&first, &rows(at(2), &[]), at(2)).unwrap()), changes(&first));
    }
}
