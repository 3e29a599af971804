//! The views that both dialects share, all of them over `<table>_reported`: those of the tables, and what people ask
//! first.

use highwater_core::{Additivity, Column, ColumnType, Registry, Table};

use super::specs;
use super::sql::{Dialect, list, literal};
use super::table_views::of_table;

/// One view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) name: String,
    /// What it says and what one row is, for a comment.
    pub(super) about: String,
    pub(super) query: String,
}

/// The seconds of a day that coverage must account for before the day is called complete.
const DAY_SECONDS: u32 = 86_400;

/// All views, each after those it reads.
pub(super) fn views(dialect: Dialect, registry: &Registry) -> Vec<View> {
    let mut views: Vec<View> = Table::ALL.iter().map(|table| of_table(*table, dialect, registry)).collect();
    views.extend([
        usage_by_day(dialect),
        top_resources(dialect),
        coverage_by_day(dialect),
        usage_with_coverage(dialect, registry),
        month_totals(dialect),
    ]);
    views
}

/// The measures of `resource_usage` that add up: the viewers are not among them.
pub(super) fn additive() -> impl Iterator<Item = Column> {
    Table::ResourceUsage.def().measures().filter(|measure| measure.def().additivity == Additivity::Sum)
}

fn sums(dialect: Dialect) -> impl Iterator<Item = String> {
    additive().map(move |measure| format!("{} AS {measure}", dialect.sum(measure.name(), measure.kind())))
}

fn usage_by_day(dialect: Dialect) -> View {
    let columns = ["provider", "source", "usage_date", "resource_type"].map(str::to_owned);
    let query = format!(
        "SELECT\n{}\nFROM resource_usage_reported\nGROUP BY {}",
        list(
            columns
                .iter()
                .cloned()
                .chain(["count(DISTINCT resource_id) AS resources".to_owned()])
                .chain(sums(dialect)),
            2
        ),
        columns.join(", "),
    );
    View {
        name: "usage_by_day".to_owned(),
        about: "Usage of one UTC day, by kind of resource. Distinct viewers do not add up and are left out."
            .to_owned(),
        query,
    }
}

fn month(dialect: Dialect) -> String {
    format!("CAST(date_trunc('month', {}) AS DATE)", dialect.usage_day())
}

fn top_resources(dialect: Dialect) -> View {
    let group = "provider, source, resource_type, resource_id";
    let own = ["month", "provider", "source", "resource_type", "resource_id"];
    let within = own[..4].iter().map(|column| format!("used.{column}")).collect::<Vec<_>>().join(", ");
    let rank = |measure: Column| {
        format!(
            "CASE WHEN used.{measure} IS NOT NULL THEN rank() OVER (PARTITION BY {within} \
             ORDER BY used.{measure} DESC NULLS LAST) END AS rank_by_{measure}"
        )
    };
    let ranked =
        [Column::DeliveredSeconds, Column::DeliveredBytes, Column::EgressSeconds, Column::EgressBytes];
    let selected = own.iter().map(|column| format!("used.{column}"));
    let selected = selected.chain(["said.name".to_owned()]);
    let selected =
        selected.chain(additive().map(|measure| format!("used.{measure}"))).chain(ranked.map(rank));
    let query = format!(
        "SELECT\n{selected}\nFROM (\n  SELECT\n{used}\n  FROM resource_usage_reported\n  GROUP BY {month}, \
         {group}\n) AS used\n\
         LEFT JOIN resources AS said\n  ON said.provider = used.provider AND said.source = used.source\n  \
         AND said.resource_type = used.resource_type AND said.resource_id = used.resource_id",
        selected = list(selected, 2),
        used = list(
            [format!("{} AS month", month(dialect)), group.to_owned()].into_iter().chain(sums(dialect)),
            4
        ),
        month = month(dialect),
    );
    View {
        name: "top_resources".to_owned(),
        about: "Usage of one resource in one month, with its rank among those of its source and kind: WHERE month = \
         DATE '2026-09-01' AND rank_by_delivered_seconds <= 10.".to_owned(),
        query,
    }
}

fn coverage_by_day(dialect: Dialect) -> View {
    let whole = format!("sum(date_diff('second', window_start, window_end)) >= {DAY_SECONDS}");
    let key = "provider, source, dataset, usage_date";
    let selected = [
        key.to_owned(),
        format!("bool_and(state IN ('loaded', 'empty', 'final')) AND {whole} AS complete"),
        format!("bool_and(state = 'final') AND {whole} AS is_final"),
        "coalesce(bool_or(verdict IN ('mismatch', 'held')), false) AS has_mismatch".to_owned(),
        format!("{} AS \"rows\"", dialect.sum("\"rows\"", ColumnType::Int)),
        format!("{} AS rejected_rows", dialect.sum("rejected_rows", ColumnType::Int)),
        "max(as_of) AS as_of".to_owned(),
    ];
    View {
        name: "coverage_by_day".to_owned(),
        about: "One UTC day of one dataset: whether all of it is there, and whether all of it is final."
            .to_owned(),
        query: format!("SELECT\n{}\nFROM coverage_reported\nGROUP BY {key}", list(selected, 2)),
    }
}

fn usage_with_coverage(dialect: Dialect, registry: &Registry) -> View {
    let key = "provider, source, dataset, usage_date";
    let feeding: Vec<String> = specs::datasets(registry)
        .into_iter()
        .filter(|(_, spec)| spec.tables().any(|table| table == Table::ResourceUsage))
        .map(|(provider, spec)| literal(&format!("{}/{}", provider.name(), spec.name)))
        .collect();
    let feeding = if feeding.is_empty() { "''".to_owned() } else { feeding.join(", ") };
    let selected = [key.to_owned()].into_iter().chain(additive().map(|measure| measure.to_string())).chain([
        "coalesce(complete, false) AS complete".to_owned(),
        "coalesce(is_final, false) AS is_final".to_owned(),
        "coalesce(has_mismatch, false) AS has_mismatch".to_owned(),
    ]);
    let query = format!(
        "SELECT\n{selected}\nFROM (\n  SELECT {key}, complete, is_final, has_mismatch\n  FROM coverage_by_day\n  \
         WHERE concat(provider, '/', dataset) IN (\n    {feeding}\n  )\n) AS covered\nFULL JOIN (\n  SELECT\n{used}\n  \
         FROM resource_usage_reported\n  GROUP BY {key}\n) AS used\nUSING ({key})",
        selected = list(selected, 2),
        used = list([key.to_owned()].into_iter().chain(sums(dialect)), 4),
    );
    View {
        name: "usage_with_coverage".to_owned(),
        about: "Usage of one UTC day of one dataset beside its coverage. A day that is covered and has no usage, \
         and one that is missing, have rows too.".to_owned(),
        query,
    }
}

fn month_totals(dialect: Dialect) -> View {
    let day = dialect.usage_day();
    let key = "provider, source";
    let ends = "CAST(date_trunc('month', max_day) + INTERVAL '1' MONTH - INTERVAL '1' DAY AS DATE)";
    let inner = [format!("{} AS month", month(dialect)), format!("{key}, dataset")]
        .into_iter()
        .chain(sums(dialect))
        .chain([
            format!("min({day}) AS min_day"),
            format!("max({day}) AS max_day"),
            "bool_and(complete) AS complete".to_owned(),
            "bool_and(is_final) AS is_final".to_owned(),
        ]);
    let outer = [format!("month, {key}")].into_iter().chain(sums(dialect)).chain([
        "min(min_day) AS first_day".to_owned(),
        "max(max_day) AS last_day".to_owned(),
        format!("bool_and(complete AND max_day = {ends}) AS complete"),
        format!("bool_and(is_final AND max_day = {ends}) AS is_final"),
    ]);
    let query = format!(
        "SELECT\n{outer}\nFROM (\n  SELECT\n{inner}\n  FROM usage_with_coverage\n  GROUP BY {month}, {key}, \
         dataset\n) AS by_dataset\n\
         GROUP BY month, {key}",
        outer = list(outer, 2),
        inner = list(inner, 4),
        month = month(dialect),
    );
    View {
        name: "month_totals".to_owned(),
        about: "Usage of one month of one source. Complete when every dataset's days are, from the first one loaded \
         to the end of the month.".to_owned(),
        query,
    }
}
