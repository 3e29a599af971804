//! What the pulls of a date take, in requests: as much as last time, else what a pull opens with. Pure.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use highwater_core::{PageRequest, WindowSet};

use super::due::DueDate;
use crate::kept_step::with_step;
use crate::timeline::Timeline;

/// Requests to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// How many.
    pub(super) requests: u64,
    /// Whether that is what the same took last time, and not a guess.
    pub(super) exact: bool,
}

/// What the pulls of `due`, on `date`, take.
pub(super) fn of_pulls(timeline: &Timeline<'_>, date: NaiveDate, due: &DueDate) -> Expected {
    if let Some(requests) = of_sealed_unit(timeline, date, due) {
        return Expected { requests, exact: true };
    }
    let spec = with_step(timeline.state.spec, due.step);
    let typical = typical(timeline);
    let mut expected = Expected { requests: 0, exact: true };
    for pull in &due.pulls {
        let known = timeline.state.checkpoint.costs.pull(pull.window);
        let opening = || {
            let extractor = timeline.state.extractor;
            extractor.map_or(1, |extractor| distinct(extractor.first(&spec, pull.window)))
        };
        expected.requests += known.unwrap_or_else(|| typical.max(opening()));
        // What a pull took under other settings is a guess of what it takes under these.
        expected.exact &= pull.repeats && known.is_some();
    }
    expected
}

/// What all windows of a sealed unit took together, where `due` pulls just these again, each by itself as before.
fn of_sealed_unit(timeline: &Timeline<'_>, date: NaiveDate, due: &DueDate) -> Option<u64> {
    let checkpoint = timeline.state.checkpoint;
    let unit = checkpoint.sealed.get(&date)?;
    let requests = checkpoint.costs.sealed.get(&date)?.pulls?;
    let pulled: WindowSet = due.pulls.iter().map(|pull| pull.window).collect();
    let one_a_pull = timeline.steps.span(due.step) <= due.step.duration();
    let is_known = pulled == unit.windows && one_a_pull && due.pulls.iter().all(|pull| pull.repeats);
    is_known.then_some(requests)
}

/// What a pull of the dataset takes on average, rounded up; at least one request.
fn typical(timeline: &Timeline<'_>) -> u64 {
    let checkpoint = timeline.state.checkpoint;
    let pulls = &checkpoint.costs.pulls;
    let sum: u64 = pulls.iter().map(|known| known.requests).sum();
    let average = (!pulls.is_empty()).then(|| sum.div_ceil(pulls.len() as u64));
    average.or(checkpoint.requests_per_window).unwrap_or(1).max(1)
}

/// A request that is named twice is made once.
pub(super) fn distinct(requests: Vec<PageRequest>) -> u64 {
    requests.into_iter().collect::<BTreeSet<_>>().len() as u64
}
