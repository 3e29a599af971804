//! What needs an operator's attention, the gravest first. Pure.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use highwater_core::{DatasetName, Grain, SourceName, Window};
use serde::Serialize;

use super::view::{Feed, Gap, View};

/// What is not loaded and is lost within this time is urgent.
const SOON: TimeDelta = TimeDelta::days(7);
/// How long a loss is news.
const NEWS: TimeDelta = TimeDelta::days(7);
/// How far back a total that does not match is still looked into.
const RECONCILED: TimeDelta = TimeDelta::days(35);

/// What kind of thing it is: the word in the webhook's JSON and in metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// The warehouse cannot be read.
    WarehouseUnreachable,
    /// A source refused us, stopped, or answered nothing.
    SourceFailed,
    /// What is not loaded is lost for good within seven days.
    GapExpiring,
    /// Something was lost for good in the last seven days.
    Lost,
    /// Our rows do not add up to the provider's own total.
    Mismatch,
    /// A later pull would have shrunk what is published, and waits for a word.
    Held,
    /// Windows failed.
    WindowsFailed,
    /// Windows are missing after their turn.
    Late,
}

impl Kind {
    /// The word for it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::WarehouseUnreachable => "warehouse_unreachable",
            Self::SourceFailed => "source_failed",
            Self::GapExpiring => "gap_expiring",
            Self::Lost => "lost",
            Self::Mismatch => "mismatch",
            Self::Held => "held",
            Self::WindowsFailed => "windows_failed",
            Self::Late => "late",
        }
    }

    /// Whether something is wrong now, rather than to be looked at some time today.
    pub(super) const fn is_grave(self) -> bool {
        matches!(self, Self::WarehouseUnreachable | Self::SourceFailed | Self::GapExpiring | Self::Lost)
    }

    /// Whether the webhook tells of it.
    pub(super) const fn is_posted(self) -> bool {
        matches!(self, Self::SourceFailed | Self::GapExpiring | Self::Mismatch | Self::Held)
    }
}

/// One thing that needs attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Concern {
    pub(super) kind: Kind,
    pub(super) source: Option<SourceName>,
    pub(super) dataset: Option<DatasetName>,
    /// One line: what it is.
    pub(super) headline: String,
    /// One line: what to do.
    pub(super) advice: String,
    /// The same for as long as nothing about it changes but the time.
    pub(super) fingerprint: String,
}

/// All that needs attention in `view`.
pub(super) fn concerns(view: &View<'_>) -> Vec<Concern> {
    let mut concerns: Vec<Concern> = view.notes.unreachable.iter().map(|error| unreachable(error)).collect();
    concerns.extend(failed_sources(view));
    for (index, feed) in view.feeds.iter().enumerate() {
        let gaps: Vec<&Gap> = view.gaps.iter().filter(|gap| gap.feed == index).collect();
        concerns.extend(gap(view, feed, &gaps));
        concerns.extend(lost(view, feed));
        concerns.extend(mismatch(view.now, feed));
        concerns.extend(held(feed));
    }
    concerns.sort_by_key(|concern| concern.kind);
    concerns
}

fn unreachable(error: &str) -> Concern {
    Concern {
        kind: Kind::WarehouseUnreachable,
        source: None,
        dataset: None,
        headline: format!("The warehouse cannot be read: {error}"),
        advice: "Nothing is lost by waiting: loading goes on when it is back. Check the store and its credentials."
            .to_owned(),
        fingerprint: String::new(),
    }
}

fn failed_sources(view: &View<'_>) -> Vec<Concern> {
    let mut concerns = Vec::new();
    let mut seen = BTreeSet::new();
    for feed in view.feeds.iter().filter(|feed| seen.insert(feed.source_index)) {
        let Some(activity) = view.notes.activities.get(feed.source_index) else { continue };
        let name = &feed.source.name;
        let (headline, advice, fingerprint) = match &activity.stopped {
            Some(stopped) if activity.refused => (
                format!("{name} refuses our credentials: {}", stopped.message),
                stopped.hint.clone(),
                stopped.kind,
            ),
            Some(stopped) => {
                (format!("{name} stopped: {}", stopped.message), stopped.hint.clone(), stopped.kind)
            }
            None if activity.failing => (
                format!("{name}: every pull of its last run failed"),
                "The errors are listed with its datasets; each is tried again on schedule.".to_owned(),
                "failing",
            ),
            None => continue,
        };
        concerns.push(Concern {
            kind: Kind::SourceFailed,
            source: Some(name.clone()),
            dataset: None,
            headline,
            advice,
            fingerprint: fingerprint.to_owned(),
        });
    }
    concerns
}

/// The gravest thing about what `feed` lacks.
fn gap(view: &View<'_>, feed: &Feed<'_>, gaps: &[&Gap]) -> Option<Concern> {
    let late: Vec<&&Gap> = gaps.iter().filter(|gap| gap.late).collect();
    let failed: Vec<&&Gap> = gaps.iter().filter(|gap| gap.error.is_some()).collect();
    let troubled = !view.is_on_its_way(feed) || !failed.is_empty();
    let expiring = late.iter().find(|gap| gap.lost_at.is_some_and(|at| at <= view.now + SOON));
    if let Some(gap) = expiring.filter(|_| troubled) {
        let left = gap.lost_at.map_or(TimeDelta::zero(), |at| at - view.now);
        let within = if left <= TimeDelta::days(1) { "a day" } else { "a week" };
        let headline =
            format!("{}: {} is lost for good in {}", feed.name(), stretch(gap.window), words(left));
        let advice =
            "Load it before then: see why it is missing below, or run `highwater backfill` for this range.";
        return Some(about(feed, Kind::GapExpiring, headline, advice, within.to_owned()));
    }
    if let Some(gap) = failed.first() {
        let count = failed.len();
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let error = gap.error.as_deref().unwrap_or_default();
        let headline = format!("{}: {}{more} failed: {error}", feed.name(), stretch(gap.window));
        let advice = "It is tried again on schedule; what is published is untouched.";
        return Some(about(feed, Kind::WindowsFailed, headline, advice, error.to_owned()));
    }
    let gap = late.first().filter(|_| troubled)?;
    let headline = format!("{}: {} is missing though its turn has passed", feed.name(), stretch(gap.window));
    let advice = "The next run takes it; if it stays, look for errors in the log.";
    Some(about(feed, Kind::Late, headline, advice, String::new()))
}

fn lost(view: &View<'_>, feed: &Feed<'_>) -> Option<Concern> {
    let name = &feed.dataset.spec.name;
    let mut expired =
        view.plan.expired.iter().filter(|span| span.source == feed.source.name && span.dataset == *name);
    let retention = feed.dataset.spec.retention?;
    let recent = expired.rfind(|span| span.window.end() + retention > view.now - NEWS)?;
    let headline = format!("{}: {} is lost for good", feed.name(), stretch(recent.window));
    let advice =
        "The provider no longer answers for it. It stays marked as expired and is never counted as empty.";
    let fingerprint = recent.window.end().to_string();
    Some(about(feed, Kind::Lost, headline, advice, fingerprint))
}

fn mismatch(now: DateTime<Utc>, feed: &Feed<'_>) -> Option<Concern> {
    let since = (now - RECONCILED).date_naive();
    let wrong = feed.verdicts().filter(|(date, verdict)| *verdict == "mismatch" && *date >= since);
    let dates: BTreeSet<_> = wrong.map(|(date, _)| date).collect();
    let (first, last) = (dates.first()?, dates.last()?);
    let when = if first == last {
        first.to_string()
    } else {
        format!("{} days from {first} to {last}", dates.len())
    };
    let headline = format!("{}: {when} does not add up to the provider's own total", feed.name());
    let advice =
        "`highwater audit` shows both figures; the rows are published as the provider itemised them.";
    Some(about(feed, Kind::Mismatch, headline, advice, format!("{dates:?}")))
}

fn held(feed: &Feed<'_>) -> Option<Concern> {
    let waiting: Vec<_> =
        feed.checkpoint.held.iter().filter(|held| !held.refused && !held.accepted).collect();
    let first = waiting.first()?;
    let more = if waiting.len() > 1 { format!(" and {} more", waiting.len() - 1) } else { String::new() };
    let headline = format!("{}: {}{more} is held: {}", feed.name(), stretch(first.window), first.reason);
    let advice = "What is published stays. `highwater held list` shows it; accept or refuse it there.";
    let fingerprint = waiting.iter().map(|held| held.window.to_string()).collect::<Vec<_>>().join(" ");
    Some(about(feed, Kind::Held, headline, advice, fingerprint))
}

fn about(feed: &Feed<'_>, kind: Kind, headline: String, advice: &str, fingerprint: String) -> Concern {
    Concern {
        kind,
        source: Some(feed.source.name.clone()),
        dataset: Some(feed.dataset.spec.name.clone()),
        headline,
        advice: advice.to_owned(),
        fingerprint,
    }
}

/// A stretch of time as short as it can be told: `2026-09-01 05:00–07:00`, `2026-09-01 to 2026-09-03 (3 days)`.
pub(super) fn stretch(window: Window) -> String {
    let (start, end) = (window.start(), window.end());
    let last = end - TimeDelta::milliseconds(1);
    if window.is_aligned(Grain::Day) {
        let days = window.duration().num_days();
        return if days == 1 {
            start.date_naive().to_string()
        } else {
            format!("{} to {} ({days} days)", start.date_naive(), last.date_naive())
        };
    }
    if start.date_naive() == last.date_naive() {
        let until =
            if end.time() == NaiveTime::MIN { "24:00".to_owned() } else { end.format("%H:%M").to_string() };
        return format!("{}–{until}", start.format("%Y-%m-%d %H:%M"));
    }
    let (from, until) = (start.format("%Y-%m-%d %H:%M"), end.format("%Y-%m-%d %H:%M"));
    format!("{from} to {until} ({})", words(window.duration()))
}

/// A span of time in words of two units at most: `3 d 4 h`, `1 h 20 min`, `40 s`. What is past is `0 s`.
pub(super) fn words(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let largest = units.iter().position(|(length, _)| seconds >= *length).unwrap_or(units.len() - 1);
    // Beside minutes, seconds tell nothing.
    let shown = if largest < 2 { &units[largest..largest + 2] } else { &units[largest..=largest] };
    let (mut left, mut parts) = (seconds, Vec::new());
    for (length, unit) in shown {
        let count = left / length;
        left %= length;
        if count > 0 || parts.is_empty() {
            parts.push(format!("{count} {unit}"));
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_told_as_short_as_can_be() {
        let told = |start: &str, end: &str| stretch(Window::of(start.parse().unwrap(), end.parse().unwrap()));
        assert_eq!(told("2026-09-01T05:00:00Z", "2026-09-01T07:00:00Z"), "2026-09-01 05:00–07:00");
        assert_eq!(told("2026-09-01T23:00:00Z", "2026-09-02T00:00:00Z"), "2026-09-01 23:00–24:00");
        assert_eq!(told("2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z"), "2026-09-01");
        assert_eq!(told("2026-09-01T00:00:00Z", "2026-09-04T00:00:00Z"), "2026-09-01 to 2026-09-03 (3 days)");
        assert_eq!(
            told("2026-09-01T05:00:00Z", "2026-09-03T00:00:00Z"),
            "2026-09-01 05:00 to 2026-09-03 00:00 (1 d 19 h)"
        );
    }

    #[test]
    fn a_span_is_told_in_two_units_at_most() {
        let told = |seconds: i64| words(TimeDelta::seconds(seconds));
        assert_eq!([told(-5), told(40), told(3_299), told(4_860)], ["0 s", "40 s", "54 min", "1 h 21 min"]);
        assert_eq!([told(86_400), told(275_000)], ["1 d", "3 d 4 h"]);
    }
}
