//! The page as HTML. Pure: the same model gives the same page.

use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::super::concerns::words;
use super::calendar::{Calendar, Cell, Mark};
use super::model::{DatasetPanel, PageModel, SourcePanel, Verdict};
use super::story::minute;
use super::tables;
use crate::output::thousands;

const STYLE: &str = include_str!("style.css");

/// How often an open page looks again.
const REFRESH_SECONDS: u32 = 60;

/// What the calendar's colours and signs mean.
const LEGEND: [(&str, &str, &str); 10] = [
    ("final", "", "final"),
    ("loaded", "", "loaded, to be revisited"),
    ("empty", "", "empty"),
    ("waiting", "", "not there yet"),
    ("missing", "?", "missing"),
    ("failed", "!", "failed"),
    ("expired", "×", "lost for good"),
    ("loaded held", "‖", "a change is held"),
    ("final mismatch", "≠", "total differs"),
    ("outside", "", "not wanted"),
];

/// Lays out `model`.
pub(crate) fn page(model: &PageModel) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="refresh" content=(REFRESH_SECONDS);
                title { (verdict_words(model)) " · Highwater" }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (banner(model))
                    @if !model.gaps.is_empty() { (tables::gaps(model)) }
                    @if !model.held.is_empty() { (tables::held(model)) }
                    (legend())
                    @for source in &model.sources { (source_section(model, source)) }
                    (tables::totals(model))
                    @if !model.lost.is_empty() { (tables::lost(model)) }
                    (tables::runs(model))
                }
                footer {
                    "Highwater " (env!("CARGO_PKG_VERSION")) " · warehouse " code { (model.about.warehouse) }
                    " · running since " (minute(model.about.started_at)) " · all times UTC"
                }
            }
        }
    }
}

fn verdict_words(model: &PageModel) -> String {
    match (model.verdict, model.concerns.len()) {
        (Verdict::Unknown, _) => "Reading the state".to_owned(),
        (Verdict::Well, _) => "All is well".to_owned(),
        (Verdict::CatchingUp, _) => "All is well, catching up".to_owned(),
        (_, 1) => "1 thing needs attention".to_owned(),
        (_, count) => format!("{count} things need attention"),
    }
}

fn banner(model: &PageModel) -> Markup {
    let (class, sign) = match model.verdict {
        Verdict::Unknown => ("unknown", "…"),
        Verdict::Well => ("well", "✓"),
        Verdict::CatchingUp => ("busy", "↻"),
        Verdict::Attention => ("attention", "!"),
        Verdict::Wrong => ("wrong", "✕"),
    };
    html! {
        header class={ "banner " (class) } {
            div.sign aria-hidden="true" { (sign) }
            div.words {
                h1 { (verdict_words(model)) }
                p { (summary(model)) }
                @if !model.concerns.is_empty() {
                    ol.concerns {
                        @for concern in &model.concerns {
                            li class=(if concern.kind.is_grave() { "grave" } else { "mild" }) {
                                strong { (concern.headline) }
                                span.advice { (prose(&concern.advice)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Text whose parts between backticks are commands.
fn prose(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn summary(model: &PageModel) -> String {
    let datasets: usize = model.sources.iter().map(|source| source.datasets.len()).sum();
    let mut text = format!(
        "{} of {}",
        counted(datasets as u64, "dataset"),
        counted(model.sources.len() as u64, "source")
    );
    let working = model.sources.iter().any(|source| source.working_since.is_some());
    let due = counted(model.windows_due, "pull");
    text.push_str(&match (model.windows_due, working) {
        (0, _) if model.verdict == Verdict::Well => ": all that the providers have is loaded".to_owned(),
        (0, _) => String::new(),
        (_, true) => format!(": loading, {due} to go"),
        (_, false) => format!(": {due} due at the next run"),
    });
    if let Some(next) = model.next_run {
        text.push_str(&format!(" · next run in {}", words(next - model.as_of)));
    }
    text.push_str(&format!(" · as of {} UTC", minute(model.as_of)));
    text
}

fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", thousands(count))
}

fn source_section(model: &PageModel, source: &SourcePanel) -> Markup {
    let permitted = source.requests_per_second * 3_600.0;
    let used = (source.requests_last_hour as f64 / permitted * 100.0).clamp(0.0, 100.0);
    html! {
        section.source id=(source.name) {
            div.head {
                h2 { (source.name) span.provider { (source.provider) } }
                @if source.refused {
                    span.pill.bad { "credentials refused" }
                } @else if source.stopped.is_some() {
                    span.pill.bad { "stopped" }
                } @else if let Some(since) = source.working_since {
                    span.pill.busy { "loading for " (words(model.as_of - since)) }
                } @else {
                    span.pill.calm { "at rest" }
                }
                div.allowance title={ (thousands(source.traffic.requests)) " requests since the start, "
                    (thousands(source.traffic.retries)) " of them retries; " (thousands(source.traffic.rate_limited))
                    " answers asked us to slow down" } {
                    span { (thousands(source.requests_last_hour)) " requests in the last hour of "
                        (thousands(permitted as u64)) " permitted" }
                    meter min="0" max="100" value={ (format!("{used:.1}")) } { (format!("{used:.0} %")) }
                }
            }
            @if let Some(stopped) = &source.stopped { p.error { (stopped) } }
            div.cards { @for dataset in &source.datasets { (card(model.as_of, dataset)) } }
        }
    }
}

fn card(now: DateTime<Utc>, panel: &DatasetPanel) -> Markup {
    let status = &panel.status;
    let fresh_to = status.loaded.iter().next_back().map(|window| window.end());
    html! {
        article.card id=(panel.name) {
            h3 { (panel.dataset) span.grain { (panel.grain) } (pill(panel)) }
            p.description { (panel.description) }
            dl {
                div { dt { "fresh to" } dd { (fresh_to.map_or_else(|| "nothing loaded".to_owned(), minute)) } }
                div { dt { "last success" } dd { (status.last_success.map_or_else(|| "never".to_owned(), |at| format!("{} ago", words(now - at)))) } }
                div title=(panel.schedule) { dt { "next run" } dd { (panel.next_run.map_or_else(|| "never".to_owned(), |at| format!("in {}", words(at - now)))) } }
                div { dt { "rows" } dd { (thousands(status.rows)) } }
                div { dt { "rejected" } dd class=[(status.rejected_rows > 0).then_some("warn")] { (thousands(status.rejected_rows)) } }
            }
            (grid(panel))
            @if let Some(error) = &status.last_error { p.error { "last error: " (error) } }
        }
    }
}

fn pill(panel: &DatasetPanel) -> Markup {
    let behind = panel.status.behind_seconds.filter(|seconds| *seconds > 0);
    let lag =
        behind.map(|seconds| words(chrono::TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX))));
    html! {
        @if panel.concerned {
            span.pill.bad { "needs attention" }
        } @else if panel.on_its_way && (lag.is_some() || !panel.status.missing.is_empty()) {
            span.pill.busy { "catching up" }
        } @else if let Some(lag) = lag {
            span.pill.calm { (lag) " behind" }
        } @else if panel.status.loaded.is_empty() {
            span.pill.calm { "waiting" }
        } @else {
            span.pill.good { "up to date" }
        }
    }
}

fn grid(panel: &DatasetPanel) -> Markup {
    let Calendar { labels, columns_a_label, rows, left_out } = &panel.calendar;
    let wide = *columns_a_label > 1;
    html! {
        table class={ "calendar " (if wide { "hours" } else { "days" }) } aria-label={ "coverage of " (panel.name) } {
            thead {
                tr {
                    th {}
                    @for label in labels { th colspan=(columns_a_label) scope="col" { (label) } }
                }
            }
            tbody {
                @for row in rows {
                    tr {
                        th scope="row" { span.weekday { (row.weekday) " " } (row.date) }
                        @for cell in &row.cells { (square(cell)) }
                    }
                }
            }
        }
        @if *left_out > 0 {
            p.note { "Further back, " (counted(*left_out as u64, "day")) " with something missing: see the gaps above." }
        }
    }
}

fn square(cell: &Cell) -> Markup {
    let mark = match cell.mark {
        Some(Mark::Held) => " held",
        Some(Mark::Mismatch) => " mismatch",
        _ => "",
    };
    html! {
        td class={ (cell.state.word()) (mark) } title=(cell.story) { (cell.mark.map_or("", Mark::sign)) }
    }
}

fn legend() -> Markup {
    html! {
        ul.legend aria-label="legend" {
            @for (class, sign, text) in LEGEND { li { i class=(class) { (sign) } (text) } }
        }
    }
}
