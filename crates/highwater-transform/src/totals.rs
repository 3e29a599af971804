//! Totals of additive measures, and the guard that holds a pull which would shrink them.

use std::collections::BTreeMap;
use std::fmt;

use highwater_core::{Additivity, Column, Table};

use crate::measure_values::MeasureValues;
use crate::normalised::TableBatch;

/// The sum of every additive measure of every fact table, in millionths of the measure's unit. A measure without any
/// value is absent: nobody reported it, which is not zero.
#[must_use]
pub fn additive_totals(batches: &[TableBatch]) -> BTreeMap<(Table, Column), i128> {
    let mut totals = BTreeMap::new();
    for TableBatch { table, batch } in batches {
        for measure in table.def().measures().filter(|measure| measure.def().additivity == Additivity::Sum) {
            if let Some(sum) = MeasureValues::of(batch, measure).and_then(MeasureValues::sum) {
                *totals.entry((*table, measure)).or_insert(0) += sum;
            }
        }
    }
    totals
}

/// What a later pull would take away. `Display` is one line for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shrink {
    /// It returned nothing where there was something.
    Empty {
        /// Rows that are published, over all tables.
        rows: u64,
    },
    /// It lost more of an additive measure than is tolerated.
    Measure {
        /// The table.
        table: Table,
        /// The measure.
        measure: Column,
        /// Its published sum, in millionths of its unit.
        old: i128,
        /// Its new sum, in millionths of its unit.
        new: i128,
    },
}

impl fmt::Display for Shrink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { rows } => write!(f, "the provider now returns nothing, published are {rows} rows"),
            Self::Measure { table, measure, old, new } => {
                let unit = measure.def().unit.unwrap_or_default();
                write!(f, "{table}.{measure} would fall from {} to {} {unit}", Decimal(*old), Decimal(*new))
            }
        }
    }
}

/// Millionths as a decimal number without trailing zeros.
struct Decimal(i128);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        let text = format!("{whole}.{rest:06}");
        write!(f, "{sign}{}", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// What `new` would take away from `old`, both of the same window: all rows, or else the additive measure that lost the
/// greatest share, if more than `tolerance` (a share, `0.10` for a tenth). `None` when nothing shrinks beyond it.
#[must_use]
pub fn shrinks(old: &[TableBatch], new: &[TableBatch], tolerance: f64) -> Option<Shrink> {
    let rows =
        |batches: &[TableBatch]| batches.iter().map(|table| table.batch.num_rows() as u64).sum::<u64>();
    if rows(old) > 0 && rows(new) == 0 {
        return Some(Shrink::Empty { rows: rows(old) });
    }
    let now = additive_totals(new);
    let losses = additive_totals(old).into_iter().filter_map(|((table, measure), old)| {
        let new = now.get(&(table, measure)).copied().unwrap_or(0);
        let share = (old - new) as f64 / old as f64;
        (old > new && share > tolerance).then_some((share, Shrink::Measure { table, measure, old, new }))
    });
    losses.max_by(|(left, _), (right, _)| left.total_cmp(right)).map(|(_, shrink)| shrink)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Row, normalised, usage};

    fn tables(rows: &[Row]) -> Vec<TableBatch> {
        normalised(rows).unwrap().tables
    }

    #[test]
    fn totals_are_exact_and_leave_out_what_is_distinct_or_never_reported() {
        let totals = additive_totals(&tables(&[usage("a", 1_500_000).bytes(3).viewers(9), usage("b", 1)]));
        let expected = [
            ((Table::ResourceUsage, Column::DeliveredSeconds), 1_500_001),
            ((Table::ResourceUsage, Column::DeliveredBytes), 3_000_000),
        ];
        assert_eq!(totals, BTreeMap::from(expected));
    }

    #[test]
    fn a_loss_within_the_tolerance_passes_and_one_beyond_it_is_named() {
        let old = tables(&[usage("a", 100), usage("b", 100).bytes(50)]);
        assert_eq!(shrinks(&old, &tables(&[usage("a", 180).bytes(45)]), 0.10), None);
        assert_eq!(shrinks(&old, &tables(&[usage("a", 500).bytes(50)]), 0.0), None);
        let shrink = shrinks(&old, &tables(&[usage("a", 179)]), 0.10);
        let (table, measure) = (Table::ResourceUsage, Column::DeliveredBytes);
        assert_eq!(shrink, Some(Shrink::Measure { table, measure, old: 50_000_000, new: 0 }));
        assert_eq!(
            shrink.unwrap().to_string(),
            "resource_usage.delivered_bytes would fall from 50 to 0 byte"
        );
    }

    #[test]
    fn nothing_where_there_was_something_is_always_a_shrink() {
        let (nothing, zeros) = (tables(&[]), tables(&[usage("a", 0)]));
        assert_eq!(shrinks(&zeros, &nothing, 1.0), Some(Shrink::Empty { rows: 1 }));
        assert_eq!(shrinks(&nothing, &zeros, 0.0), None);
        assert_eq!(shrinks(&nothing, &nothing, 0.0), None);
        assert_eq!(shrinks(&zeros, &zeros, 0.0), None);
    }

    #[test]
    fn a_sum_prints_without_needless_digits() {
        let texts = [0, 1, -1_500_000, 12_000_000].map(|millionths| Decimal(millionths).to_string());
        assert_eq!(texts, ["0", "0.000001", "-1.5", "12"]);
    }
}
