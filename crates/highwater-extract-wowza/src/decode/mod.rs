//! Decoding: from a page to rows and facts, without any I/O.

mod account;
mod figures;
mod limits;
mod list;
mod live;
mod paging;
mod reader;
mod shares;
mod stamp;
mod summary;
mod trend;

use highwater_core::{DatasetSpec, PageFacts, RawPage, Result, Sink, SourceName};
use highwater_http::read_json;

use crate::operations::{self, Shape};
use crate::wire::Envelope;
use reader::Reader;

/// Decodes one page of `dataset`, a dataset of the account that `source` names.
///
/// # Errors
/// `Drift` naming operation and path; `Mismatch` where the answer is for another page or other resources than asked.
pub(crate) fn decode(
    source: &SourceName,
    dataset: &DatasetSpec,
    page: &RawPage,
    sink: &mut dyn Sink,
) -> Result<PageFacts> {
    let operation = operations::find(&page.request.operation)?;
    let envelope: Envelope<'_> = read_json(operation.spec.name, &page.body)?;
    let reader = Reader { operation: operation.spec.name, request: &page.request, dataset };
    reader.note_unknown("", &envelope, sink);
    let echo = limits::echo(&reader, operation, &envelope, sink)?;
    let facts = match operation.shape {
        Shape::List(feed) => list::list(&reader, feed, &envelope, sink)?,
        Shape::One(feed) => list::one(&reader, feed, &envelope, sink)?,
        Shape::Summary(feed) => summary::summary(&reader, feed, &envelope, sink)?,
        Shape::Account => account::account(&reader, &envelope, sink)?,
        Shape::Countries(subject) => shares::countries(&reader, subject, &envelope, sink)?,
        Shape::Renditions => shares::renditions(&reader, &envelope, sink)?,
        Shape::Trend(subject) => trend::trend(&reader, subject, page.fetched_at, &envelope, sink)?,
        Shape::Live(subject) => live::live(&reader, subject, source, page.fetched_at, &envelope, sink)?,
    };
    Ok(PageFacts { echo, ..facts })
}
