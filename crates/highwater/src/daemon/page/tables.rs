//! The page's tables: gaps, holds, control totals, losses, runs.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::super::board::RunEntry;
use super::super::concerns::words;

use super::model::{GapRow, PageModel};
use super::story::minute;
use crate::args::describe_range;
use crate::output::thousands;

/// Rows of one table at most: a page is read by people.
const ROWS: usize = 50;
/// Runs that are shown.
const RUNS: usize = 12;

/// What is not loaded, the one that is lost first on top.
pub(super) fn gaps(model: &PageModel) -> Markup {
    html! {
        section {
            h2 { "Gaps" }
            div.scroll { table.list {
                thead { tr { th { "dataset" } th { "not loaded" } th { "lost for good" } th { "why" } } }
                tbody { @for gap in model.gaps.iter().take(ROWS) { (gap_row(model.as_of, gap)) } }
            } }
            @if model.gaps.len() > ROWS { p.note { "and " (model.gaps.len() - ROWS) " more" } }
        }
    }
}

fn gap_row(now: DateTime<Utc>, gap: &GapRow) -> Markup {
    let left = gap.lost_at.map(|at| at - now);
    let soon = left.is_some_and(|left| left <= chrono::TimeDelta::days(7));
    html! {
        tr {
            td { (gap.name) }
            td { (describe_range(gap.window)) }
            td class=[soon.then_some("warn")] {
                @if let Some((left, at)) = left.zip(gap.lost_at) {
                    "in " (words(left)) " (" (left.num_hours()) " h), at " (minute(at))
                } @else { "the provider does not say when" }
            }
            td {
                @if let Some(error) = &gap.error { span.warn { "failed: " } (error) }
                @else if gap.late { span.warn { "missing though its turn has passed" } }
                @else { "due; the next run takes it" }
            }
        }
    }
}

/// Revisits that the shrink guard holds.
pub(super) fn held(model: &PageModel) -> Markup {
    html! {
        section {
            h2 { "Held restatements" }
            div.scroll { table.list {
                thead { tr { th { "dataset" } th { "window" } th { "what it would change" } th { "state" } } }
                tbody {
                    @for held in model.held.iter().take(ROWS) {
                        tr {
                            td { (held.name) }
                            td { (describe_range(held.window)) }
                            td { (held.reason) }
                            td { (held.word) ", pulled again at " (minute(held.due_at)) }
                        }
                    }
                }
            } }
        }
    }
}

/// How our rows agree with the providers' own totals, and what was set aside.
pub(super) fn totals(model: &PageModel) -> Markup {
    let datasets = || model.sources.iter().flat_map(|source| &source.datasets);
    html! {
        section {
            h2 { "Control totals and rejects" }
            div.scroll { table.list.figures {
                thead { tr { th { "dataset" } th { "match" } th { "mismatch" } th { "not itemised" } th { "kept over a hold" } th { "rows" } th { "rejected" } } }
                tbody {
                    @for dataset in datasets() {
                        @let totals = dataset.totals;
                        tr {
                            td { (dataset.name) }
                            td { (totals.matches) }
                            td class=[(totals.mismatches > 0).then_some("warn")] { (totals.mismatches) }
                            td { (totals.not_itemised) }
                            td { (totals.kept) }
                            td { (thousands(dataset.status.rows)) }
                            td class=[(dataset.status.rejected_rows > 0).then_some("warn")] { (thousands(dataset.status.rejected_rows)) }
                        }
                    }
                }
            } }
        }
    }
}

/// What is past retention and was never loaded.
pub(super) fn lost(model: &PageModel) -> Markup {
    html! {
        section {
            h2 { "Lost for good" }
            div.scroll { table.list {
                thead { tr { th { "dataset" } th { "the provider no longer answers for" } } }
                tbody {
                    @for (name, window) in model.lost.iter().take(ROWS) {
                        tr { td { (name) } td { (describe_range(*window)) } }
                    }
                }
            } }
        }
    }
}

/// The last runs since the daemon started.
pub(super) fn runs(model: &PageModel) -> Markup {
    html! {
        section {
            h2 { "Last runs" }
            @if model.runs.is_empty() {
                p.note { "None since the daemon started." }
            } @else {
                div.scroll { table.list.figures {
                    thead { tr { th { "source" } th { "began" } th { "took" } th { "loaded" } th { "empty" } th { "unchanged" } th { "failed" } th { "held" } th { "rows" } th { "rejected" } th { "requests" } th { "error" } } }
                    tbody { @for run in model.runs.iter().take(RUNS) { (run_row(model.as_of, run)) } }
                } }
            }
        }
    }
}

fn run_row(now: DateTime<Utc>, run: &RunEntry) -> Markup {
    let took = words(run.ended_at.unwrap_or(now) - run.started_at);
    let windows = run.windows;
    html! {
        tr title={ "run " (run.run_id) } {
            td { (run.source) }
            td { (minute(run.started_at)) }
            td { (took) @if run.ended_at.is_none() { ", going on" } }
            td { (thousands(windows.loaded)) }
            td { (thousands(windows.empty)) }
            td { (thousands(windows.unchanged)) }
            td class=[(windows.failed > 0).then_some("warn")] { (thousands(windows.failed)) }
            td class=[(windows.held > 0).then_some("warn")] { (thousands(windows.held)) }
            td { (thousands(run.rows)) }
            td { (thousands(run.rejected_rows)) }
            td { (thousands(run.requests)) }
            td.text { (run.error.as_deref().unwrap_or_default()) }
        }
    }
}
