//! What is due of one dataset: each pull with its reason, by date.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use highwater_core::{Grain, Window, WindowRecord, WindowSet};

use super::{Reason, Reprocess};
use crate::timeline::{Timeline, trimmed};

/// One pull to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pull {
    /// The windows it covers, as one span.
    pub(super) window: Window,
    /// Why.
    pub(super) reason: Reason,
    /// Whether something is published of it already.
    pub(super) published: bool,
    /// Whether just these windows are published, under the settings as they are.
    pub(super) repeats: bool,
}

/// All pulls to make on one date.
#[derive(Debug)]
pub(super) struct DueDate {
    /// The size of the windows.
    pub(super) step: Grain,
    /// In order of time, disjoint.
    pub(super) pulls: Vec<Pull>,
}

/// What is due on `timeline`, by date.
pub(super) fn due(timeline: &Timeline<'_>, reprocess: Reprocess) -> BTreeMap<NaiveDate, DueDate> {
    let mut windows = fresh(timeline, reprocess);
    windows.extend(open(timeline, reprocess));
    windows.extend(sealed(timeline, reprocess));
    windows.sort_by_key(|pull| pull.window);
    let mut dates: BTreeMap<NaiveDate, DueDate> = BTreeMap::new();
    for pull in windows {
        let date = pull.window.date();
        let step = timeline.steps.on(date);
        dates.entry(date).or_insert_with(|| DueDate { step, pulls: Vec::new() }).pulls.push(pull);
    }
    for (date, due) in &mut dates {
        if reprocess == Reprocess::All {
            restep(timeline, *date, due);
        }
        coalesce(due, timeline);
    }
    dates
}

/// Windows that were never loaded.
fn fresh(timeline: &Timeline<'_>, reprocess: Reprocess) -> Vec<Pull> {
    let failed = timeline.failed();
    let last_loaded = timeline.loaded.iter().next_back().map(|window| window.end());
    let mut pulls = Vec::new();
    for stretch in timeline.unloaded().into_iter().filter(|stretch| !stretch.lost) {
        for window in stretch.window.buckets(stretch.step) {
            let reason = if reprocess == Reprocess::All {
                Reason::Forced
            } else if failed.overlaps(window) {
                Reason::Failed
            } else if last_loaded.is_some_and(|end| window.end() <= end) {
                Reason::Gap
            } else {
                Reason::New
            };
            if reprocess != Reprocess::Failed || reason == Reason::Failed {
                pulls.push(Pull { window, reason, published: false, repeats: false });
            }
        }
    }
    pulls
}

/// Published windows of units that are not sealed. Each is pulled again as it was pulled the first time.
fn open(timeline: &Timeline<'_>, reprocess: Reprocess) -> Vec<Pull> {
    let failed = timeline.failed();
    let due = |record: &WindowRecord| {
        let has_failed = failed.overlaps(record.window);
        let reason = match reprocess {
            Reprocess::All => Some(Reason::Forced),
            Reprocess::Failed => has_failed.then_some(Reason::Failed),
            Reprocess::Missing => reason(timeline, record, has_failed),
        }?;
        let repeats = !is_other_scope(timeline, record);
        Some(Pull { window: record.window, reason, published: true, repeats })
    };
    timeline.records().filter(|record| !timeline.is_lost(record.window)).filter_map(due).collect()
}

fn reason(timeline: &Timeline<'_>, record: &WindowRecord, has_failed: bool) -> Option<Reason> {
    if is_other_scope(timeline, record) {
        return Some(Reason::Scope);
    }
    if let Some(held) = timeline.hold(record.window).filter(|held| !held.refused) {
        return (held.accepted || held.due_at <= timeline.now).then_some(Reason::Held);
    }
    if has_failed {
        return Some(Reason::Failed);
    }
    timeline.is_revisit_due(record).then_some(Reason::Revisit)
}

/// Whether `record` was loaded under other settings.
fn is_other_scope(timeline: &Timeline<'_>, record: &WindowRecord) -> bool {
    let step = timeline.steps.on(record.window.date());
    timeline.steps.digest(step).is_some_and(|digest| digest != record.scope_digest)
}

/// Windows of sealed units: final, and due only when they are forced, loaded under other settings, or failed at that.
fn sealed(timeline: &Timeline<'_>, reprocess: Reprocess) -> Vec<Pull> {
    let failed = timeline.failed();
    let mut pulls = Vec::new();
    for (date, unit) in &timeline.state.checkpoint.sealed {
        let step = timeline.steps.on(*date);
        let other_scope = timeline.steps.digest(step).is_some_and(|digest| digest != unit.scope_digest);
        let whole = match reprocess {
            Reprocess::All => Some(Reason::Forced),
            Reprocess::Missing => other_scope.then_some(Reason::Scope),
            Reprocess::Failed => None,
        };
        if whole.is_none() && !failed.overlaps(Window::day(*date)) {
            continue;
        }
        let windows = unit.windows.intersection(&timeline.wanted);
        for window in windows.iter().flat_map(|part| part.buckets(step)) {
            let reason = whole.or_else(|| failed.overlaps(window).then_some(Reason::Failed));
            let reason = reason.filter(|_| !timeline.is_lost(window));
            let repeats = !other_scope;
            pulls.extend(reason.map(|reason| Pull { window, reason, published: true, repeats }));
        }
    }
    pulls
}

/// Turns a forced date to the configured size of windows, where that replaces all that is loaded on it.
fn restep(timeline: &Timeline<'_>, date: NaiveDate, due: &mut DueDate) {
    let step = timeline.state.spec.step;
    if due.step == step {
        return;
    }
    let covered: WindowSet = due.pulls.iter().map(|pull| pull.window).collect();
    let whole: WindowSet = covered.iter().filter_map(|part| trimmed(part, step)).collect();
    let loaded = timeline.loaded.within(Window::day(date));
    if !loaded.difference(&whole).is_empty() {
        return;
    }
    due.step = step;
    due.pulls = whole
        .iter()
        .flat_map(|part| part.buckets(step))
        .map(|window| {
            let published = loaded.overlaps(window);
            Pull { window, reason: Reason::Forced, published, repeats: false }
        })
        .collect();
}

/// Joins adjacent windows into pulls as long as one may be. A published window is pulled as it was, so that its
/// successor replaces it exactly.
fn coalesce(due: &mut DueDate, timeline: &Timeline<'_>) {
    let span = timeline.steps.span(due.step);
    let mut joined: Vec<Pull> = Vec::with_capacity(due.pulls.len());
    for pull in due.pulls.drain(..) {
        let before = joined.last_mut().filter(|last| {
            last.window.end() == pull.window.start()
                && last.reason == pull.reason
                && !last.published
                && !pull.published
                && pull.window.end() - last.window.start() <= span
        });
        match before {
            Some(last) => last.window = Window::of(last.window.start(), pull.window.end()),
            None => joined.push(pull),
        }
    }
    due.pulls = joined;
}
