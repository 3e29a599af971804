//! What the status page shows, ready to be laid out. Pure.

use chrono::{DateTime, Utc};
use highwater_core::{TrafficCount, Window};
use highwater_pipeline::DatasetStatus;

use super::super::board::RunEntry;
use super::super::concerns::{Concern, concerns};
use super::super::view::{Feed, View};
use super::calendar::{Calendar, calendar};

/// What the daemon says of itself.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// Where the warehouse is.
    pub(crate) warehouse: String,
    pub(crate) started_at: DateTime<Utc>,
    /// What each source has asked, in the order of the configuration.
    pub(crate) traffic: Vec<TrafficCount>,
}

/// Whether all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The state was not read yet.
    Unknown,
    /// Nothing needs attention.
    Well,
    /// Nothing needs attention, and what is missing is being loaded.
    CatchingUp,
    /// Something is to be looked at.
    Attention,
    /// Something is wrong now.
    Wrong,
}

/// All that the page shows.
#[derive(Clone, Debug)]
pub(crate) struct PageModel {
    pub(crate) about: About,
    pub(crate) as_of: DateTime<Utc>,
    pub(crate) verdict: Verdict,
    /// The gravest first.
    pub(crate) concerns: Vec<Concern>,
    /// Windows that are due now.
    pub(crate) windows_due: u64,
    pub(crate) next_run: Option<DateTime<Utc>>,
    pub(crate) sources: Vec<SourcePanel>,
    pub(crate) gaps: Vec<GapRow>,
    pub(crate) lost: Vec<(String, Window)>,
    pub(crate) held: Vec<HeldRow>,
    pub(crate) runs: Vec<RunEntry>,
}

/// One source and its datasets.
#[derive(Clone, Debug)]
pub(crate) struct SourcePanel {
    pub(crate) name: String,
    pub(crate) provider: &'static str,
    pub(crate) working_since: Option<DateTime<Utc>>,
    pub(crate) refused: bool,
    pub(crate) stopped: Option<String>,
    pub(crate) traffic: TrafficCount,
    pub(crate) requests_last_hour: u64,
    pub(crate) requests_per_second: f64,
    pub(crate) datasets: Vec<DatasetPanel>,
}

/// One dataset.
#[derive(Clone, Debug)]
pub(crate) struct DatasetPanel {
    /// `source/dataset`.
    pub(crate) name: String,
    pub(crate) dataset: String,
    pub(crate) description: &'static str,
    pub(crate) grain: &'static str,
    pub(crate) status: DatasetStatus,
    pub(crate) next_run: Option<DateTime<Utc>>,
    pub(crate) schedule: String,
    /// Whether something about it needs attention.
    pub(crate) concerned: bool,
    /// Whether what it lacks is being loaded.
    pub(crate) on_its_way: bool,
    pub(crate) totals: Totals,
    pub(crate) calendar: Calendar,
}

/// How often our rows agreed with the provider's own totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) matches: usize,
    pub(crate) mismatches: usize,
    pub(crate) not_itemised: usize,
    /// Finals that keep what was published before a pull that would have shrunk it.
    pub(crate) kept: usize,
}

/// What is not loaded.
#[derive(Clone, Debug)]
pub(crate) struct GapRow {
    pub(crate) name: String,
    pub(crate) window: Window,
    pub(crate) error: Option<String>,
    pub(crate) lost_at: Option<DateTime<Utc>>,
    pub(crate) late: bool,
    /// Whether it is being loaded.
    pub(crate) on_its_way: bool,
}

impl GapRow {
    /// Whether it is more than a window whose turn is about to come.
    pub(crate) fn is_troubling(&self) -> bool {
        self.error.is_some() || (self.late && !self.on_its_way)
    }
}

/// A revisit that waits.
#[derive(Clone, Debug)]
pub(crate) struct HeldRow {
    pub(crate) name: String,
    pub(crate) window: Window,
    pub(crate) reason: String,
    pub(crate) word: &'static str,
    pub(crate) due_at: DateTime<Utc>,
}

impl PageModel {
    /// Takes from `view` what the page shows.
    pub(crate) fn new(view: &View<'_>, about: &About) -> Self {
        let concerns = concerns(view);
        let gaps: Vec<GapRow> = view.gaps.iter().map(|gap| gap_row(view, gap)).collect();
        let verdict = if concerns.iter().any(|concern| concern.kind.is_grave()) {
            Verdict::Wrong
        } else if view.notes.read_at.is_none() {
            Verdict::Unknown
        } else if concerns.is_empty() && gaps.iter().any(|gap| gap.on_its_way && gap.late) {
            Verdict::CatchingUp
        } else if concerns.is_empty() {
            Verdict::Well
        } else {
            Verdict::Attention
        };
        let sources = sources(view, about, &concerns);
        let next_runs =
            sources.iter().flat_map(|source| &source.datasets).filter_map(|dataset| dataset.next_run);
        Self {
            about: about.clone(),
            as_of: view.now,
            verdict,
            windows_due: view.plan.units.iter().map(|unit| unit.windows.len() as u64).sum(),
            next_run: next_runs.min(),
            gaps,
            lost: view
                .plan
                .expired
                .iter()
                .map(|span| (format!("{}/{}", span.source, span.dataset), span.window))
                .collect(),
            held: view.feeds.iter().flat_map(held_rows).collect(),
            runs: view.notes.runs.iter().cloned().collect(),
            sources,
            concerns,
        }
    }
}

fn gap_row(view: &View<'_>, gap: &super::super::view::Gap) -> GapRow {
    let feed = &view.feeds[gap.feed];
    GapRow {
        name: feed.name(),
        window: gap.window,
        error: gap.error.clone(),
        lost_at: gap.lost_at,
        late: gap.late,
        on_its_way: view.is_on_its_way(feed),
    }
}

fn held_rows(feed: &Feed<'_>) -> Vec<HeldRow> {
    let row = |held: &highwater_core::HeldWindow| HeldRow {
        name: feed.name(),
        window: held.window,
        reason: held.reason.clone(),
        word: match (held.accepted, held.refused) {
            (true, _) => "accepted",
            (_, true) => "refused",
            _ => "waits for a word",
        },
        due_at: held.due_at,
    };
    feed.checkpoint.held.iter().map(row).collect()
}

fn sources(view: &View<'_>, about: &About, concerns: &[Concern]) -> Vec<SourcePanel> {
    let mut panels: Vec<(usize, SourcePanel)> = Vec::new();
    for (feed, status) in view.statuses() {
        let dataset = dataset(view, feed, status, concerns);
        match panels.last_mut().filter(|(index, _)| *index == feed.source_index) {
            Some((_, panel)) => panel.datasets.push(dataset),
            None => panels.push((feed.source_index, source(view, about, feed, dataset))),
        }
    }
    panels.into_iter().map(|(_, panel)| panel).collect()
}

fn source(view: &View<'_>, about: &About, feed: &Feed<'_>, first: DatasetPanel) -> SourcePanel {
    let activity = view.notes.activities.get(feed.source_index);
    SourcePanel {
        name: feed.source.name.to_string(),
        provider: feed.source.provider.title(),
        working_since: activity.and_then(|activity| activity.working_since),
        refused: activity.is_some_and(|activity| activity.refused),
        stopped: activity
            .and_then(|activity| activity.stopped.as_ref())
            .map(|stopped| stopped.message.clone()),
        traffic: about.traffic.get(feed.source_index).copied().unwrap_or_default(),
        requests_last_hour: activity.map_or(0, super::super::board::Activity::requests_last_hour),
        requests_per_second: feed.source.requests_per_second,
        datasets: vec![first],
    }
}

fn dataset(view: &View<'_>, feed: &Feed<'_>, status: &DatasetStatus, concerns: &[Concern]) -> DatasetPanel {
    let (source, name) = (&feed.source.name, &feed.dataset.spec.name);
    let mut totals = Totals::default();
    for (_, verdict) in feed.verdicts() {
        match verdict {
            "match" => totals.matches += 1,
            "mismatch" => totals.mismatches += 1,
            "not_itemised" => totals.not_itemised += 1,
            _ => totals.kept += 1,
        }
    }
    let about = |concern: &Concern| {
        concern.source.as_ref() == Some(source) && concern.dataset.as_ref().is_none_or(|about| about == name)
    };
    DatasetPanel {
        name: feed.name(),
        dataset: name.to_string(),
        description: feed.dataset.spec.description,
        grain: feed.dataset.spec.grain.as_str(),
        status: status.clone(),
        next_run: feed.dataset.schedule.next_after(view.now),
        schedule: feed.dataset.schedule.to_string(),
        concerned: concerns.iter().any(about),
        on_its_way: view.is_on_its_way(feed),
        totals,
        calendar: calendar(feed, &feed.states(view.now), view.now),
    }
}
