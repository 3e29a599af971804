//! Of which units a run asks for control totals: of those that it makes final, and of final ones that have none. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use highwater_core::{Checkpoint, Grain, RunId, SealedUnit, Window, WindowRecord};

use super::Reprocess;
use super::cost::{Expected, distinct};
use super::due::{DueDate, Pull};
use crate::control::Verdict;
use crate::dataset_state::DatasetState;
use crate::kept_step::with_step;
use crate::run::seal::{is_sealable, settle};
use crate::timeline::Timeline;

/// Whether a run asks for the control totals of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TotalsDue {
    /// No: the unit will not be final, or the provider reports none.
    No,
    /// They are had already, and asked for again only where a pull brings new content.
    IfChanged,
    /// Yes, with this many requests, for sure or by a guess.
    Yes { requests: u64, exact: bool },
}

impl TotalsDue {
    /// The requests that are expected for them.
    pub(crate) fn requests(self) -> u64 {
        self.expected().requests
    }

    pub(super) fn expected(self) -> Expected {
        match self {
            Self::No | Self::IfChanged => Expected { requests: 0, exact: true },
            Self::Yes { requests, exact } => Expected { requests, exact },
        }
    }
}

/// Those of `date` once the pulls of `due` are made.
pub(super) fn of_date(timeline: &Timeline<'_>, date: NaiveDate, due: &DueDate) -> TotalsDue {
    let Some(requests) = requests(timeline, date, due.step) else { return TotalsDue::No };
    let guess = TotalsDue::Yes { requests, exact: false };
    let Some(unit) = timeline.state.checkpoint.sealed.get(&date) else {
        return if seals(timeline, date, due) { guess } else { TotalsDue::No };
    };
    if due.pulls.iter().any(|pull| !pull.repeats) || is_lacking(timeline, date, unit) {
        return guess;
    }
    if Verdict::of(unit.verdict.as_ref()) != Some(Verdict::Mismatch) {
        return TotalsDue::IfChanged;
    }
    let known = timeline.state.checkpoint.costs.sealed.get(&date).and_then(|cost| cost.totals);
    known.map_or(guess, |requests| TotalsDue::Yes { requests, exact: true })
}

/// The dates without a pull to make whose units are final, or become so by time alone, and have no control totals. In
/// order of time.
pub(super) fn lacking(
    timeline: &Timeline<'_>,
    dates: &BTreeMap<NaiveDate, DueDate>,
    reprocess: Reprocess,
) -> Vec<(NaiveDate, DueDate, TotalsDue)> {
    let state = timeline.state;
    if reprocess == Reprocess::Failed || !state.spec.control_totals || state.extractor.is_none() {
        return Vec::new();
    }
    let is_idle = |date: &NaiveDate| !dates.contains_key(date) && timeline.wanted.covers(Window::day(*date));
    let nothing = |date| DueDate { step: timeline.steps.on(date), pulls: Vec::new() };
    let sealed = state.checkpoint.sealed.iter();
    let sealed = sealed.filter(|(date, unit)| is_lacking(timeline, **date, unit)).map(|(date, _)| *date);
    let mut open: Vec<NaiveDate> = state.checkpoint.open.iter().map(|known| known.window.date()).collect();
    open.dedup();
    open.retain(|date| is_idle(date) && seals(timeline, *date, &nothing(*date)));
    let mut lacking: Vec<_> = sealed
        .filter(is_idle)
        .chain(open)
        .filter_map(|date| {
            let nothing = nothing(date);
            let requests = requests(timeline, date, nothing.step)?;
            Some((date, nothing, TotalsDue::Yes { requests, exact: false }))
        })
        .collect();
    lacking.sort_by_key(|(date, ..)| *date);
    lacking
}

/// Whether a sealed unit was never compared with the provider's own totals.
fn is_lacking(timeline: &Timeline<'_>, date: NaiveDate, unit: &SealedUnit) -> bool {
    let known = timeline.state.checkpoint.costs.sealed.get(&date).and_then(|cost| cost.totals);
    let verdict = Verdict::of(unit.verdict.as_ref());
    known.is_none() && matches!(verdict, None | Some(Verdict::Held)) && unit.windows.covers(Window::day(date))
}

/// The requests that the totals of `date` take, as far as that can be known; `None` where nothing is to be asked.
fn requests(timeline: &Timeline<'_>, date: NaiveDate, step: Grain) -> Option<u64> {
    let (state, day) = (timeline.state, Window::day(date));
    let extractor = state.extractor.filter(|_| state.spec.control_totals && !timeline.is_lost(day))?;
    let opening = distinct(extractor.control_requests(&with_step(state.spec, step), day));
    let last = state.checkpoint.costs.sealed.values().rev().find_map(|known| known.totals);
    (opening > 0).then(|| opening.max(last.unwrap_or(0)))
}

/// Whether `date` is sealed as a whole once the pulls of `due` have found what they found before.
fn seals(timeline: &Timeline<'_>, date: NaiveDate, due: &DueDate) -> bool {
    let (state, now, day) = (timeline.state, timeline.now, Window::day(date));
    let stays_open = |pull: &Pull| !state.spec.is_final(pull.window, now);
    if timeline.horizon() < day.end() || due.pulls.iter().any(stays_open) {
        return false;
    }
    let is_pulled = |window: Window| due.pulls.iter().any(|pull| pull.window.overlaps(window));
    let stays = |window: Window| window.overlaps(day) && !is_pulled(window);
    let known = state.checkpoint;
    let mut after = Checkpoint {
        open: known.open.iter().filter(|record| stays(record.window)).cloned().collect(),
        failed: known.failed.iter().filter(|failed| stays(failed.window)).cloned().collect(),
        held: known.held.iter().filter(|held| stays(held.window)).cloned().collect(),
        ..Checkpoint::default()
    };
    if after.open.iter().any(|record| !timeline.is_final(record)) {
        return false;
    }
    let scope = timeline.steps.digest(due.step).unwrap_or_default();
    after.open.extend(due.pulls.iter().map(|pull| pulled(timeline, pull.window, scope)));
    after.open.sort_by_key(|record| record.window);
    let before = after.clone();
    settle(DatasetState { checkpoint: &before, ..state }, now, &mut after);
    let state = DatasetState { checkpoint: &after, ..state };
    after.loaded().covers(day) && is_sealable(state, now, date)
}

/// The record of `window` as the planner needs it, pulled now.
fn pulled(timeline: &Timeline<'_>, window: Window, scope_digest: &str) -> WindowRecord {
    WindowRecord {
        window,
        pulled_at: timeline.now,
        run_id: RunId::new(""),
        rows: 0,
        rejected_rows: 0,
        pulls: 1,
        pull_digest: String::new(),
        content_digest: String::new(),
        scope_digest: scope_digest.to_owned(),
        empty: false,
        verdict: None,
    }
}
