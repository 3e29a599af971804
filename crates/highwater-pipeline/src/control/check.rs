//! One comparison of ours with theirs.

use std::fmt;

use highwater_core::{DatasetName, Figure, Relation, SourceName, Window};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::Verdict;

/// One comparison of what our rows add up to with what the provider says of the whole. Its JSON form is that of an entry
/// of `audit --format json`; values are decimal text, exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The source.
    pub source: SourceName,
    /// The dataset.
    pub dataset: DatasetName,
    /// The span that both sides speak about.
    pub window: Window,
    /// What is compared: `table.measure` for a sum of the provider, else a name of our own.
    pub measure: String,
    /// What our rows add up to, in millionths of the measure's unit.
    pub ours: i128,
    /// What the provider says, in millionths.
    pub theirs: i128,
    /// The difference still taken as a match, in millionths.
    pub tolerance: i128,
    /// How the two relate.
    pub relation: Relation,
}

impl Check {
    /// The comparison of `ours` with a figure of the provider.
    pub(crate) fn of_figure(
        source: &SourceName,
        dataset: &DatasetName,
        window: Window,
        figure: &Figure,
        ours: i128,
    ) -> Self {
        Self {
            source: source.clone(),
            dataset: dataset.clone(),
            window,
            measure: format!("{}.{}", figure.table, figure.measure),
            ours,
            theirs: figure.micros,
            tolerance: figure.tolerance_micros,
            relation: figure.relation,
        }
    }

    /// Ours minus theirs, in millionths.
    #[must_use]
    pub fn difference(&self) -> i128 {
        self.ours - self.theirs
    }

    /// What it comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let difference = self.difference();
        match self.relation {
            _ if difference.abs() <= self.tolerance => Verdict::Match,
            Relation::Part if difference < 0 => Verdict::NotItemised,
            Relation::Part | Relation::Equal => Verdict::Mismatch,
        }
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut json = serializer.serialize_struct("Check", 9)?;
        json.serialize_field("source", &self.source)?;
        json.serialize_field("dataset", &self.dataset)?;
        json.serialize_field("window", &self.window)?;
        json.serialize_field("measure", &self.measure)?;
        json.serialize_field("ours", &decimal(self.ours))?;
        json.serialize_field("theirs", &decimal(self.theirs))?;
        json.serialize_field("difference", &decimal(self.difference()))?;
        json.serialize_field("tolerance", &decimal(self.tolerance))?;
        json.serialize_field("verdict", &self.verdict())?;
        json.end()
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, dataset, window, measure, .. } = self;
        let (ours, theirs) = (decimal(self.ours), decimal(self.theirs));
        let verdict = self.verdict().as_str();
        write!(f, "{source}/{dataset} {window} {measure}: ours {ours}, theirs {theirs}: {verdict}")
    }
}

/// Millionths as an exact decimal number without trailing zeros: `1500000` is `1.5`.
#[must_use]
pub fn decimal(millionths: i128) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let (whole, rest) = (millionths.unsigned_abs() / 1_000_000, millionths.unsigned_abs() % 1_000_000);
    let text = format!("{whole}.{rest:06}");
    format!("{sign}{}", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use highwater_core::{Column, Table};

    use super::*;

    fn check(ours: i128, theirs: i128, relation: Relation) -> Check {
        let figure = Figure {
            table: Table::ResourceUsage,
            measure: Column::DeliveredSeconds,
            micros: theirs,
            tolerance_micros: 2,
            relation,
        };
        let day = Window::day("2026-09-01".parse().unwrap());
        Check::of_figure(
            &SourceName::new("main").unwrap(),
            &DatasetName::new("usage").unwrap(),
            day,
            &figure,
            ours,
        )
    }

    #[test]
    fn a_difference_within_the_tolerance_is_a_match_in_both_directions() {
        for ours in [98, 100, 102] {
            assert_eq!(check(ours, 100, Relation::Equal).verdict(), Verdict::Match);
            assert_eq!(check(ours, 100, Relation::Part).verdict(), Verdict::Match);
        }
        assert_eq!(check(97, 100, Relation::Equal).verdict(), Verdict::Mismatch);
        assert_eq!(check(103, 100, Relation::Equal).verdict(), Verdict::Mismatch);
    }

    #[test]
    fn a_part_may_be_less_than_the_whole_and_never_more() {
        assert_eq!(check(97, 100, Relation::Part).verdict(), Verdict::NotItemised);
        assert_eq!(check(103, 100, Relation::Part).verdict(), Verdict::Mismatch);
    }

    #[test]
    fn the_json_of_a_check_is_as_agreed() {
        let json = serde_json::to_value(check(1_500_000, 12_000_001, Relation::Equal)).unwrap();
        let expected = serde_json::json!({
            "source": "main",
            "dataset": "usage",
            "window": ["2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z"],
            "measure": "resource_usage.delivered_seconds",
            "ours": "1.5",
            "theirs": "12.000001",
            "difference": "-10.500001",
            "tolerance": "0.000002",
            "verdict": "mismatch",
        });
        assert_eq!(json, expected);
    }
}
