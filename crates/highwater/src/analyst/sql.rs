//! SQL text: names, literals, and what the two dialects say differently.

use highwater_core::{Column, ColumnType};

/// The SQL of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    DuckDb,
    /// Athena's queries: those of Trino.
    Athena,
}

impl Dialect {
    /// `usage_date` as a date. Athena keeps it as text, because only comparisons of the bare text prune partitions there.
    pub(super) fn usage_day(self) -> &'static str {
        match self {
            Self::DuckDb => "usage_date",
            Self::Athena => "CAST(usage_date AS date)",
        }
    }

    /// The sum of `expression` in a type that the sum of a year fits: DuckDB would widen a count to 128 bits.
    pub(super) fn sum(self, expression: &str, kind: ColumnType) -> String {
        let wide = match kind {
            ColumnType::Seconds | ColumnType::Value => "DECIMAL(38,6)",
            _ => "BIGINT",
        };
        format!("CAST(sum({expression}) AS {wide})")
    }
}

/// `text` as a literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The name of a column, in quotes where a dialect gives the word a meaning of its own.
pub(super) fn name(column: Column) -> String {
    const TAKEN: [Column; 4] = [Column::Rows, Column::New, Column::Old, Column::Type];
    if TAKEN.contains(&column) { format!("\"{column}\"") } else { column.to_string() }
}

/// `items`, one a line, indented by `spaces`.
pub(super) fn list(items: impl IntoIterator<Item = String>, spaces: usize) -> String {
    let indent = " ".repeat(spaces);
    let items: Vec<String> = items.into_iter().map(|item| format!("{indent}{item}")).collect();
    items.join(",\n")
}

/// `text` as lines of comment.
pub(super) fn comment(text: &str) -> String {
    text.lines().map(|line| format!("-- {line}").trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_does_not_end_a_literal() {
        assert_eq!(literal("o'clock"), "'o''clock'");
    }
}
