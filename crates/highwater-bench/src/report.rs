//! The results as Markdown, kept in the README between the marks of their workload.

use std::fmt::Write as _;
use std::path::Path;

use highwater_core::Clock;
use highwater_http::SystemClock;

use crate::Outcome;

/// A table of results.
#[derive(Clone, Debug)]
pub struct Grid {
    rows: Vec<Vec<String>>,
}

impl Grid {
    /// A table with these columns.
    #[must_use]
    pub fn new(columns: &[&str]) -> Self {
        Self { rows: vec![columns.iter().map(|&column| column.to_owned()).collect()] }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// The table, aligned.
    #[must_use]
    pub fn markdown(&self) -> String {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0).max(3)).collect();
        let mut text = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            for (cell, width) in row.iter().zip(&widths) {
                write!(text, "| {cell:<width$} ").expect("text grows");
            }
            text.push_str("|\n");
            if number == 0 {
                let rules = widths.iter().map(|width| format!("|{}", "-".repeat(width + 2)));
                text.push_str(&rules.collect::<String>());
                text.push_str("|\n");
            }
        }
        text
    }
}

/// A whole number with its thousands apart.
#[must_use]
pub fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

/// Bytes in the unit of a reader.
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

/// The line above a workload's results: when, where and how they came about.
///
/// # Errors
/// When the machine does not tell of itself.
pub fn circumstances(workload: &str, commit: &str) -> Outcome<String> {
    let date = SystemClock.now().date_naive();
    let cores = std::thread::available_parallelism()?;
    let read = |path: &str, key: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_once(':').map_or("unknown", |(_, value)| value.trim()).to_owned()
    };
    let memory = read("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse::<u64>().unwrap_or_default();
    let model = read("/proc/cpuinfo", "model name");
    let at = if commit.is_empty() { String::new() } else { format!(" at {commit}") };
    Ok(format!(
        "`cargo xtask bench {workload}`, {date}{at}: {cores} cores ({model}), {:.0} GB of memory.",
        memory as f64 / 1e6
    ))
}

/// Puts `text` between the marks of `workload` in the file at `path`.
///
/// # Errors
/// When the file cannot be read or written, or has no such marks.
pub fn keep(path: &Path, workload: &str, text: &str) -> Outcome {
    let whole = std::fs::read_to_string(path)?;
    let (open, close) = (format!("<!-- {workload} -->\n"), format!("<!-- /{workload} -->"));
    let (before, rest) = whole.split_once(&open).ok_or_else(|| format!("no mark `{open}` in the README"))?;
    let (_, after) = rest.split_once(&close).ok_or_else(|| format!("no mark `{close}` in the README"))?;
    Ok(std::fs::write(path, format!("{before}{open}{text}{close}{after}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_replaces_its_own_results_and_no_others() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a\n<!-- x -->\nold\n<!-- /x -->\n<!-- y -->\nkept\n<!-- /y -->\n")
            .unwrap();
        keep(file.path(), "x", "new\n").unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert_eq!(text, "a\n<!-- x -->\nnew\n<!-- /x -->\n<!-- y -->\nkept\n<!-- /y -->\n");
        assert!(keep(file.path(), "z", "").is_err());
    }

    #[test]
    fn cells_stand_below_their_columns() {
        let mut grid = Grid::new(&["a", "long"]);
        grid.row(["value".to_owned(), thousands(1_234_567.4)]);
        assert_eq!(grid.markdown(), "| a     | long      |\n|-------|-----------|\n| value | 1,234,567 |\n");
    }
}
