//! `explain`: from a number to its window, its pulls, the raw pages, the object, the control totals, the restatements.

use arrow::array::RecordBatch;
use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;
use highwater_core::{Column, Error, ErrorKind, PageRequest, Result, format_instant};
use highwater_pipeline::{Check, DatasetLineage, Lineage, WindowLineage, decimal, lineage};
use serde_json::{Value, json};

use crate::args::{Format, Global, Output, Selection};
use crate::cells;
use crate::config::Secrets;
use crate::output::{Grid, print_json, print_text, thousands};
use crate::report::Exit;
use crate::session::{LoadedDataset, Session};

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The resource, as its provider calls it: what stands in `resource_id`.
    #[arg(value_name = "RESOURCE")]
    pub(crate) resource: String,
    /// The UTC date.
    #[arg(value_name = "DATE")]
    pub(crate) date: NaiveDate,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) output: Output,
}

pub(crate) async fn run(global: &Global, args: &ExplainArgs) -> Result<Exit> {
    let session = Session::open(global, Secrets::LeaveAlone)?;
    let warehouse = session.warehouse().await?;
    let datasets = session.datasets(&args.selection, &warehouse).await?;
    let states: Vec<_> = datasets.iter().map(LoadedDataset::state).collect();
    let now = session.clock.now();
    let found = lineage(&states, &warehouse, &args.resource, args.date, now).await?;
    if found.datasets.is_empty() {
        let message = format!("there is nothing of resource `{}` on {}", args.resource, args.date);
        return Err(Error::new(ErrorKind::Config, message).with_hint(
            "`highwater status` shows which days are loaded; a resource goes by what stands in `resource_id`",
        ));
    }
    match args.output.format {
        Format::Json => print_json(&to_json(&found, now)?)?,
        Format::Csv => print_text(&windows(&found.datasets).rendered(Format::Csv)?)?,
        Format::Table => print_text(&to_text(&found)?)?,
    }
    Ok(Exit::Done)
}

fn to_json(found: &Lineage, now: DateTime<Utc>) -> Result<Value> {
    let datasets = found.datasets.iter().map(dataset_json).collect::<Result<Vec<_>>>()?;
    Ok(json!({
        "as_of": format_instant(now),
        "resource": found.resource,
        "date": found.date,
        "datasets": datasets,
    }))
}

fn dataset_json(found: &DatasetLineage) -> Result<Value> {
    let tables = found.tables.iter().map(|table| {
        let rows = cells::json_rows(&table.rows)?;
        Ok(json!({ "table": table.table.name(), "object": table.object, "rows": rows }))
    });
    let window = |window: &WindowLineage| {
        let record = &window.record;
        json!({
            "window": record.window,
            "state": window.state.as_str(),
            "verdict": record.verdict,
            "pulled_at": format_instant(record.pulled_at),
            "run_id": record.run_id,
            "pulls": record.pulls,
            "pull_digest": record.pull_digest,
            "content_digest": record.content_digest,
            "archive": window.archive,
            "pages": window.pages,
        })
    };
    let check = |(check, checked_at): &(Check, DateTime<Utc>)| {
        let mut value = json!(check);
        value["checked_at"] = format_instant(*checked_at).into();
        value
    };
    let restatements = found.restatements.as_ref().map(cells::json_rows).transpose()?.unwrap_or_default();
    Ok(json!({
        "source": found.source,
        "provider": found.provider,
        "dataset": found.dataset,
        "tables": tables.collect::<Result<Vec<_>>>()?,
        "windows": found.windows.iter().map(window).collect::<Vec<_>>(),
        "control_totals": found.checks.iter().map(check).collect::<Vec<_>>(),
        "restatements": restatements,
    }))
}

fn to_text(found: &Lineage) -> Result<String> {
    let mut text = format!("{} on {}\n", found.resource, found.date);
    for dataset in &found.datasets {
        text.push_str(&format!("\nFrom {}, dataset {}:\n", dataset.source, dataset.dataset));
        for table in &dataset.tables {
            let count = table.rows.num_rows();
            let (rows, plural) = (thousands(count as u64), if count == 1 { "" } else { "s" });
            text.push_str(&format!("\n{rows} row{plural} of {}, in {}\n", table.table, table.object));
            text.push_str(&cells::grid(&telling(&table.rows)?)?.to_text());
        }
        text.push_str("\nThey came with these pulls:\n");
        text.push_str(&windows(std::slice::from_ref(dataset)).to_text());
        if dataset.checks.is_empty() {
            text.push_str("\nThe day was not compared with figures of the provider.\n");
        } else {
            text.push_str("\nThe day, or the month around it, was compared with the provider's figures:\n");
            text.push_str(&checks(dataset).to_text());
        }
        match &dataset.restatements {
            None => text.push_str("\nNo later pull has changed a value.\n"),
            Some(rows) => {
                text.push_str("\nLater pulls have changed these values:\n");
                text.push_str(&cells::grid(rows)?.to_text());
            }
        }
    }
    Ok(text)
}

/// `rows` without what is the same in all of them, or is told below.
fn telling(rows: &RecordBatch) -> Result<RecordBatch> {
    const TOLD: [Column; 6] = [
        Column::Source,
        Column::Dataset,
        Column::ResourceType,
        Column::ResourceId,
        Column::ExtractedAt,
        Column::RunIdColumn,
    ];
    let is_told = |name: &String| TOLD.iter().any(|column| column.name() == name);
    let fields = rows.schema_ref().fields().iter().enumerate();
    let kept: Vec<usize> =
        fields.filter(|(_, field)| !is_told(field.name())).map(|(index, _)| index).collect();
    rows.project(&kept)
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot pick columns").with_source(error))
}

fn windows(datasets: &[DatasetLineage]) -> Grid {
    let mut grid = Grid::new(&[
        "source",
        "dataset",
        "from",
        "to",
        "state",
        "pulls",
        "pulled at",
        "run",
        "raw bodies",
        "pages",
    ]);
    for dataset in datasets {
        for window in &dataset.windows {
            let record = &window.record;
            grid.row([
                dataset.source.to_string(),
                dataset.dataset.to_string(),
                format_instant(record.window.start()),
                format_instant(record.window.end()),
                window.state.to_string(),
                record.pulls.to_string(),
                format_instant(record.pulled_at),
                record.run_id.to_string(),
                window.archive.clone(),
                window.pages.as_ref().map_or_else(
                    || "not kept".to_owned(),
                    |pages| pages.iter().map(page).collect::<Vec<_>>().join("; "),
                ),
            ]);
        }
    }
    grid
}

/// A page as a person would ask for it again: `delivery_usage limit=100 page=2`.
fn page(request: &PageRequest) -> String {
    let id = request.id.iter().map(|id| format!(" {id}"));
    let params = request.params.iter().map(|(key, value)| format!(" {key}={value}"));
    std::iter::once(request.operation.clone()).chain(id).chain(params).collect()
}

fn checks(dataset: &DatasetLineage) -> Grid {
    let mut grid =
        Grid::new(&["from", "to", "measure", "ours", "theirs", "difference", "verdict", "compared at"]);
    for (check, checked_at) in &dataset.checks {
        grid.row([
            format_instant(check.window.start()),
            format_instant(check.window.end()),
            check.measure.clone(),
            decimal(check.ours),
            decimal(check.theirs),
            decimal(check.difference()),
            check.verdict().as_str().to_owned(),
            format_instant(*checked_at),
        ]);
    }
    grid
}
