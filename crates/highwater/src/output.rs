//! Results on standard output: tables for people, JSON and CSV for machines.

use std::io::{ErrorKind as IoErrorKind, Write};

use comfy_table::{ContentArrangement, Table as ComfyTable, presets};
use highwater_core::{Error, ErrorKind, Result};
use serde::Serialize;

use crate::args::Format;

/// A table for people and for CSV.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    pub(crate) fn new(headers: &[&str]) -> Self {
        Self { headers: headers.iter().map(|header| (*header).to_owned()).collect(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table as text for people, or as CSV.
    pub(crate) fn rendered(&self, format: Format) -> Result<String> {
        if format == Format::Csv { self.to_csv() } else { Ok(self.to_text()) }
    }

    /// The table as aligned text, with a line end.
    pub(crate) fn to_text(&self) -> String {
        let mut table = ComfyTable::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.headers.iter().map(|header| header.to_uppercase()));
        for row in &self.rows {
            table.add_row(row);
        }
        let text: Vec<String> =
            table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
        text.join("\n") + "\n"
    }

    fn to_csv(&self) -> Result<String> {
        let wrong =
            |source: csv::Error| Error::new(ErrorKind::Internal, "cannot write CSV").with_source(source);
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.headers).map_err(wrong)?;
        for row in &self.rows {
            writer.write_record(row).map_err(wrong)?;
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
/// As [`print`].
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|source| Error::new(ErrorKind::Internal, "cannot write JSON").with_source(source))?;
    print_text(&(text + "\n"))
}

/// Prints text. A reader that went away (`| head`) is no error.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_text(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// Prints bytes as they are.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != IoErrorKind::BrokenPipe => {
            Err(Error::new(ErrorKind::Internal, "cannot write to standard output").with_source(error))
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
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A span of seconds in words of two units at most: `1h 20m`.
pub(crate) fn span(seconds: u64) -> String {
    let rounded = if seconds >= 86_400 {
        seconds - seconds % 3_600
    } else if seconds >= 3_600 {
        seconds - seconds % 60
    } else {
        seconds
    };
    humantime::format_duration(std::time::Duration::from_secs(rounded)).to_string()
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
}
