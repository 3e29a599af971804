//! The state of every window of a timeline: disjoint states that leave no instant out.

use std::fmt;

use chrono::{DateTime, Utc};
use highwater_core::{Window, WindowRecord, WindowSet};

use crate::dataset_state::DatasetState;
use crate::timeline::{Timeline, trimmed};

/// What is known of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Due and not loaded.
    Missing,
    /// Nothing is published, and the last attempt failed.
    Failed,
    /// Published, and still to be revisited.
    Loaded,
    /// Published as one for which the provider listed nothing, and still to be revisited.
    Empty,
    /// Published, and never pulled again.
    Final,
    /// Past retention and never loaded: lost.
    Expired,
}

impl State {
    /// The word in the table `coverage` and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Failed => "failed",
            Self::Loaded => "loaded",
            Self::Empty => "empty",
            Self::Final => "final",
            Self::Expired => "expired",
        }
    }

    /// Whether the windows are published.
    #[must_use]
    pub const fn is_loaded(self) -> bool {
        matches!(self, Self::Loaded | Self::Empty | Self::Final)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Adjacent windows of one date in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowState<'a> {
    /// The windows, as one span that never crosses a UTC date.
    pub window: Window,
    /// Their state.
    pub state: State,
    /// What is published of them, while their unit is not sealed.
    pub record: Option<&'a WindowRecord>,
}

/// The states of all windows of `dataset` at `now`, in order of time and disjoint: from the first day wanted (or, where
/// none is configured, from what is first known) up to what the provider has by now. With a `range`, the windows that lie
/// wholly inside it. Windows are the records of what is loaded, and maximal runs of the rest within a date.
#[must_use]
pub fn states<'a>(
    dataset: DatasetState<'a>,
    now: DateTime<Utc>,
    range: Option<Window>,
) -> Vec<WindowState<'a>> {
    states_of(&Timeline::new(dataset, now, range))
}

pub(crate) fn states_of<'a>(timeline: &Timeline<'a>) -> Vec<WindowState<'a>> {
    let failed = timeline.failed();
    let mut states = Vec::new();
    for stretch in timeline.unloaded() {
        let whole = WindowSet::from(stretch.window);
        if stretch.lost {
            extend(&mut states, &whole, State::Expired);
        } else {
            extend(&mut states, &whole.intersection(&failed), State::Failed);
            extend(&mut states, &whole.difference(&failed), State::Missing);
        }
    }
    for (date, unit) in &timeline.state.checkpoint.sealed {
        let step = timeline.steps.on(*date);
        let wanted = unit.windows.intersection(&timeline.wanted);
        let whole = wanted.iter().filter_map(|part| trimmed(part, step));
        extend(&mut states, &whole.collect(), State::Final);
    }
    states.extend(timeline.records().map(|record| WindowState {
        window: record.window,
        state: state_of(timeline, record),
        record: Some(record),
    }));
    states.sort_by_key(|state| state.window);
    states
}

pub(crate) fn state_of(timeline: &Timeline<'_>, record: &WindowRecord) -> State {
    if timeline.is_final(record) {
        State::Final
    } else if record.empty {
        State::Empty
    } else {
        State::Loaded
    }
}

fn extend(states: &mut Vec<WindowState<'_>>, windows: &WindowSet, state: State) {
    states.extend(windows.iter().map(|window| WindowState { window, state, record: None }));
}
