//! The step that a date keeps: what is loaded under one size of windows stays so when the configuration turns to
//! another, because windows of two sizes cannot stand in one object without counting an hour twice.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use highwater_core::{DatasetSpec, Grain, Window};
use highwater_transform::scope_digest;

use crate::dataset_state::DatasetState;

/// `spec` as it is when its windows have the size `step`.
#[must_use]
pub(crate) fn with_step(spec: &DatasetSpec, step: Grain) -> DatasetSpec {
    if spec.step == step {
        return spec.clone();
    }
    let one_a_pull = spec.span <= spec.step.duration();
    let span = if one_a_pull { step.duration() } else { spec.span.max(step.duration()) };
    let grain = if spec.grain == spec.step { step } else { spec.grain };
    DatasetSpec { grain, step, span, ..spec.clone() }
}

/// The steps of one dataset's dates.
#[derive(Debug)]
pub(crate) struct KeptSteps {
    configured: Grain,
    spans: BTreeMap<Grain, TimeDelta>,
    digests: BTreeMap<Grain, String>,
    kept: BTreeMap<NaiveDate, Grain>,
}

impl KeptSteps {
    /// Reads the steps of the dates that the checkpoint knows.
    pub(crate) fn new(state: &DatasetState<'_>) -> Self {
        let spec = state.spec;
        let mut spans = BTreeMap::from([(spec.step, spec.span)]);
        let mut digests = BTreeMap::from([(spec.step, state.scope_digest.to_owned())]);
        let others = spec.grains.iter().filter(|grain| spec.grain == spec.step && **grain != spec.step);
        for other in others {
            let spec = with_step(spec, *other);
            spans.insert(*other, spec.span);
            digests.insert(*other, scope_digest(&spec));
        }
        let mut steps = Self { configured: spec.step, spans, digests, kept: BTreeMap::new() };
        for (date, unit) in &state.checkpoint.sealed {
            let longest = unit.windows.iter().next();
            steps.keep(*date, longest.and_then(|window| steps.sealed_step(window, &unit.scope_digest)));
        }
        for record in &state.checkpoint.open {
            steps.keep(record.window.date(), steps.step_of(record.window, &record.scope_digest));
        }
        steps
    }

    /// The size of the windows on `date`.
    pub(crate) fn on(&self, date: NaiveDate) -> Grain {
        self.kept.get(&date).copied().unwrap_or(self.configured)
    }

    /// The longest pull of windows of the size `step`.
    pub(crate) fn span(&self, step: Grain) -> TimeDelta {
        self.spans.get(&step).copied().unwrap_or(step.duration())
    }

    /// The digest that windows of the size `step` have under the settings as configured.
    pub(crate) fn digest(&self, step: Grain) -> Option<&str> {
        self.digests.get(&step).map(String::as_str)
    }

    fn keep(&mut self, date: NaiveDate, step: Option<Grain>) {
        if let Some(step) = step.filter(|step| *step != self.configured) {
            self.kept.insert(date, step);
        }
    }

    /// The step under which `window` was loaded: told by the digest, or else, when more than the step has changed
    /// since, by what the window itself allows.
    fn step_of(&self, window: Window, digest: &str) -> Option<Grain> {
        let told = self.told(digest);
        let too_fine = !window.is_aligned(self.configured);
        let too_coarse = window.duration() > self.span(self.configured);
        told.or_else(|| (too_fine || too_coarse).then(|| coarsest(window)).flatten())
    }

    /// As `step_of`, for windows that a seal has merged.
    fn sealed_step(&self, window: Window, digest: &str) -> Option<Grain> {
        let too_fine = !window.is_aligned(self.configured);
        self.told(digest).or_else(|| too_fine.then(|| coarsest(window)).flatten())
    }

    fn told(&self, digest: &str) -> Option<Grain> {
        self.digests.iter().find(|(_, known)| *known == digest).map(|(step, _)| *step)
    }
}

/// The coarsest grain that `window` is made of.
fn coarsest(window: Window) -> Option<Grain> {
    [Grain::Day, Grain::Hour, Grain::Minute].into_iter().find(|grain| window.is_aligned(*grain))
}
