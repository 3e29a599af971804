//! Arrow rows as people and machines read them.

use arrow::array::{Array as _, BooleanArray, Int64Array, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use highwater_core::{Column, Error, ErrorKind, Result};
use serde_json::{Map, Value};

use crate::output::Grid;

/// The rows as JSON objects: counts and flags as such, decimals and instants as text, nulls left out.
///
/// # Errors
/// `Internal` for a column that Arrow cannot print.
pub(crate) fn json_rows(batch: &RecordBatch) -> Result<Vec<Value>> {
    let mut rows = vec![Map::new(); batch.num_rows()];
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let formatter = formatter(column)?;
        let (ints, flags) =
            (column.as_any().downcast_ref::<Int64Array>(), column.as_any().downcast_ref::<BooleanArray>());
        for (index, row) in rows.iter_mut().enumerate().filter(|(index, _)| column.is_valid(*index)) {
            let value = match (ints, flags) {
                (Some(ints), _) => ints.value(index).into(),
                (_, Some(flags)) => flags.value(index).into(),
                _ => formatter.value(index).to_string().into(),
            };
            row.insert(field.name().clone(), value);
        }
    }
    Ok(rows.into_iter().map(Value::Object).collect())
}

/// The rows as a table; columns without any value are left out.
///
/// # Errors
/// As [`json_rows`].
pub(crate) fn grid(batch: &RecordBatch) -> Result<Grid> {
    let schema = batch.schema();
    let shown =
        (0..batch.num_columns()).filter(|column| batch.column(*column).null_count() < batch.num_rows());
    let shown: Vec<usize> = shown.collect();
    let names: Vec<&str> = shown.iter().map(|column| schema.field(*column).name().as_str()).collect();
    let formatters =
        shown.iter().map(|column| formatter(batch.column(*column))).collect::<Result<Vec<_>>>()?;
    let mut grid = Grid::new(&names);
    for row in 0..batch.num_rows() {
        grid.row(formatters.iter().map(|formatter| formatter.value(row).to_string()));
    }
    Ok(grid)
}

/// The rows without `columns`.
///
/// # Errors
/// `Internal` when Arrow cannot project.
pub(crate) fn without(rows: &RecordBatch, columns: &[Column]) -> Result<RecordBatch> {
    let is_out = |name: &String| columns.iter().any(|column| column.name() == name);
    let fields = rows.schema_ref().fields().iter().enumerate();
    let kept: Vec<usize> =
        fields.filter(|(_, field)| !is_out(field.name())).map(|(index, _)| index).collect();
    rows.project(&kept)
        .map_err(|source| Error::new(ErrorKind::Internal, "cannot pick columns").with_source(source))
}

fn formatter(column: &dyn arrow::array::Array) -> Result<ArrayFormatter<'_>> {
    const OPTIONS: FormatOptions<'static> = FormatOptions::new();
    ArrayFormatter::try_new(column, &OPTIONS)
        .map_err(|source| Error::new(ErrorKind::Internal, "cannot print a column").with_source(source))
}
