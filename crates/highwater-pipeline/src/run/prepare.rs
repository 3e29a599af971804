//! From a window to something that can be published: pulled, compared with what is published, archived.

use chrono::TimeDelta;
use highwater_core::{ErrorKind, HeldWindow, Result, Window, WindowRecord, WindowSet};
use highwater_load::{Keep, PulledPages, RejectLine, WindowCommit};
use highwater_transform::{Shrink, TableBatch, shrinks};

use super::gone::{self, Recalled};
use super::unit_run::{PublishedUnit, UnitRun};
use crate::pull::{PullFailure, Pulled};

/// How long a revisit that would shrink what is published waits before it is pulled again.
const HOLD: TimeDelta = TimeDelta::hours(1);

/// A pull that is ready to be settled.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) window: Window,
    pub(super) verdict: Verdict,
    /// The requests it took; `None` where nothing was asked.
    pub(super) requests: Option<u64>,
    /// Bytes of what it kept of its pages, which is in memory until it is archived.
    pub(super) page_bytes: u64,
    /// Fields that the provider sends and we do not know.
    pub(super) unknown_fields: Vec<String>,
}

/// What a pull comes to.
#[derive(Debug)]
pub(super) enum Verdict {
    /// New content. It is archived.
    Publish(Box<Fresh>),
    /// The published content once more.
    Unchanged(WindowRecord),
    /// It would shrink what is published.
    Hold(HeldWindow),
}

/// New content.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) commit: WindowCommit,
    pub(super) rejects: Vec<RejectLine>,
    /// Bytes that its rows take in memory.
    pub(super) bytes: u64,
    /// Whether rejects of the window before it are to be replaced.
    pub(super) had_rejects: bool,
    /// Whether it replaces published windows of other bounds, so that the date's windows go together.
    pub(super) restates_bounds: bool,
    /// Why the window was pulled again; `None` where nothing was published of it.
    pub(super) cause: Option<&'static str>,
}

/// Pulls `window` and compares it with what is published. What is to be published is archived when this returns.
pub(super) async fn prepare(unit: &UnitRun, window: Window) -> Result<Prepared> {
    let published = unit.published().await?;
    if let Some(record) = adopted(unit, published, window) {
        let verdict = Verdict::Unchanged(record.clone());
        return Ok(Prepared { window, verdict, requests: None, page_bytes: 0, unknown_fields: Vec::new() });
    }
    let pulled = match unit.puller.pull(window, keep(unit, published, window)).await {
        Ok(pulled) => pulled,
        Err(PullFailure { error, pages }) => {
            if error.kind() == ErrorKind::Drift {
                keep_pages(unit, window, pages).await;
            }
            return Err(error);
        }
    };
    let requests = Some(pulled.requests);
    let page_bytes = pulled.pages.bytes();
    let unknown_fields = pulled.normalised.unknown_fields.keys().cloned().collect();
    let verdict = match gone::recall(unit, published, pulled).await? {
        Recalled::Whole(pulled) => judge(unit, published, *pulled).await?,
        Recalled::Lost(record) => Verdict::Unchanged(record),
    };
    Ok(Prepared { window, verdict, requests, page_bytes, unknown_fields })
}

/// What a pull of `window` does with its pages. What is published already mostly comes once more as it was, and is not
/// archived again; where resources are asked for one by one, pages of some that are gone by now may be added.
fn keep(unit: &UnitRun, published: &PublishedUnit, window: Window) -> Keep {
    if unit.spec().per_resource {
        Keep::Pages
    } else if !unit.dataset.warehouse.archives() {
        Keep::Nothing
    } else if published.record(window).is_some() {
        Keep::Pages
    } else {
        Keep::File
    }
}

/// Archives the pages of an answer that is not as we know it. What fails the window is that answer, whether or not its
/// pages could be kept.
async fn keep_pages(unit: &UnitRun, window: Window, pages: PulledPages) {
    if let Err(error) = unit.dataset.warehouse.archive(&unit.unit, window, pages).await {
        tracing::warn!(%window, "the pages of a failed window are not kept: {}", error.chain());
    }
}

/// The record of a window that the objects hold though the checkpoint does not know: the writer died in between.
fn adopted<'a>(unit: &UnitRun, published: &'a PublishedUnit, window: Window) -> Option<&'a WindowRecord> {
    let unknown = unit.adopts && !published.loaded.overlaps(window);
    published.record(window).filter(|record| unknown && record.scope_digest == unit.scope_digest)
}

async fn judge(unit: &UnitRun, published: &PublishedUnit, mut pulled: Pulled) -> Result<Verdict> {
    let window = pulled.window;
    let same_scope = |known: &&WindowRecord| known.scope_digest == unit.scope_digest;
    if let Some(known) = published.record(window).filter(same_scope)
        && pulled.normalised.has_digest(&known.content_digest)
    {
        if published.has_unpublished_restatement(known) {
            unit.place().withdraw(known).await?;
        }
        let pulls = published.pulls(window) + 1;
        let record = WindowRecord { pulled_at: pulled.extracted_at, pulls, ..known.clone() };
        return Ok(Verdict::Unchanged(record));
    }
    if let Some(known) = published.known(window).filter(same_scope)
        && let Some(held) = guard(unit, published, known, &pulled).await?
    {
        return Ok(Verdict::Hold(held));
    }
    let pages = std::mem::replace(&mut pulled.pages, PulledPages::new(Keep::Nothing));
    let pull_digest = unit.dataset.warehouse.archive(&unit.unit, window, pages).await?;
    Ok(Verdict::Publish(Box::new(fresh(unit, published, pulled, pull_digest))))
}

/// A hold, when `pulled` would shrink what is published and nobody has confirmed it: neither an operator nor a second
/// pull with the same content.
async fn guard(
    unit: &UnitRun,
    published: &PublishedUnit,
    known: &WindowRecord,
    pulled: &Pulled,
) -> Result<Option<HeldWindow>> {
    let window = pulled.window;
    let hold = published.hold(window);
    let same = hold.filter(|hold| pulled.normalised.has_digest(&hold.content_digest));
    let (held_at, due_at) = (pulled.extracted_at, pulled.extracted_at + HOLD);
    match (hold, same) {
        (Some(hold), _) if hold.accepted => return Ok(None),
        (_, Some(same)) if same.refused => return Ok(Some(HeldWindow { held_at, due_at, ..same.clone() })),
        (_, Some(_)) => return Ok(None),
        _ if known.rows == 0 => return Ok(None),
        _ => {}
    }
    let Some(shrink) = shrink(unit, pulled).await? else { return Ok(None) };
    Ok(Some(HeldWindow {
        window,
        held_at,
        due_at,
        content_digest: pulled.normalised.content_digest.clone(),
        reason: shrink.to_string(),
        refused: false,
        accepted: false,
    }))
}

async fn shrink(unit: &UnitRun, pulled: &Pulled) -> Result<Option<Shrink>> {
    let windows = WindowSet::from(pulled.window);
    let (warehouse, provider) = (&unit.dataset.warehouse, &unit.dataset.provider);
    let mut old = Vec::new();
    for table in unit.spec().tables() {
        let batch = warehouse.read_windows(provider, &unit.unit, table, &windows).await?;
        old.push(TableBatch { table, batch });
    }
    let new = pulled.normalised.tables.iter().map(TableBatch::plain).collect::<Result<Vec<_>>>()?;
    Ok(shrinks(&old, &new, unit.shrink_tolerance))
}

fn fresh(unit: &UnitRun, published: &PublishedUnit, pulled: Pulled, pull_digest: String) -> Fresh {
    let (window, normalised) = (pulled.window, pulled.normalised);
    let record = WindowRecord {
        window,
        pulled_at: pulled.extracted_at,
        run_id: unit.puller.run_id.clone(),
        rows: normalised.rows,
        rejected_rows: normalised.rejects.len() as u64,
        pulls: published.pulls(window) + 1,
        pull_digest,
        content_digest: normalised.content_digest,
        scope_digest: unit.scope_digest.clone(),
        empty: normalised.rows == 0 && normalised.rejects.is_empty(),
        verdict: None,
    };
    let line = |reject: highwater_transform::Reject| RejectLine {
        reason: reject.reason,
        operation: reject.operation,
        path: reject.path,
        window,
        row: reject.row,
    };
    let batches = normalised.tables.into_iter().map(|table| table.batch).collect();
    let rejects = normalised.rejects.into_iter().map(line).collect();
    Fresh {
        commit: WindowCommit { record, batches },
        rejects,
        bytes: normalised.bytes,
        had_rejects: published.record(window).is_some_and(|known| known.rejected_rows > 0),
        restates_bounds: published.restates_bounds(window),
        cause: unit.cause(published, window),
    }
}
