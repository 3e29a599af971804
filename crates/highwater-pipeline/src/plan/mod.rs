//! The planner: which windows are due, why, in which order, and what they cost. Pure.

mod cost;
mod due;
mod extent;
mod order;
#[cfg(test)]
mod tests;
mod totals;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use highwater_core::{DatasetName, Grain, SourceName, Unit, Window, WindowSet, format_instant};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::dataset_state::DatasetState;
use crate::timeline::Timeline;
use due::DueDate;
pub use extent::check_extent;
use order::{Candidate, EXPIRES_SOON};
pub(crate) use totals::TotalsDue;

/// Why a window is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// It follows all that is loaded.
    New,
    /// It is missing before or between what is loaded.
    Gap,
    /// It has come to an age at which it is pulled again.
    Revisit,
    /// Its last attempt failed.
    Failed,
    /// It was loaded under other settings.
    Scope,
    /// It was asked for whatever its state.
    Forced,
    /// The shrink guard holds a change of it that is to be seen again.
    Held,
    /// No window is: the unit is final, and was never compared with the provider's own totals.
    Totals,
}

impl Reason {
    /// The reason as one word, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gap => "gap",
            Self::Revisit => "revisit",
            Self::Failed => "failed",
            Self::Scope => "scope",
            Self::Forced => "forced",
            Self::Held => "held",
            Self::Totals => "totals",
        }
    }
}

/// Which windows of the range are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reprocess {
    /// Those that are due: missing, failed, due revisits and holds, loaded under other settings.
    #[default]
    Missing,
    /// Those whose last attempt failed.
    Failed,
    /// All that are available and not past retention. Dates turn to the configured size of windows where they are
    /// taken as a whole.
    All,
}

/// Which dates go first among windows that are equally urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanOrder {
    /// The newest: what a daemon wants.
    NewestFirst,
    /// The oldest: what a backfill wants.
    OldestFirst,
}

/// What to plan for.
#[derive(Clone, Copy, Debug)]
pub struct PlanRequest {
    /// The instant to plan at.
    pub now: DateTime<Utc>,
    /// The windows to look at are those wholly inside; without a range, all from each dataset's first day.
    pub range: Option<Window>,
    /// Which of them are taken.
    pub reprocess: Reprocess,
    /// Which dates go first.
    pub order: PlanOrder,
    /// Whether live datasets are planned. They sample the present, so never at an instant that is not now.
    pub live: bool,
}

/// The pulls to make of one unit, and whether its control totals are asked for. Its JSON form is that of an entry of
/// `plan --format json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedUnit {
    /// The unit.
    pub unit: Unit,
    /// The provider's name.
    pub provider: String,
    /// The pulls, each one or several adjacent windows as one span: in order of time, disjoint, within the unit's date.
    /// None where only control totals are due.
    pub windows: Vec<Window>,
    /// Why they are due.
    pub reasons: BTreeSet<Reason>,
    /// The requests they will take, those for the unit's control totals included.
    pub requests: u64,
    /// Whether that is what these same windows took last time under the same settings, and not a guess. A unit whose
    /// control totals are asked for the first time is a guess.
    pub requests_exact: bool,
    /// The size of their windows: the configured one, or the one that the date keeps.
    pub step: Grain,
    /// The requests that one of the pulls takes.
    pub(crate) requests_a_pull: u64,
    /// Whether control totals are asked for.
    pub(crate) totals: TotalsDue,
}

impl Serialize for PlannedUnit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut json = serializer.serialize_struct("PlannedUnit", 8)?;
        json.serialize_field("unit", &self.unit)?;
        json.serialize_field("source", &self.unit.source)?;
        json.serialize_field("dataset", &self.unit.dataset)?;
        json.serialize_field("usage_date", &self.unit.date)?;
        json.serialize_field("windows", &self.windows)?;
        json.serialize_field("reasons", &self.reasons)?;
        json.serialize_field("requests", &self.requests)?;
        json.serialize_field("requests_exact", &self.requests_exact)?;
        json.end()
    }
}

/// Adjacent windows of a dataset that were never loaded, and when the provider stops answering for the first of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExpiringSpan {
    /// The source.
    pub source: SourceName,
    /// The dataset.
    pub dataset: highwater_core::DatasetName,
    /// The windows, as one span.
    pub window: Window,
    /// The last instant at which all of them can be asked for.
    #[serde(serialize_with = "instant")]
    pub expires_at: DateTime<Utc>,
}

pub(crate) fn instant<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format_instant(*at))
}

/// What is due. Its JSON form is that of `plan --format json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The instant it was made for.
    #[serde(serialize_with = "instant")]
    pub as_of: DateTime<Utc>,
    /// The units, source by source, in the order in which they are taken. Sources are taken side by side.
    pub units: Vec<PlannedUnit>,
    /// The requests that all of them take.
    pub requests: u64,
    /// The time they take at the providers' rate limits: that of the source that takes longest, since sources run
    /// side by side.
    pub seconds_at_rate_limit: u64,
    /// What is lost: past retention and never loaded. Never requested.
    pub expired: Vec<ExpiringSpan>,
    /// What is lost within seven days unless it is loaded.
    #[serde(skip)]
    pub expiring_soon: Vec<ExpiringSpan>,
    #[serde(skip)]
    rates: BTreeMap<SourceName, f64>,
    /// The datasets that were planned, whether or not they have units, each with the first day wanted.
    #[serde(skip)]
    pub(crate) starts: BTreeMap<(SourceName, DatasetName), Option<NaiveDate>>,
    /// Whether it is a part of what was planned, so that others may take the rest at the same time.
    #[serde(skip)]
    pub(crate) partial: bool,
}

impl Plan {
    /// Keeps the units that `keep` names, and what they cost.
    #[must_use]
    pub fn select(mut self, keep: impl Fn(&Unit) -> bool) -> Self {
        self.units.retain(|planned| keep(&planned.unit));
        self.partial = true;
        self.add_up();
        self
    }

    fn add_up(&mut self) {
        let mut by_source: BTreeMap<&SourceName, u64> = BTreeMap::new();
        for planned in &self.units {
            *by_source.entry(&planned.unit.source).or_default() += planned.requests;
        }
        self.requests = by_source.values().sum();
        let seconds = |(source, requests): (&&SourceName, &u64)| {
            let rate = self.rates.get(*source).copied().unwrap_or(1.0);
            // Requests are counted in thousands at most; the float carries them exactly.
            (*requests as f64 / rate).ceil() as u64
        };
        self.seconds_at_rate_limit = by_source.iter().map(seconds).max().unwrap_or_default();
    }
}

/// Plans `datasets`: every window that is available, not past retention and due, exactly once. Windows are aligned to
/// their step, disjoint, and never cross a UTC date.
#[must_use]
pub fn plan(datasets: &[DatasetState<'_>], request: &PlanRequest) -> Plan {
    let mut plan = Plan {
        as_of: request.now,
        units: Vec::new(),
        requests: 0,
        seconds_at_rate_limit: 0,
        expired: Vec::new(),
        expiring_soon: Vec::new(),
        rates: BTreeMap::new(),
        starts: BTreeMap::new(),
        partial: false,
    };
    let mut sources: Vec<(&SourceName, Vec<Vec<Candidate>>)> = Vec::new();
    for state in datasets.iter().filter(|state| request.live || !state.spec.live) {
        let timeline = Timeline::new(*state, request.now, request.range);
        note_losses(&timeline, &mut plan);
        plan.rates.insert(state.source.clone(), state.requests_per_second);
        plan.starts.insert((state.source.clone(), state.spec.name.clone()), state.start);
        let due = due::due(&timeline, request.reprocess);
        let mut units = Vec::with_capacity(due.len());
        for (date, due) in &due {
            units.push(candidate(&timeline, *date, due, totals::of_date(&timeline, *date, due)));
        }
        for (date, nothing, totals) in totals::lacking(&timeline, &due, request.reprocess) {
            units.push(candidate(&timeline, date, &nothing, totals));
        }
        match sources.iter_mut().find(|(source, _)| *source == state.source) {
            Some((_, known)) => known.push(units),
            None => sources.push((state.source, vec![units])),
        }
    }
    for (_, datasets) in sources {
        plan.units.extend(order::take_turns(datasets, request.now, request.order));
    }
    plan.add_up();
    plan
}

fn candidate(timeline: &Timeline<'_>, date: NaiveDate, due: &DueDate, totals: TotalsDue) -> Candidate {
    let state = &timeline.state;
    let unpublished = due.pulls.iter().filter(|pull| !pull.published);
    let deadline = unpublished.filter_map(|pull| state.spec.expires_at(pull.window)).min();
    let pulls = cost::of_pulls(timeline, date, due);
    let mut reasons: BTreeSet<Reason> = due.pulls.iter().map(|pull| pull.reason).collect();
    if due.pulls.is_empty() {
        reasons.insert(Reason::Totals);
    }
    let unit = PlannedUnit {
        unit: Unit { source: state.source.clone(), dataset: state.spec.name.clone(), date },
        provider: state.provider.to_owned(),
        windows: due.pulls.iter().map(|pull| pull.window).collect(),
        reasons,
        requests: pulls.requests + totals.requests(),
        requests_exact: pulls.exact && totals.expected().exact,
        step: due.step,
        requests_a_pull: pulls.requests.div_ceil(due.pulls.len().max(1) as u64),
        totals,
    };
    Candidate { unit, deadline }
}

fn note_losses(timeline: &Timeline<'_>, plan: &mut Plan) {
    let (mut lost, mut soon) = (WindowSet::new(), WindowSet::new());
    for stretch in timeline.unloaded() {
        let expires_at = |window| timeline.state.spec.expires_at(window);
        if stretch.lost {
            lost.insert(stretch.window);
        } else if expires_at(stretch.window).is_some_and(|at| at <= timeline.now + EXPIRES_SOON) {
            let expiring =
                |bucket: &Window| expires_at(*bucket).is_some_and(|at| at <= timeline.now + EXPIRES_SOON);
            stretch.window.buckets(stretch.step).take_while(expiring).for_each(|bucket| soon.insert(bucket));
        }
    }
    let retention = timeline.state.spec.retention.unwrap_or(TimeDelta::zero());
    let span = |window: Window| ExpiringSpan {
        source: timeline.state.source.clone(),
        dataset: timeline.state.spec.name.clone(),
        window,
        expires_at: window.start() + retention,
    };
    plan.expired.extend(lost.iter().map(span));
    plan.expiring_soon.extend(soon.iter().map(span));
}
