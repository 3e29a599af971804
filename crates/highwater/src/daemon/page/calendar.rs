//! The coverage calendar of a dataset: a cell an hour or a day, coloured by its state, each with its story. Pure.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use highwater_core::{Grain, Window};
use highwater_pipeline::{State, WindowState};

use super::super::view::Feed;
use super::story::{minute, title};

/// Days that are always shown hour by hour.
const RECENT_DAYS: i64 = 14;
/// The most days that are shown hour by hour, those further back with something to see included.
const MOST_DAYS: usize = 31;
/// Weeks that are shown day by day.
const WEEKS: i64 = 13;

/// What a cell shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CellState {
    /// Before the first day wanted.
    Outside,
    /// The provider has it later.
    Waiting,
    /// What is known of the windows inside.
    Known(Rank, State),
}

/// How much a state is to be noticed: of several in one cell the gravest shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(u8);

const fn rank(state: State) -> Rank {
    Rank(match state {
        State::Final => 0,
        State::Empty => 1,
        State::Loaded => 2,
        State::Expired => 3,
        State::Missing => 4,
        State::Failed => 5,
    })
}

impl CellState {
    /// The word that the style knows it by.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Outside => "outside",
            Self::Waiting => "waiting",
            Self::Known(_, state) => state.as_str(),
        }
    }
}

/// What a cell is marked with, so that colour is not all that tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Failed,
    Missing,
    Lost,
    Held,
    Mismatch,
}

impl Mark {
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Failed => "!",
            Self::Missing => "?",
            Self::Lost => "×",
            Self::Held => "‖",
            Self::Mismatch => "≠",
        }
    }
}

/// One hour or one day.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) state: CellState,
    pub(crate) mark: Option<Mark>,
    pub(crate) story: String,
}

/// A row of cells.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) weekday: String,
    /// Empty where a row is a weekday of many weeks.
    pub(crate) date: String,
    pub(crate) cells: Vec<Cell>,
}

/// The calendar of one dataset.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// One label for every `columns_a_label` columns.
    pub(crate) labels: Vec<String>,
    pub(crate) columns_a_label: usize,
    pub(crate) rows: Vec<Row>,
    /// Days with something to see that there was no room for.
    pub(crate) left_out: usize,
}

/// Draws the calendar of `feed`, whose windows have these `states`, at `now`.
pub(crate) fn calendar(feed: &Feed<'_>, states: &[WindowState<'_>], now: DateTime<Utc>) -> Calendar {
    let pen = Pen { feed, states, now };
    if feed.dataset.spec.step == Grain::Day { pen.days() } else { pen.hours() }
}

/// What cells are drawn from.
pub(super) struct Pen<'a> {
    pub(super) feed: &'a Feed<'a>,
    states: &'a [WindowState<'a>],
    pub(super) now: DateTime<Utc>,
}

impl Pen<'_> {
    /// A row a day, the newest first; a column an hour.
    fn hours(&self) -> Calendar {
        let today = self.now.date_naive();
        let recent: Vec<NaiveDate> = (0..RECENT_DAYS).map(|days| today - TimeDelta::days(days)).collect();
        let mut earlier: Vec<NaiveDate> = self
            .states
            .iter()
            .filter(|known| self.is_notable(known))
            .map(|known| known.window.date())
            .collect();
        earlier.retain(|date| !recent.contains(date));
        earlier.dedup();
        earlier.reverse();
        let room = MOST_DAYS - recent.len();
        let left_out = earlier.len().saturating_sub(room);
        earlier.truncate(room);
        let row = |date: &NaiveDate| Row {
            weekday: date.format("%a").to_string(),
            date: date.format("%d %b").to_string(),
            cells: Window::day(*date).buckets(Grain::Hour).map(|hour| self.cell(hour)).collect(),
        };
        let labels = (0..8).map(|part| format!("{:02}", part * 3)).collect();
        Calendar {
            labels,
            columns_a_label: 3,
            rows: recent.iter().chain(&earlier).map(row).collect(),
            left_out,
        }
    }

    /// A row a weekday, a column a week, the newest last.
    fn days(&self) -> Calendar {
        let today = self.now.date_naive();
        let monday = today - TimeDelta::days(i64::from(today.weekday().num_days_from_monday()));
        let first = monday - TimeDelta::weeks(WEEKS - 1);
        let row = |weekday: i64| {
            let days = (0..WEEKS).map(|week| first + TimeDelta::days(7 * week + weekday));
            let weekday = (first + TimeDelta::days(weekday)).format("%a").to_string();
            Row {
                weekday,
                date: String::new(),
                cells: days.map(|date| self.cell(Window::day(date))).collect(),
            }
        };
        let labels = (0..WEEKS).map(|week| {
            let told = week % 2 == 0;
            if told { (first + TimeDelta::weeks(week)).format("%d %b").to_string() } else { String::new() }
        });
        let notable =
            self.states.iter().filter(|known| self.is_notable(known) && known.window.date() < first);
        let left_out = notable.count();
        Calendar { labels: labels.collect(), columns_a_label: 1, rows: (0..7).map(row).collect(), left_out }
    }

    fn is_notable(&self, known: &WindowState<'_>) -> bool {
        matches!(known.state, State::Missing | State::Failed)
            || self.mark(known).is_some_and(|mark| mark != Mark::Lost)
    }

    fn cell(&self, bucket: Window) -> Cell {
        let from = self.states.partition_point(|known| known.window.end() <= bucket.start());
        let inside = self.states[from..].iter().take_while(|known| known.window.start() < bucket.end());
        let Some(known) = inside.max_by_key(|known| rank(known.state)) else { return self.blank(bucket) };
        let mut story = format!("{}: {}", title(bucket), self.story(known));
        let record = known.record.and_then(|record| record.verdict.as_deref());
        if let Some(verdict) = record.or_else(|| self.sealed_verdict(bucket)) {
            story.push_str(&format!(" · provider's total: {}", verdict.replace('_', " ")));
        }
        if let Some(held) = self.feed.checkpoint.held.iter().find(|held| held.window.overlaps(bucket)) {
            story.push_str(&format!(" · a later pull is held: {}", held.reason));
        }
        if let Some(failed) = self.failure(bucket).filter(|_| known.state.is_loaded()) {
            story.push_str(&format!(" · a later pull failed: {failed}"));
        }
        Cell {
            state: CellState::Known(rank(known.state), known.state),
            mark: self.mark_of(known, bucket),
            story,
        }
    }

    fn blank(&self, bucket: Window) -> Cell {
        let available = self.feed.dataset.spec.available_at(bucket);
        let (state, story) = if available > self.now {
            (CellState::Waiting, format!("the provider has it from {} on", minute(available)))
        } else {
            (CellState::Outside, "before the first day wanted".to_owned())
        };
        Cell { state, mark: None, story: format!("{}: {story}", title(bucket)) }
    }

    fn mark(&self, known: &WindowState<'_>) -> Option<Mark> {
        self.mark_of(known, known.window)
    }

    fn mark_of(&self, known: &WindowState<'_>, bucket: Window) -> Option<Mark> {
        let verdict =
            known.record.and_then(|record| record.verdict.as_deref()).or_else(|| self.sealed_verdict(bucket));
        match known.state {
            State::Failed => Some(Mark::Failed),
            State::Missing => Some(Mark::Missing),
            State::Expired => Some(Mark::Lost),
            _ if self.feed.checkpoint.held.iter().any(|held| held.window.overlaps(bucket)) => {
                Some(Mark::Held)
            }
            _ if self.failure(bucket).is_some() => Some(Mark::Failed),
            _ if verdict == Some("mismatch") => Some(Mark::Mismatch),
            _ => None,
        }
    }

    pub(super) fn failure(&self, bucket: Window) -> Option<&str> {
        let failed = self.feed.checkpoint.failed.iter().find(|failed| failed.window.overlaps(bucket));
        failed.map(|failed| failed.error.as_str())
    }

    fn sealed_verdict(&self, bucket: Window) -> Option<&str> {
        self.feed.checkpoint.sealed.get(&bucket.date()).and_then(|unit| unit.verdict.as_deref())
    }
}
