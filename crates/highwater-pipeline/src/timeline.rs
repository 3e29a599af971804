//! The timeline of one dataset: which instants are spoken about, which of them are loaded, and which of the others
//! can still be asked for.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use highwater_core::{Grain, HeldWindow, Window, WindowRecord, WindowSet};

use crate::dataset_state::DatasetState;
use crate::kept_step::KeptSteps;

/// A dataset at an instant.
#[derive(Debug)]
pub(crate) struct Timeline<'a> {
    /// The dataset.
    pub(crate) state: DatasetState<'a>,
    /// The instant.
    pub(crate) now: DateTime<Utc>,
    /// What is spoken about: the range asked for, or from the first day wanted up to what is available, and all that
    /// is known besides.
    pub(crate) wanted: WindowSet,
    /// Everything loaded, whether wanted or not.
    pub(crate) loaded: WindowSet,
    /// The size of windows by date.
    pub(crate) steps: KeptSteps,
}

/// Adjacent windows of one date that are available and were never loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    /// All of them, as one span.
    pub(crate) window: Window,
    /// The size of each.
    pub(crate) step: Grain,
    /// Whether retention has passed, so that they are never asked for again.
    pub(crate) lost: bool,
}

impl<'a> Timeline<'a> {
    /// The timeline of `state` at `now`; of `range` alone where one is given.
    pub(crate) fn new(state: DatasetState<'a>, now: DateTime<Utc>, range: Option<Window>) -> Self {
        let loaded = state.checkpoint.loaded();
        let mut timeline =
            Self { state, now, wanted: WindowSet::new(), loaded, steps: KeptSteps::new(&state) };
        timeline.wanted = range.map_or_else(|| timeline.all(), WindowSet::from);
        timeline
    }

    fn all(&self) -> WindowSet {
        let failed = self.failed();
        let known = [self.loaded.iter().next(), failed.iter().next()];
        let first_known = known.into_iter().flatten().map(|window| window.start()).min();
        let edge = self.edge().map(|edge| self.state.spec.step.ceil(edge));
        // A live dataset looks back no further than the provider does: what passed before it was first sampled was never wanted.
        let start = self.state.start.filter(|_| !self.state.spec.live);
        let from =
            start.map(|date| Window::day(date).start()).or_else(|| edge.into_iter().chain(first_known).min());
        let wanted = from.and_then(|from| Window::new(from, self.horizon()).ok());
        self.loaded.iter().chain(failed.iter()).chain(wanted).collect()
    }

    /// The end of what is available, whatever the size of windows.
    pub(crate) fn horizon(&self) -> DateTime<Utc> {
        Grain::Minute.floor(self.now - self.state.spec.lag)
    }

    /// The first instant that the provider still answers for, if that is known.
    fn edge(&self) -> Option<DateTime<Utc>> {
        self.state.spec.retention.map(|retention| self.now - retention)
    }

    /// Whether the provider has stopped answering for `window`.
    pub(crate) fn is_lost(&self, window: Window) -> bool {
        self.state.spec.expires_at(window).is_some_and(|expires_at| expires_at < self.now)
    }

    /// The windows whose last attempt failed, whether published or not.
    pub(crate) fn failed(&self) -> WindowSet {
        self.state.checkpoint.failed.iter().map(|failed| failed.window).collect()
    }

    /// What is wanted, available and was never loaded, date by date, each stretch wholly lost or wholly not.
    pub(crate) fn unloaded(&self) -> Vec<Stretch> {
        let Some(available) = Window::new(DateTime::<Utc>::MIN_UTC, self.horizon()).ok() else {
            return Vec::new();
        };
        let gaps = self.wanted.difference(&self.loaded).within(available);
        let mut stretches = Vec::new();
        for gap in gaps.iter() {
            for date in gap.dates() {
                self.stretches_of(gap, date, &mut stretches);
            }
        }
        stretches
    }

    fn stretches_of(&self, gap: Window, date: NaiveDate, stretches: &mut Vec<Stretch>) {
        let step = self.steps.on(date);
        let whole = gap.intersection(Window::day(date)).and_then(|part| trimmed(part, step));
        let Some(whole) = whole else { return };
        let edge =
            self.edge().map_or(whole.start(), |edge| step.ceil(edge).clamp(whole.start(), whole.end()));
        let lost = Window::new(whole.start(), edge).ok();
        let open = Window::new(edge, whole.end()).ok();
        stretches.extend(lost.map(|window| Stretch { window, step, lost: true }));
        stretches.extend(open.map(|window| Stretch { window, step, lost: false }));
    }

    /// The open records wholly inside what is wanted.
    pub(crate) fn records(&self) -> impl Iterator<Item = &'a WindowRecord> + '_ {
        self.state.checkpoint.open.iter().filter(|record| self.wanted.covers(record.window))
    }

    /// The hold on `window`, if any.
    pub(crate) fn hold(&self, window: Window) -> Option<&'a HeldWindow> {
        self.state.checkpoint.held.iter().find(|held| held.window.overlaps(window))
    }

    /// When `record` was last pulled, as far as revisits care: a pull whose outcome an operator refused was one too.
    pub(crate) fn last_pulled(&self, record: &WindowRecord) -> DateTime<Utc> {
        let refused = self.hold(record.window).filter(|held| held.refused);
        refused.map_or(record.pulled_at, |held| held.held_at.max(record.pulled_at))
    }

    /// Whether nothing more will be pulled for `record`: it had its last revisit, or the provider no longer answers.
    pub(crate) fn is_final(&self, record: &WindowRecord) -> bool {
        self.is_lost(record.window)
            || record.verdict.as_deref() == Some(crate::HELD_VERDICT)
            || self.state.spec.is_final(record.window, self.last_pulled(record))
    }

    /// Whether a revisit of `record` is due.
    pub(crate) fn is_revisit_due(&self, record: &WindowRecord) -> bool {
        let pulled_at = self.last_pulled(record);
        let due = |age: &TimeDelta| {
            let at = record.window.end() + *age;
            pulled_at < at && at <= self.now
        };
        self.state.spec.revisits.iter().any(due) && !self.is_final(record)
    }
}

/// The whole windows of the size `step` inside `part`, as one span.
pub(crate) fn trimmed(part: Window, step: Grain) -> Option<Window> {
    Window::new(step.ceil(part.start()), step.floor(part.end())).ok()
}
