//! Cases about rows: pages, buckets, and decoding that is pure.

use std::collections::BTreeSet;

use highwater_core::{Role, Table};

use super::recording_sink::RecordingSink;
use super::source::{Credentials, PageSize};
use super::stage::Stage;
use super::subject::Subject;
use super::verdict::{Breach, Outcome, Verdict, ensure};

async fn in_small_pages(subject: &Subject) -> Result<Stage, Breach> {
    Stage::set(subject, subject.rows, Credentials::Accepted, PageSize::Small).await
}

/// In small pages the window has the rows that it has in large ones, and no page is fetched twice.
pub async fn the_second_page_is_asked_for_and_its_rows_are_included(subject: &Subject) -> Outcome {
    let large = Stage::open(subject).await?;
    let whole = large.pull().await?;
    let stage = in_small_pages(subject).await?;
    let pull = stage.pull().await?;
    let spec = &stage.source.spec;
    let expected = whole.sink.settled(spec);
    ensure(!expected.is_empty(), || "the window under test has no rows".to_owned())?;
    let (pages, few) = (pull.pages.len(), whole.pages.len());
    ensure(pages > few, || format!("{pages} small pages were asked for, and {few} large ones"))?;
    let rows = pull.sink.settled(spec);
    ensure(rows == expected, || {
        let missing = expected.iter().find(|row| !rows.contains(row));
        let surplus = rows.iter().find(|row| !expected.contains(row));
        format!(
            "{} rows in small pages, {} in large ones; first missing: {missing:?}; first surplus: {surplus:?}",
            rows.len(),
            expected.len()
        )
    })?;
    let asked: BTreeSet<_> = pull.pages.iter().map(|page| &page.request).chain(&pull.gone).collect();
    ensure(asked.len() as u64 == stage.asked(), || {
        format!("{} requests were made for {} pages without any failure", stage.asked(), asked.len())
    })?;
    Ok(Verdict::Kept)
}

/// A window for which the provider lists nothing has neither rows nor rejects, and its pages come to an end.
pub async fn an_empty_answer_ends_cleanly_without_rows(subject: &Subject) -> Outcome {
    let stage = Stage::set(subject, subject.nothing, Credentials::Accepted, PageSize::Default).await?;
    let pull = stage.pull().await?;
    ensure(!pull.pages.is_empty(), || "nothing was asked for".to_owned())?;
    let RecordingSink { rows, rejects, .. } = &pull.sink;
    ensure(rows.is_empty() && rejects.is_empty(), || {
        format!("out of nothing came {} rows and {} rejects", rows.len(), rejects.len())
    })?;
    Ok(Verdict::Kept)
}

/// Rows go to the tables that the dataset feeds, set columns that these have, of their type, and name their whole key.
/// A page without fault has neither rejects nor unknown fields.
pub async fn rows_fit_their_tables_and_name_their_keys(subject: &Subject) -> Outcome {
    let stage = in_small_pages(subject).await?;
    let pull = stage.pull().await?;
    let RecordingSink { rows, rejects, unknown_fields, defects, .. } = &pull.sink;
    ensure(defects.is_empty(), || format!("the decoder breaks the rules of the sink: {defects:?}"))?;
    ensure(rejects.is_empty(), || format!("good rows were rejected, such as {:?}", rejects.first()))?;
    ensure(unknown_fields.is_empty(), || format!("fields of the provider are unknown: {unknown_fields:?}"))?;
    let fed: BTreeSet<Table> = stage.source.spec.tables().collect();
    let filled: BTreeSet<Table> = rows.iter().map(|row| row.table).collect();
    ensure(fed == filled, || format!("the dataset feeds {fed:?}, and its rows are of {filled:?}"))?;
    Ok(Verdict::Kept)
}

/// Every row speaks about one bucket of the dataset's grain that lies in the window asked.
pub async fn buckets_are_aligned_to_the_grain_and_inside_the_window(subject: &Subject) -> Outcome {
    let stage = in_small_pages(subject).await?;
    let (grain, window) = (stage.source.spec.grain, stage.source.window);
    let pull = stage.pull().await?;
    ensure(!pull.sink.rows.is_empty(), || "the window under test has no rows".to_owned())?;
    for row in &pull.sink.rows {
        ensure(row.bucket == grain.bucket(row.bucket.start()), || {
            format!("the bucket {} is not one {grain}", row.bucket)
        })?;
        ensure(window.covers(row.bucket), || format!("the bucket {} lies outside {window}", row.bucket))?;
    }
    Ok(Verdict::Kept)
}

/// Every page of rows is read as the answer for the window of its own request.
pub async fn the_echoed_window_is_the_one_asked_for(subject: &Subject) -> Outcome {
    if !subject.echoes {
        return Ok(Verdict::NotApplicable);
    }
    let pull = in_small_pages(subject).await?.pull().await?;
    for (page, facts) in
        pull.pages.iter().zip(&pull.facts).filter(|(page, _)| page.request.role == Role::Rows)
    {
        ensure(facts.echo == Some(page.request.window), || {
            format!("{} was asked for and {:?} is said to be echoed", page.request.window, facts.echo)
        })?;
    }
    Ok(Verdict::Kept)
}

/// Decoded twice, and by a source that fetched nothing, a page says the same, and no request is sent.
pub async fn a_page_decodes_to_the_same_rows_and_facts_each_time(subject: &Subject) -> Outcome {
    let stage = in_small_pages(subject).await?;
    let pull = stage.pull().await?;
    let asked = stage.asked();
    let decode = |extractor: &dyn highwater_core::Extractor, page| {
        let mut sink = RecordingSink::default();
        let facts = extractor.decode(&stage.source.spec, page, &mut sink);
        facts.map(|facts| (facts, sink))
    };
    let other = in_small_pages(subject).await?.source;
    for (page, facts) in pull.pages.iter().zip(&pull.facts) {
        let (first, rows) = decode(stage.source.extractor.as_ref(), page)?;
        let again = decode(stage.source.extractor.as_ref(), page)?;
        ensure((&first, facts) == (&again.0, &first) && rows == again.1, || {
            format!("decoded again, the page of {:?} says something else", page.request)
        })?;
        ensure(decode(other.extractor.as_ref(), page)? == again, || {
            format!(
                "decoded by a source that fetched nothing, the page of {:?} says something else",
                page.request
            )
        })?;
    }
    ensure(stage.asked() == asked, || "decoding sent requests".to_owned())?;
    Ok(Verdict::Kept)
}

/// Decoded from the last page to the first, a pull has the same rows.
pub async fn pages_in_another_order_give_the_same_rows(subject: &Subject) -> Outcome {
    let stage = in_small_pages(subject).await?;
    let pull = stage.pull().await?;
    let spec = &stage.source.spec;
    ensure(pull.pages.len() > 1, || "there is no second page to turn round".to_owned())?;
    let mut turned = RecordingSink::default();
    for page in pull.pages.iter().rev() {
        stage.source.extractor.decode(spec, page, &mut turned)?;
    }
    ensure(turned.settled(spec) == pull.sink.settled(spec), || {
        "decoded from the last page to the first, the rows differ".to_owned()
    })?;
    Ok(Verdict::Kept)
}
