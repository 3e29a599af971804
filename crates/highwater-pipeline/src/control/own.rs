//! Comparisons that ask the provider nothing: what is published against what was recorded of it, and breakdowns against
//! the totals that the provider gave with them.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int64Type};
use chrono::NaiveDate;
use highwater_core::{Additivity, Column, DatasetSpec, Relation, Result, Table, Window};
use highwater_transform::{TableBatch, additive_totals};

use super::{Check, Totals};
use crate::ledger::Ledger;

const WHOLE: Table = Table::ResourceUsage;
const BREAKDOWN: Table = Table::ResourceUsageByRendition;
const ONE: i128 = 1_000_000;

/// What the published rows of one date say of themselves.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) checks: Vec<Check>,
    /// What they add up to.
    pub(crate) totals: Totals,
}

/// Looks at all rows on `date`, of which `recorded_rows` were published.
///
/// # Errors
/// `Storage`, `NewerFormat`.
pub(crate) async fn own_checks(ledger: &Ledger<'_>, date: NaiveDate, recorded_rows: u64) -> Result<Own> {
    let (provider, unit, day) = (ledger.dataset.provider, ledger.unit(date), Window::day(date));
    let spec = ledger.dataset.spec;
    let measures = compared_measures(spec);
    let mut sums: BTreeMap<Table, Vec<BySubject>> = BTreeMap::new();
    let (mut totals, mut rows) = (Totals::new(), 0);
    for table in spec.tables() {
        let batch = ledger.warehouse.read_windows(provider, &unit, table, &day.into()).await?;
        rows += batch.num_rows();
        if matches!(table, WHOLE | BREAKDOWN) {
            sums.insert(table, measures.iter().map(|measure| by_subject(&batch, *measure)).collect());
        }
        totals.extend(additive_totals(&[TableBatch { table, batch }]));
    }
    let check = |measure: String, ours: i128, theirs: i128, tolerance: i128| Check {
        source: ledger.dataset.source.clone(),
        dataset: spec.name.clone(),
        window: day,
        measure,
        ours,
        theirs,
        tolerance,
        relation: Relation::Equal,
    };
    let mut checks = vec![check("rows".to_owned(), rows as i128 * ONE, i128::from(recorded_rows) * ONE, 0)];
    if let (Some(wholes), Some(parts)) = (sums.get(&WHOLE), sums.get(&BREAKDOWN)) {
        for (measure, (whole, parts)) in measures.iter().zip(wholes.iter().zip(parts)) {
            let name = format!("{measure} by rendition");
            checks.extend(compare_breakdown(whole, parts).map(|found| {
                let name = match found.of {
                    None => name.clone(),
                    Some((kind, id)) => format!("{name} of {kind} {id}"),
                };
                check(name, found.parts, found.whole, found.tolerance)
            }));
        }
    }
    Ok(Own { checks, totals })
}

/// Measures that both the whole and the breakdown take from the provider.
fn compared_measures(spec: &DatasetSpec) -> Vec<Column> {
    let fed = |table: Table| {
        let feed = spec.feeds.iter().find(|feed| feed.table == table);
        feed.map_or(&[][..], |feed| feed.provider_fields).iter().map(|(column, _)| *column)
    };
    let additive = |column: &Column| column.def().additivity == Additivity::Sum;
    fed(BREAKDOWN).filter(additive).filter(|column| fed(WHOLE).any(|other| other == *column)).collect()
}

/// A sum in millionths, and how many values were added up.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    micros: i128,
    values: i128,
}

/// Sums by kind and id of the resource.
type BySubject = HashMap<(String, String), Sum>;

fn by_subject(batch: &RecordBatch, measure: Column) -> BySubject {
    let mut sums = BySubject::new();
    let text = |column: Column| batch.column_by_name(column.name())?.as_string_opt::<i32>();
    let (Some(kinds), Some(ids), Some(values)) =
        (text(Column::ResourceType), text(Column::ResourceId), batch.column_by_name(measure.name()))
    else {
        return sums;
    };
    let seconds = values.as_primitive_opt::<Decimal128Type>();
    let counts = values.as_primitive_opt::<Int64Type>();
    for row in (0..batch.num_rows()).filter(|row| values.is_valid(*row)) {
        let micros = match (seconds, counts) {
            (Some(seconds), _) => seconds.value(row),
            (_, Some(counts)) => i128::from(counts.value(row)) * ONE,
            _ => continue,
        };
        let sum = sums.entry((kinds.value(row).to_owned(), ids.value(row).to_owned())).or_default();
        sum.micros += micros;
        sum.values += 1;
    }
    sums
}

struct Compared<'a> {
    /// One resource, or all.
    of: Option<(&'a str, &'a str)>,
    parts: i128,
    whole: i128,
    tolerance: i128,
}

/// All resources together, and the one that differs most, if one does: differences of several may cancel out.
fn compare_breakdown<'a>(
    wholes: &'a BySubject,
    parts: &'a BySubject,
) -> impl Iterator<Item = Compared<'a>> + use<'a> {
    let sum = |sums: &BySubject| {
        sums.values().fold(Sum::default(), |all, one| Sum {
            micros: all.micros + one.micros,
            values: all.values + one.values,
        })
    };
    // Each value is rounded to a millionth.
    let compared = |of, part: Sum, whole: Sum| Compared {
        of,
        parts: part.micros,
        whole: whole.micros,
        tolerance: part.values + whole.values,
    };
    let subjects = wholes.keys().chain(parts.keys().filter(|subject| !wholes.contains_key(*subject)));
    let of = |sums: &BySubject, subject| sums.get(subject).copied().unwrap_or_default();
    let one = |subject: &'a (String, String)| {
        let names = Some((subject.0.as_str(), subject.1.as_str()));
        compared(names, of(parts, subject), of(wholes, subject))
    };
    let differs = |found: &Compared<'_>| (found.parts - found.whole).abs() > found.tolerance;
    let worst = subjects.map(one).filter(differs).max_by(|a, b| {
        let distance = |found: &Compared<'_>| (found.parts - found.whole).abs();
        distance(a).cmp(&distance(b)).then(b.of.cmp(&a.of))
    });
    std::iter::once(compared(None, sum(parts), sum(wholes))).chain(worst)
}
