//! The sink: where a decoder puts rows, value by value, without seeing how they are stored.

use chrono::{DateTime, Utc};

use crate::column::Column;
use crate::seconds::Seconds;
use crate::table::Table;
use crate::window::Window;

/// Takes the rows of one window. One row is staged at a time: [`begin`](Sink::begin), setters in any order, then
/// [`commit_row`](Sink::commit_row). A column that is not set is null. `source`, `dataset`, `extracted_at` and `run_id`
/// are filled in by the sink.
///
/// Setting a column that the table lacks, or a column of another type, is a defect of the decoder: the window fails
/// with `Internal` when its rows are finished, never silently.
pub trait Sink {
    /// Starts a row of `table` that speaks about `bucket`. A row that was staged and not committed is dropped.
    fn begin(&mut self, table: Table, bucket: Window);

    /// Starts a row of `table` that speaks about the bucket and the resource (`resource_type`, `resource_id`) of the row
    /// committed just before. Where there is none, because the page has just begun or another row was begun or set aside
    /// since, or where it names no resource, that is a defect of the decoder as above.
    fn begin_another(&mut self, table: Table);

    /// Sets a text column.
    fn text(&mut self, column: Column, value: &str);

    /// Sets a column of counts or bytes.
    fn int(&mut self, column: Column, value: i64);

    /// Sets a column of seconds.
    fn seconds(&mut self, column: Column, value: Seconds);

    /// Sets a column that holds an instant, to the millisecond.
    fn instant(&mut self, column: Column, value: DateTime<Utc>);

    /// Sets a flag.
    fn flag(&mut self, column: Column, value: bool);

    /// Keeps the staged row.
    fn commit_row(&mut self);

    /// Sets one row of the provider aside: why, where in the page (`data[3].delivered_seconds`), and the row itself as
    /// JSON text. Nothing of it is committed.
    fn reject_row(&mut self, reason: &str, path: &str, row: &str);

    /// Counts a field that the provider sends and we do not know, by its path without indexes (`data[].new_field`).
    fn unknown_field(&mut self, path: &str);
}
