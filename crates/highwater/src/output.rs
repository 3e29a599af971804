//! Results on standard output: tables for people, JSON and CSV for machines.

use std::io::{ErrorKind as IoErrorKind, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table as ComfyTable, presets};
use highwater_core::{Error, ErrorKind, Result};
use serde::Serialize;

use crate::args::Format;

/// A value as people read it in a table and as machines read it in CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    /// A number: grouped by thousands and to the right for people, bare for machines.
    Count(u64),
    /// A span of seconds: in words for people, a bare number for machines; nothing when there is none.
    Seconds(Option<u64>),
}

impl Cell {
    fn for_people(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(number) => thousands(*number),
            Self::Seconds(Some(0)) => "0".to_owned(),
            Self::Seconds(seconds) => seconds.map(span).unwrap_or_default(),
        }
    }

    fn for_machines(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(number) => number.to_string(),
            Self::Seconds(seconds) => seconds.map(|seconds| seconds.to_string()).unwrap_or_default(),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Count(number)
    }
}

/// A table for people and for CSV.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    headers: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Grid {
    pub(crate) fn new(headers: &[&str]) -> Self {
        Self { headers: headers.iter().map(|header| (*header).to_owned()).collect(), rows: Vec::new() }
    }

    pub(crate) fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table as text for people, or as CSV.
    pub(crate) fn rendered(&self, format: Format) -> Result<String> {
        if format == Format::Csv { self.to_csv() } else { Ok(self.to_text()) }
    }

    /// The table as aligned text, with a line end. Columns of numbers stand to the right.
    pub(crate) fn to_text(&self) -> String {
        let mut table = ComfyTable::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.headers.iter().map(|header| header.to_uppercase()));
        for row in &self.rows {
            table.add_row(row.iter().map(Cell::for_people));
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            if self.all_cells(index, |cell| matches!(cell, Cell::Count(_) | Cell::Seconds(_))) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let text: Vec<String> =
            table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
        text.join("\n") + "\n"
    }

    fn all_cells(&self, index: usize, fits: impl Fn(&Cell) -> bool) -> bool {
        !self.rows.is_empty() && self.rows.iter().filter_map(|row| row.get(index)).all(fits)
    }

    /// The table as CSV: names in one word, and with the unit where people read it off the value.
    fn to_csv(&self) -> Result<String> {
        let wrong =
            |source: csv::Error| Error::new(ErrorKind::Internal, "cannot write CSV").with_source(source);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let names = self.headers.iter().enumerate().map(|(index, header)| {
            let unit =
                if self.all_cells(index, |cell| matches!(cell, Cell::Seconds(_))) { "_seconds" } else { "" };
            header.replace(' ', "_") + unit
        });
        writer.write_record(names).map_err(wrong)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Cell::for_machines)).map_err(wrong)?;
        }
        let bytes = writer.into_inner().map_err(|error| {
            Error::new(ErrorKind::Internal, "cannot write CSV").with_source(error.to_string())
        })?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Prints `value` as JSON, or `grid` as a table or CSV.
///
/// # Errors
/// `Internal` when standard output cannot be written for another reason than a closed pipe.
pub(crate) fn print(format: Format, value: &impl Serialize, grid: impl FnOnce() -> Grid) -> Result<()> {
    match format {
        Format::Json => print_json(value),
        Format::Csv => print_text(&grid().to_csv()?),
        Format::Table => {
            let grid = grid();
            if grid.rows.is_empty() { Ok(()) } else { print_text(&grid.to_text()) }
        }
    }
}

/// Prints `value` as indented JSON.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|source| Error::new(ErrorKind::Internal, "cannot write JSON").with_source(source))?;
    print_text(&(text + "\n"))
}

/// Prints text. A reader that went away (`| head`) is no error.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_text(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// Prints bytes as they are.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != IoErrorKind::BrokenPipe => {
            Err(Error::new(ErrorKind::Internal, "cannot write to standard output")
                .with_hint("check what standard output is redirected to; the warehouse is not affected")
                .with_source(error))
        }
        _ => Ok(()),
    }
}

/// Says something to the person at the terminal, on standard error.
pub(crate) fn note(text: &str) {
    crate::progress::print_line(text);
}

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `2 rows`, `1,234 rows`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// A span of seconds in its two greatest units, rounded down: `45s`, `1h 20m`, `12d 5h`.
pub(crate) fn span(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let first = UNITS.iter().position(|(length, _)| seconds >= *length).unwrap_or(UNITS.len() - 1);
    let mut left = seconds;
    let mut words = Vec::with_capacity(2);
    for (length, unit) in UNITS.iter().skip(first).take(2) {
        if left >= *length || (seconds == 0 && *unit == "s") {
            words.push(format!("{}{unit}", thousands(left / length)));
        }
        left %= length;
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }

    #[test]
    fn one_of_a_thing_is_not_many() {
        assert_eq!(counted(0, "row"), "0 rows");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(1_234, "row"), "1,234 rows");
    }

    #[test]
    fn a_span_is_told_in_two_units_at_most() {
        let told = [0, 45, 60, 4_800, 86_400, 388_800, 63_900_000_000].map(span);
        assert_eq!(told, ["0s", "45s", "1m", "1h 20m", "1d", "4d 12h", "739,583d 8h"]);
    }

    #[test]
    fn people_read_words_and_machines_read_numbers() {
        let mut grid = Grid::new(&["source", "rows", "behind"]);
        grid.row([Cell::from("a".to_owned()), 1_234.into(), Cell::Seconds(Some(4_800))]);
        grid.row([Cell::from("long".to_owned()), 5.into(), Cell::Seconds(None)]);
        assert_eq!(
            grid.to_text(),
            "SOURCE   ROWS  BEHIND\n\
             a       1,234  1h 20m\n\
             long        5\n"
        );
        assert_eq!(grid.to_csv().unwrap(), "source,rows,behind_seconds\na,1234,4800\nlong,5,\n");
    }
}
