//! Pages into rows and facts.

use std::cell::OnceCell;

use highwater_core::wire::Raw;
use highwater_core::{
    Column, Error, ErrorKind, Figure, PageFacts, PageRequest, RawPage, Relation, Result, Role, Sink, Table,
};
use highwater_http::{drift, read_json};

use crate::apps::{App, entangled};
use crate::datasets::{GETAPPS, VIDEO_USAGE};
use crate::figure::figure;
use crate::paging;
use crate::reading::Reading;
use crate::wire::{AppsPage, Head, RowTexts, UsagePage, UsageRow};

const RESOURCE_TYPE: &str = "video_url";

/// Decodes a page of any operation. A request without a limit asked for `page_size` rows.
pub(crate) fn decode(page: &RawPage, page_size: u64, sink: &mut dyn Sink) -> Result<PageFacts> {
    match page.request.operation.as_str() {
        VIDEO_USAGE => usage(page, page_size, sink),
        GETAPPS => apps(page, page_size, sink),
        other => {
            Err(Error::new(ErrorKind::Internal, format!("no decoder for a page of operation=`{other}`")))
        }
    }
}

/// Fails unless `body` is an answer of the API at all, whatever it holds.
pub(crate) fn require_answer(operation: &str, body: &[u8]) -> Result<()> {
    let head: Head<'_> = read_json(operation, body)?;
    require_success(operation, head.status.map(|status| status.get().trim_matches('"')))
}

fn require_success(operation: &str, status: Option<&str>) -> Result<()> {
    match status {
        Some("success") => Ok(()),
        Some(_) => Err(drift(operation, "status", "neither success nor failure")),
        None => Err(missing(operation, "status")),
    }
}

pub(crate) fn missing(operation: &str, path: &str) -> Error {
    drift(operation, path, "a required value is missing")
}

fn read_count(operation: &str, count: Option<Raw<'_>>) -> Result<Option<u64>> {
    let count = count.map(|count| figure(count.get())).transpose();
    let count = count.map_err(|why| drift(operation, "count", &why.to_string()))?;
    Ok(count.and_then(|count| u64::try_from(count).ok()))
}

fn usage(page: &RawPage, page_size: u64, sink: &mut dyn Sink) -> Result<PageFacts> {
    let answer: UsagePage<'_> = read_json(VIDEO_USAGE, &page.body)?;
    require_success(VIDEO_USAGE, answer.status.as_deref())?;
    let count = read_count(VIDEO_USAGE, answer.count)?;
    let rows = answer.usage.ok_or_else(|| missing(VIDEO_USAGE, "usage"))?;
    let figures = match page.request.role {
        Role::Control => month_figures(&rows)?,
        Role::Rows | Role::List => {
            put_rows(page, &rows, sink)?;
            name_unknown_fields("usage", &answer.unknown, rows.iter().map(|row| &row.unknown), sink);
            Vec::new()
        }
    };
    let next = paging::next(&page.request, page_size, rows.len() as u64, count)?;
    Ok(PageFacts { next: next.into_iter().collect(), figures, ..PageFacts::default() })
}

fn put_rows(page: &RawPage, rows: &[UsageRow<'_>], sink: &mut dyn Sink) -> Result<()> {
    let app = App::asked_by(&page.request)
        .ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a page of video_usage does not name its application")
        })?
        .text();
    let texts = LazyTexts { body: &page.body, texts: OnceCell::new() };
    let mut id = format!("{app}/");
    let prefix = id.len();
    for (index, row) in rows.iter().enumerate() {
        let reading = Reading::of(row, index)?;
        match reading.figures() {
            Ok(figures) => {
                id.truncate(prefix);
                id.push_str(reading.video_url);
                put_row(&page.request, &app, &id, reading.video_url, figures, sink);
            }
            Err((field, why)) => {
                sink.reject_row(
                    &format!("{field}: {why}"),
                    &format!("usage[{index}].{field}"),
                    texts.row(index),
                );
            }
        }
    }
    Ok(())
}

fn put_row(
    request: &PageRequest,
    app: &str,
    id: &str,
    video_url: &str,
    (bytes, requests): (i64, i64),
    sink: &mut dyn Sink,
) {
    sink.begin(Table::ResourceUsage, request.window);
    sink.text(Column::ResourceType, RESOURCE_TYPE);
    sink.text(Column::ResourceId, id);
    sink.int(Column::DeliveredBytes, bytes);
    sink.int(Column::Requests, requests);
    sink.commit_row();
    sink.begin_another(Table::Resources);
    sink.text(Column::ParentId, app);
    sink.text(Column::Name, video_url);
    sink.commit_row();
}

/// The rows as they stand on the page, read again only when one of them is rejected.
struct LazyTexts<'a> {
    body: &'a [u8],
    texts: OnceCell<Vec<Raw<'a>>>,
}

impl LazyTexts<'_> {
    fn row(&self, index: usize) -> &str {
        let texts = self.texts.get_or_init(|| {
            let page: Option<RowTexts<'_>> = serde_json::from_slice(self.body).ok();
            page.and_then(|page| page.usage).unwrap_or_default()
        });
        texts.get(index).map(|text| text.get()).unwrap_or_default()
    }
}

fn name_unknown_fields<'a>(
    rows_name: &str,
    of_envelope: &[String],
    of_rows: impl Iterator<Item = &'a Vec<String>>,
    sink: &mut dyn Sink,
) {
    of_envelope.iter().for_each(|field| sink.unknown_field(field));
    of_rows.flatten().for_each(|field| sink.unknown_field(&format!("{rows_name}[].{field}")));
}

/// What the provider reports for a whole month must be the sum of our days. A bad row is left out, as it is there.
fn month_figures(rows: &[UsageRow<'_>]) -> Result<Vec<Figure>> {
    let (mut bytes, mut requests) = (0_i128, 0_i128);
    for (index, row) in rows.iter().enumerate() {
        if let Ok(figures) = Reading::of(row, index)?.figures() {
            bytes += i128::from(figures.0);
            requests += i128::from(figures.1);
        }
    }
    let figure = |measure, value: i128| Figure {
        table: Table::ResourceUsage,
        measure,
        micros: value * 1_000_000,
        tolerance_micros: 0,
        relation: Relation::Equal,
    };
    Ok(vec![figure(Column::DeliveredBytes, bytes), figure(Column::Requests, requests)])
}

/// A list of applications gives no rows; pulled for its list or for totals, it names a request for each application.
fn apps(page: &RawPage, page_size: u64, sink: &mut dyn Sink) -> Result<PageFacts> {
    let answer: AppsPage<'_> = read_json(GETAPPS, &page.body)?;
    require_success(GETAPPS, answer.status.as_deref())?;
    let count = read_count(GETAPPS, answer.count)?;
    let apps = answer.apps.ok_or_else(|| missing(GETAPPS, "apps"))?;
    name_unknown_fields("apps", &answer.unknown, apps.iter().map(|app| &app.unknown), sink);
    if count.is_some_and(|count| count > apps.len() as u64) {
        return Err(Error::new(ErrorKind::Mismatch, "the provider counts more applications than it lists"));
    }
    let role = match page.request.role {
        Role::Rows => return Ok(PageFacts::default()),
        Role::List => Role::Rows,
        Role::Control => Role::Control,
    };
    let mut names = Vec::with_capacity(apps.len());
    for (index, app) in apps.iter().enumerate() {
        let name = app.name.as_deref().filter(|name| !name.is_empty());
        names.push(name.ok_or_else(|| missing(GETAPPS, &format!("apps[{index}].name")))?);
    }
    if let Some((one, other)) = entangled(names.iter().copied()) {
        let what = format!("videos of `{one}` and `{other}` could not be told apart");
        return Err(
            drift(GETAPPS, "apps", &what).with_hint("list the applications of this source in `apps`, by id")
        );
    }
    let first = |name: &str| paging::first(&App::Name(name.to_owned()), page.request.window, role, page_size);
    Ok(PageFacts { next: names.into_iter().map(first).collect(), ..PageFacts::default() })
}
