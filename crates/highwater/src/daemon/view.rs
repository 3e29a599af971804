//! The view: all that the page, the metrics and the webhook tell, gathered at one instant. Pure.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use highwater_core::{Checkpoint, Window, WindowSet};
use highwater_pipeline::{
    DatasetState, DatasetStatus, Plan, PlanOrder, PlanRequest, Reprocess, State, StatusReport, WindowState,
    plan, states, status,
};
use highwater_transform::scope_digest;

use super::board::Notes;
use crate::config::{Config, DatasetConfig, SourceConfig};

/// How long after its turn a window may be missing before that is worth a word.
const PATIENCE: TimeDelta = TimeDelta::minutes(30);
/// The same for what can be had for an hour only.
const LIVE_PATIENCE: TimeDelta = TimeDelta::minutes(5);

/// One dataset that is on, and what is known of it.
#[derive(Debug)]
pub(super) struct Feed<'a> {
    pub(super) source: &'a SourceConfig,
    pub(super) dataset: &'a DatasetConfig,
    pub(super) checkpoint: &'a Checkpoint,
    /// The place of the source in the configuration.
    pub(super) source_index: usize,
    scope_digest: String,
}

impl Feed<'_> {
    /// What the planner and `status` look at.
    pub(super) fn state(&self) -> DatasetState<'_> {
        DatasetState {
            provider: self.source.provider.name(),
            source: &self.source.name,
            spec: &self.dataset.spec,
            start: self.dataset.start,
            checkpoint: self.checkpoint,
            extractor: None,
            requests_per_second: self.source.requests_per_second,
            scope_digest: &self.scope_digest,
        }
    }

    /// `source/dataset`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.source.name, self.dataset.spec.name)
    }

    /// The windows of its timeline at `now`, each with its state.
    pub(super) fn states(&self, now: DateTime<Utc>) -> Vec<WindowState<'_>> {
        states(self.state(), now, None)
    }

    /// The verdicts of the checks against the provider's own totals, with the first day of what each is about.
    pub(super) fn verdicts(&self) -> impl Iterator<Item = (NaiveDate, &str)> {
        let sealed = self.checkpoint.sealed.iter().map(|(date, unit)| (*date, unit.verdict.as_deref()));
        let open =
            self.checkpoint.open.iter().map(|record| (record.window.date(), record.verdict.as_deref()));
        sealed.chain(open).filter_map(|(date, verdict)| Some((date, verdict?)))
    }
}

/// Adjacent windows of one dataset that are not loaded and can still be had.
#[derive(Clone, Debug)]
pub(super) struct Gap {
    /// The place of the dataset among the feeds.
    pub(super) feed: usize,
    pub(super) window: Window,
    /// Why its last attempt failed; `None` when there was none.
    pub(super) error: Option<String>,
    /// When the first of it is lost, where the provider says how far back it answers.
    pub(super) lost_at: Option<DateTime<Utc>>,
    /// Whether its turn has come and gone.
    pub(super) late: bool,
}

/// The daemon at an instant.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) now: DateTime<Utc>,
    /// Every dataset that is on, source by source.
    pub(super) feeds: Vec<Feed<'a>>,
    pub(super) report: StatusReport,
    /// What is planned, lost, and soon to be lost.
    pub(super) plan: Plan,
    /// The one that is lost first comes first.
    pub(super) gaps: Vec<Gap>,
    pub(super) notes: &'a Notes,
}

impl<'a> View<'a> {
    /// What is to be told at `now`. Before the state was read for the first time, no dataset is told of.
    pub(super) fn new(config: &'a Config, notes: &'a Notes, now: DateTime<Utc>) -> Self {
        let mut feeds = Vec::new();
        let mut checkpoints = notes.checkpoints.iter();
        for (source_index, source) in config.sources.iter().enumerate() {
            for (dataset, checkpoint) in source.enabled().zip(checkpoints.by_ref()) {
                let scope_digest = scope_digest(&dataset.spec);
                feeds.push(Feed { source, dataset, checkpoint, source_index, scope_digest });
            }
        }
        let states: Vec<DatasetState<'_>> = feeds.iter().map(Feed::state).collect();
        let report = status(&states, now, None);
        let (reprocess, order) = (Reprocess::Missing, PlanOrder::NewestFirst);
        let plan = plan(&states, &PlanRequest { now, range: None, reprocess, order, live: true });
        drop(states);
        let mut gaps: Vec<Gap> =
            feeds.iter().enumerate().flat_map(|(index, feed)| gaps_of(index, feed, now)).collect();
        gaps.sort_by_key(|gap| (gap.lost_at.is_none(), gap.lost_at, gap.window));
        Self { now, feeds, report, plan, gaps, notes }
    }

    /// The status of each feed, in their order.
    pub(super) fn statuses(&self) -> impl Iterator<Item = (&Feed<'a>, &DatasetStatus)> {
        self.feeds.iter().zip(self.report.sources.iter().flat_map(|source| &source.datasets))
    }

    /// Whether the source of `feed` is loading, and nothing went wrong with it: what it lacks is on its way.
    pub(super) fn is_on_its_way(&self, feed: &Feed<'_>) -> bool {
        let activity = self.notes.activities.get(feed.source_index);
        activity.is_some_and(|activity| activity.working_since.is_some() && activity.stopped.is_none())
    }
}

fn gaps_of(index: usize, feed: &Feed<'_>, now: DateTime<Utc>) -> Vec<Gap> {
    let states = feed.states(now);
    let set = |wanted: State| -> WindowSet {
        states.iter().filter(|known| known.state == wanted).map(|known| known.window).collect()
    };
    let spec = &feed.dataset.spec;
    let patience = if spec.live { LIVE_PATIENCE } else { PATIENCE };
    let gap = |window: Window, error: Option<String>| {
        let available = window.start() + spec.step.duration() + spec.lag;
        let turn = feed.dataset.schedule.next_after(available);
        let late = turn.is_some_and(|turn| turn + patience < now);
        Gap { feed: index, window, error, lost_at: spec.expires_at(window), late }
    };
    let failed = set(State::Failed);
    let mut gaps: Vec<Gap> = set(State::Missing).iter().map(|window| gap(window, None)).collect();
    for window in failed.iter() {
        let known = feed.checkpoint.failed.iter().rfind(|known| known.window.overlaps(window));
        gaps.push(gap(window, known.map(|known| known.error.clone())));
    }
    gaps
}
