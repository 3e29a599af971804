//! The table `control_totals`: comparisons kept beside the unit that their span starts on.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, TimestampMillisecondType};
use chrono::{DateTime, NaiveDate, Utc};
use highwater_core::{Column, Error, ErrorKind, Relation, Result, Table, Window};
use highwater_transform::Cell;

use super::{Check, Verdict};
use crate::ledger::Ledger;

/// A comparison as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredCheck {
    pub(crate) check: Check,
    pub(crate) checked_at: DateTime<Utc>,
}

/// The comparisons of spans that start on `date`.
///
/// # Errors
/// `Storage`, `NewerFormat`.
pub(crate) async fn stored(ledger: &Ledger<'_>, date: NaiveDate) -> Result<Vec<StoredCheck>> {
    let (provider, unit) = (ledger.dataset.provider, ledger.unit(date));
    let day = Window::day(date).into();
    let batch = ledger.warehouse.read_windows(provider, &unit, Table::ControlTotals, &day).await?;
    (0..batch.num_rows())
        .map(|row| {
            read(ledger, &batch, row).ok_or_else(|| {
                let message = format!("a control total cannot be read unit=`{unit}` row=`{row}`");
                Error::new(ErrorKind::Storage, message)
            })
        })
        .collect()
}

/// Keeps `checks`, all of spans that start on `date`, in place of earlier ones of the same spans.
///
/// # Errors
/// `Storage`, `NewerFormat`.
pub(crate) async fn store(
    ledger: &Ledger<'_>,
    date: NaiveDate,
    checks: &[Check],
    checked_at: DateTime<Utc>,
) -> Result<()> {
    let is_replaced = |window: Window| checks.iter().any(|check| check.window == window);
    let mut kept = stored(ledger, date).await?;
    kept.retain(|known| !is_replaced(known.check.window));
    kept.extend(checks.iter().cloned().map(|check| StoredCheck { check, checked_at }));
    let mut rows = ledger.rows(Table::ControlTotals);
    for StoredCheck { check, checked_at } in &kept {
        rows.row(&[
            (Column::WindowStart, Cell::Instant(check.window.start())),
            (Column::WindowEnd, Cell::Instant(check.window.end())),
            (Column::Measure, Cell::Text(&check.measure)),
            (Column::Ours, Cell::Micros(check.ours)),
            (Column::Theirs, Cell::Micros(check.theirs)),
            (Column::Difference, Cell::Micros(check.difference())),
            (Column::Tolerance, Cell::Micros(check.tolerance)),
            (Column::Verdict, Cell::Text(check.verdict().as_str())),
            (Column::CheckedAt, Cell::Instant(*checked_at)),
        ]);
    }
    ledger.put(Table::ControlTotals, date, rows).await
}

fn read(ledger: &Ledger<'_>, batch: &RecordBatch, row: usize) -> Option<StoredCheck> {
    let cell = |column: Column| batch.column_by_name(column.name()).filter(|cells| cells.is_valid(row));
    let text = |column| cell(column)?.as_string_opt::<i32>().map(|texts| texts.value(row));
    let micros = |column| Some(cell(column)?.as_primitive_opt::<Decimal128Type>()?.value(row));
    let instant = |column| {
        let milliseconds = cell(column)?.as_primitive_opt::<TimestampMillisecondType>()?.value(row);
        DateTime::from_timestamp_millis(milliseconds)
    };
    let verdict = Verdict::parse(text(Column::Verdict)?)?;
    let check = Check {
        source: ledger.dataset.source.clone(),
        dataset: ledger.dataset.spec.name.clone(),
        window: Window::new(instant(Column::WindowStart)?, instant(Column::WindowEnd)?).ok()?,
        measure: text(Column::Measure)?.to_owned(),
        ours: micros(Column::Ours)?,
        theirs: micros(Column::Theirs)?,
        tolerance: micros(Column::Tolerance)?,
        // Only of a part can the provider itemise less than the whole.
        relation: if verdict == Verdict::NotItemised { Relation::Part } else { Relation::Equal },
    };
    Some(StoredCheck { check, checked_at: instant(Column::CheckedAt)? })
}
