//! Reading rows back from an object, by the windows they belong to.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, new_null_array};
use arrow::buffer::ScalarBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Schema, SchemaRef, TimestampMillisecondType};
use arrow::error::ArrowError;
use highwater_core::{Column, Error, ErrorKind, Result, Table, WindowSet};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use crate::packed::run_value;
use crate::published::Published;

/// Rows decoded at once.
const DECODED_ROWS: usize = 4_096;

/// The column that says which window a row of `table` belongs to.
pub(crate) fn time_column(table: Table) -> &'static str {
    let column = if table.def().position(Column::BucketStart).is_some() {
        Column::BucketStart
    } else {
        Column::WindowStart
    };
    column.name()
}

/// Spans of time in the unit of the columns: sorted, disjoint, half-open milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Spans(Vec<(i64, i64)>);

impl Spans {
    pub(crate) fn of(windows: &WindowSet) -> Self {
        let bounds = |window: highwater_core::Window| {
            (window.start().timestamp_millis(), window.end().timestamp_millis())
        };
        Self(windows.iter().map(bounds).collect())
    }

    pub(crate) fn contain(&self, instant: i64) -> bool {
        self.candidate(instant).is_some_and(|(start, end)| start <= instant && instant < end)
    }

    /// Whether all of `[first, last]` lies in one span.
    pub(crate) fn cover(&self, first: i64, last: i64) -> bool {
        self.candidate(first).is_some_and(|(start, end)| start <= first && last < end)
    }

    /// Whether any of `[first, last]` lies in a span.
    pub(crate) fn touch(&self, first: i64, last: i64) -> bool {
        self.candidate(first).is_some_and(|(start, _)| start <= last)
    }

    /// The first span that ends after `instant`.
    fn candidate(&self, instant: i64) -> Option<(i64, i64)> {
        self.0.get(self.0.partition_point(|(_, end)| *end <= instant)).copied()
    }
}

/// The first and last instant of a row group's rows, by its statistics.
pub(crate) fn bounds(group: &RowGroupMetaData, time_column: &str) -> Option<(i64, i64)> {
    let columns = group.schema_descr().columns();
    let position = columns.iter().position(|column| column.name() == time_column)?;
    match group.column(position).statistics()? {
        Statistics::Int64(values) => Some((*values.min_opt()?, *values.max_opt()?)),
        _ => None,
    }
}

/// The rows of one row group whose instant `keep` accepts, in the columns of the object, some at a time.
pub(crate) fn rows<K: Fn(i64) -> bool>(
    object: &Published,
    group: usize,
    keep: K,
) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<K>> {
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(&object.footer), ArrowReaderOptions::new())
        .map_err(unreadable)?;
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(object.bytes.clone(), metadata)
        .with_row_groups(vec![group])
        .with_batch_size(DECODED_ROWS)
        .build()
        .map_err(unreadable)?;
    let time_column = time_column(object.record.table);
    Ok(reader.map(move |batch| {
        let batch = batch.map_err(undecodable)?;
        let instants = instants(&batch, time_column)?;
        let wanted: BooleanArray = instants.iter().map(|instant| Some(keep(*instant))).collect();
        if wanted.true_count() == batch.num_rows() {
            return Ok(batch);
        }
        filter_record_batch(&batch, &wanted).map_err(undecodable)
    }))
}

/// The instants that say which window rows belong to: that of each row, or one for all.
pub(crate) fn instants(batch: &RecordBatch, time_column: &str) -> Result<ScalarBuffer<i64>> {
    let column = batch.column_by_name(time_column);
    let column = column.map(|column| run_value(column).unwrap_or_else(|| Arc::clone(column)));
    let instants = column.as_ref().and_then(|column| column.as_primitive_opt::<TimestampMillisecondType>());
    match instants {
        Some(instants) if instants.null_count() == 0 => Ok(instants.values().clone()),
        _ => Err(Error::new(
            ErrorKind::Internal,
            format!("rows without an instant in milliseconds column=`{time_column}`"),
        )),
    }
}

/// The Arrow schema of an object.
pub(crate) fn object_schema(footer: &Arc<ParquetMetaData>) -> Result<SchemaRef> {
    let metadata =
        ArrowReaderMetadata::try_new(Arc::clone(footer), ArrowReaderOptions::new()).map_err(unreadable)?;
    Ok(Arc::clone(metadata.schema()))
}

/// Checks that columns of `old` are the first ones of `new`: columns are only ever appended.
pub(crate) fn check_evolution(old: &Schema, new: &Schema, place: &str) -> Result<()> {
    let same = |(old, new): (&arrow::datatypes::FieldRef, &arrow::datatypes::FieldRef)| {
        old.name() == new.name() && old.data_type() == new.data_type()
    };
    if !old.fields().iter().zip(new.fields()).all(same) {
        let message = format!("an object has other columns than its table key=`{place}`");
        return Err(Error::new(ErrorKind::Storage, message).with_hint(
            "nothing but highwater may write below `data/`: move the file elsewhere, then run again",
        ));
    }
    if old.fields().len() > new.fields().len() {
        let message = format!("a newer highwater wrote this: it has more columns than known key=`{place}`");
        return Err(Error::new(ErrorKind::NewerFormat, message));
    }
    Ok(())
}

/// `batch` with the columns of `schema` that it lacks, as nulls.
pub(crate) fn complete(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let mut columns = batch.columns().to_vec();
    for field in schema.fields().iter().skip(columns.len()) {
        columns.push(new_null_array(field.data_type(), batch.num_rows()));
    }
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(undecodable)
}

fn unreadable(error: ParquetError) -> Error {
    Error::new(ErrorKind::Storage, "cannot read the rows of an object").with_source(error)
}

fn undecodable(error: ArrowError) -> Error {
    Error::new(ErrorKind::Storage, "cannot read the rows of an object").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use highwater_core::Window;

    fn spans(pairs: &[(i64, i64)]) -> Spans {
        let at = |ms: i64| DateTime::UNIX_EPOCH + TimeDelta::milliseconds(ms);
        Spans::of(&pairs.iter().map(|(start, end)| Window::of(at(*start), at(*end))).collect())
    }

    #[test]
    fn spans_answer_for_instants_and_ranges() {
        let spans = spans(&[(10, 20), (30, 40)]);
        assert!(spans.contain(10) && spans.contain(39) && !spans.contain(20) && !spans.contain(40));
        assert!(spans.cover(10, 19) && !spans.cover(10, 20) && !spans.cover(15, 35));
        assert!(spans.touch(0, 10) && spans.touch(15, 35) && !spans.touch(20, 29) && !spans.touch(40, 50));
    }
}
