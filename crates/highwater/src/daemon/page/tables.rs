//! The page's tables: gaps, holds, control totals, losses, runs.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::super::board::RunEntry;
use super::super::concerns::{stretch, words};

use super::model::{GapRow, PageModel};
use super::story::minute;
use crate::output::thousands;

/// Rows of one table at most: a page is read by people.
const ROWS: usize = 50;
/// Runs that are shown.
const RUNS: usize = 12;

/// What is not loaded, the one that is lost first on top. What is about to be loaded anyway is folded away.
pub(super) fn gaps(model: &PageModel) -> Markup {
    let (troubling, due): (Vec<&GapRow>, Vec<&GapRow>) =
        model.gaps.iter().partition(|gap| gap.is_troubling());
    html! {
        section {
            h2 { "Gaps" }
            @if !troubling.is_empty() { (gap_table(model.as_of, &troubling)) }
            @if !due.is_empty() {
                details {
                    summary { (due.len()) " due and on their way" }
                    (gap_table(model.as_of, &due))
                }
            }
        }
    }
}

fn gap_table(now: DateTime<Utc>, gaps: &[&GapRow]) -> Markup {
    html! {
        table.list.stacked {
            thead { tr { th { "dataset" } th { "not loaded" } th { "lost for good" } th { "why" } } }
            tbody { @for gap in gaps.iter().take(ROWS) { (gap_row(now, gap)) } }
        }
        @if gaps.len() > ROWS { p.note { "and " (gaps.len() - ROWS) " more" } }
    }
}

fn gap_row(now: DateTime<Utc>, gap: &GapRow) -> Markup {
    let left = gap.lost_at.map(|at| at - now);
    let soon = left.is_some_and(|left| left <= chrono::TimeDelta::days(7));
    html! {
        tr {
            td.name { (gap.name) }
            td { (stretch(gap.window)) }
            td class=[soon.then_some("warn")] {
                @if let Some((left, at)) = left.zip(gap.lost_at) {
                    "lost for good in " (words(left)) " (" (left.num_hours()) " h), at " (minute(at))
                } @else { "the provider does not say until when it can be had" }
            }
            td {
                @if let Some(error) = &gap.error { span.warn { "failed: " } (error) }
                @else if gap.on_its_way { "being loaded" }
                @else if gap.late { span.warn { "missing though its turn has passed" } }
                @else { "due: the next run takes it" }
            }
        }
    }
}

/// Revisits that the shrink guard holds.
pub(super) fn held(model: &PageModel) -> Markup {
    html! {
        section {
            h2 { "Held restatements" }
            div { table.list.stacked {
                thead { tr { th { "dataset" } th { "window" } th { "what it would change" } th { "state" } } }
                tbody {
                    @for held in model.held.iter().take(ROWS) {
                        tr {
                            td.name { (held.name) }
                            td { (stretch(held.window)) }
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
            div { table.list.stacked {
                thead { tr { th { "dataset" } th { "the provider no longer answers for" } } }
                tbody {
                    @for (name, window) in model.lost.iter().take(ROWS) {
                        tr { td.name { (name) } td { (stretch(*window)) } }
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
