//! Status: what is loaded, what is missing and until when, and what last went wrong. Pure.

use chrono::{DateTime, Utc};
use highwater_core::{DatasetName, Grain, SourceName, Window, WindowSet};
use serde::Serialize;

use crate::control::mismatched;
use crate::dataset_state::DatasetState;
use crate::plan::instant;
use crate::states::{State, states_of};
use crate::timeline::Timeline;

/// The state of all datasets at an instant. Its JSON form is that of `status --format json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusReport {
    /// The instant.
    #[serde(serialize_with = "instant")]
    pub as_of: DateTime<Utc>,
    /// The sources, in the order given.
    pub sources: Vec<SourceStatus>,
}

/// The state of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceStatus {
    /// The source.
    pub source: SourceName,
    /// The provider's name.
    pub provider: String,
    /// Its datasets, in the order given.
    pub datasets: Vec<DatasetStatus>,
}

/// The state of one dataset. Adjacent windows are merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatasetStatus {
    /// The dataset.
    pub dataset: DatasetName,
    /// The size of a row's bucket, as configured.
    pub grain: Grain,
    /// Everything published, empty and final windows included.
    pub loaded: WindowSet,
    /// What is never pulled again.
    #[serde(rename = "final")]
    pub settled: WindowSet,
    /// What is due and not loaded; without what failed.
    pub missing: WindowSet,
    /// Windows whose last attempt failed, published ones included.
    pub failed: Vec<FailedStatus>,
    /// Revisits that the shrink guard holds.
    pub held: Vec<HeldStatus>,
    /// What is lost: past retention and never loaded.
    pub expired: WindowSet,
    /// What is published and does not agree with the provider's own figures.
    pub mismatched: WindowSet,
    /// Rows of everything published. A sealed unit counts as a whole, and only when all of it is in the range.
    pub rows: u64,
    /// Rows set aside.
    pub rejected_rows: u64,
    /// From the end of the newest published window to the end of the newest one that the provider has; null when
    /// nothing is published.
    pub behind_seconds: Option<u64>,
    /// When a window was last loaded or found unchanged.
    #[serde(serialize_with = "optional_instant")]
    pub last_success: Option<DateTime<Utc>>,
    /// The last error, until a run goes without one.
    pub last_error: Option<String>,
}

/// Adjacent windows that failed alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedStatus {
    /// The windows, as one span.
    pub window: Window,
    /// The error and its sources, one line.
    pub error: String,
}

/// A revisit that the shrink guard holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldStatus {
    /// The window.
    pub window: Window,
    /// What it would change, one line.
    pub reason: String,
    /// When it was held.
    #[serde(serialize_with = "instant")]
    pub held_at: DateTime<Utc>,
    /// When it is pulled again, unless it was refused.
    #[serde(serialize_with = "instant")]
    pub due_at: DateTime<Utc>,
    /// Whether an operator refused it.
    pub refused: bool,
    /// Whether an operator accepted it.
    pub accepted: bool,
}

fn optional_instant<S: serde::Serializer>(
    at: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => instant(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// The status of `datasets` at `now`; of the windows wholly inside `range` where one is given. Datasets of one source
/// stand together.
#[must_use]
pub fn status(datasets: &[DatasetState<'_>], now: DateTime<Utc>, range: Option<Window>) -> StatusReport {
    let mut sources: Vec<SourceStatus> = Vec::new();
    for state in datasets {
        let dataset = dataset_status(&Timeline::new(*state, now, range), range);
        match sources.iter_mut().find(|known| known.source == *state.source) {
            Some(known) => known.datasets.push(dataset),
            None => sources.push(SourceStatus {
                source: state.source.clone(),
                provider: state.provider.to_owned(),
                datasets: vec![dataset],
            }),
        }
    }
    StatusReport { as_of: now, sources }
}

fn dataset_status(timeline: &Timeline<'_>, range: Option<Window>) -> DatasetStatus {
    let states = states_of(timeline);
    let set = |keep: &dyn Fn(State) -> bool| -> WindowSet {
        states.iter().filter(|known| keep(known.state)).map(|known| known.window).collect()
    };
    let loaded = set(&State::is_loaded);
    let expired = set(&|state| state == State::Expired);
    let (rows, rejected_rows) = rows(timeline, range);
    let checkpoint = timeline.state.checkpoint;
    DatasetStatus {
        dataset: timeline.state.spec.name.clone(),
        grain: timeline.state.spec.grain,
        settled: set(&|state| state == State::Final),
        missing: set(&|state| state == State::Missing),
        failed: failed(timeline, &expired),
        held: held(timeline),
        mismatched: mismatched(checkpoint).intersection(&timeline.wanted),
        rows,
        rejected_rows,
        behind_seconds: behind_seconds(timeline, &loaded),
        last_success: checkpoint.last_success,
        last_error: checkpoint.last_error.clone(),
        loaded,
        expired,
    }
}

fn failed(timeline: &Timeline<'_>, expired: &WindowSet) -> Vec<FailedStatus> {
    let mut merged: Vec<FailedStatus> = Vec::new();
    let wanted = |window: Window| timeline.wanted.covers(window) && !expired.overlaps(window);
    for failed in timeline.state.checkpoint.failed.iter().filter(|failed| wanted(failed.window)) {
        let (window, error) = (failed.window, failed.error.clone());
        match merged.last_mut().filter(|last| last.window.end() == window.start() && last.error == error) {
            Some(last) => last.window = Window::of(last.window.start(), window.end()),
            None => merged.push(FailedStatus { window, error }),
        }
    }
    merged
}

fn held(timeline: &Timeline<'_>) -> Vec<HeldStatus> {
    let held = timeline.state.checkpoint.held.iter();
    held.filter(|held| timeline.wanted.covers(held.window))
        .map(|held| HeldStatus {
            window: held.window,
            reason: held.reason.clone(),
            held_at: held.held_at,
            due_at: held.due_at,
            refused: held.refused,
            accepted: held.accepted,
        })
        .collect()
}

fn rows(timeline: &Timeline<'_>, range: Option<Window>) -> (u64, u64) {
    let inside = |windows: &WindowSet| {
        range.is_none_or(|range| windows.difference(&WindowSet::from(range)).is_empty())
    };
    let sealed = timeline.state.checkpoint.sealed.values().filter(|unit| inside(&unit.windows));
    let sealed = sealed.map(|unit| (unit.rows, unit.rejected_rows));
    let open = timeline.records().map(|record| (record.rows, record.rejected_rows));
    sealed.chain(open).fold((0, 0), |sum, add| (sum.0 + add.0, sum.1 + add.1))
}

fn behind_seconds(timeline: &Timeline<'_>, loaded: &WindowSet) -> Option<u64> {
    let newest = loaded.iter().next_back()?.end();
    let step = timeline.steps.on(newest.date_naive());
    let last_wanted = timeline.wanted.iter().next_back()?.end();
    let available = step.floor(timeline.horizon().min(last_wanted));
    Some(u64::try_from((available - newest).num_seconds()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use highwater_core::{FailedWindow, HeldWindow, SealedUnit, WindowRecord};

    use super::*;
    use crate::fixture::{Dataset, at, spec, window};

    /// Seven hours available: one final, one empty, one held, one failed, two missing, one loaded whose revisit failed.
    fn dataset() -> Dataset {
        let mut dataset = Dataset::new(spec(), Some("2026-09-01"));
        let hour = |hour: i64| {
            let start = at("2026-09-01T00:00:00Z") + TimeDelta::hours(hour);
            Window::of(start, start + TimeDelta::hours(1))
        };
        let now = at("2026-09-01T10:00:00Z");
        let settled = WindowRecord { verdict: Some("held".to_owned()), ..dataset.record(hour(0), now) };
        let verdict = Some("mismatch".to_owned());
        let empty = WindowRecord { empty: true, rows: 0, verdict, ..dataset.record(hour(1), now) };
        dataset.checkpoint.record(settled);
        dataset.checkpoint.record(empty);
        dataset.load(hour(2), now);
        dataset.load(hour(6), now);
        for index in [3, 6] {
            let error = "timeout".to_owned();
            dataset.checkpoint.fail(FailedWindow { window: hour(index), failed_at: now, error });
        }
        dataset.checkpoint.hold(HeldWindow {
            window: hour(2),
            held_at: now,
            due_at: now + TimeDelta::hours(1),
            content_digest: "d".to_owned(),
            reason: "nothing left".to_owned(),
            refused: false,
            accepted: false,
        });
        dataset.checkpoint.last_success = Some(now);
        dataset
    }

    #[test]
    fn the_json_of_a_status_is_as_agreed() {
        let dataset = dataset();
        let report = status(&[dataset.state()], at("2026-09-01T10:30:00Z"), None);
        let span = |from: &str, to: &str| {
            serde_json::json!([format!("2026-09-01T{from}Z"), format!("2026-09-01T{to}Z")])
        };
        let expected = serde_json::json!({
            "as_of": "2026-09-01T10:30:00Z",
            "sources": [{
                "source": "main",
                "provider": "any",
                "datasets": [{
                    "dataset": "usage",
                    "grain": "hour",
                    "loaded": [span("00:00:00", "03:00:00"), span("06:00:00", "07:00:00")],
                    "final": [span("00:00:00", "01:00:00")],
                    "missing": [span("04:00:00", "06:00:00")],
                    "failed": [
                        {"window": span("03:00:00", "04:00:00"), "error": "timeout"},
                        {"window": span("06:00:00", "07:00:00"), "error": "timeout"},
                    ],
                    "held": [{
                        "window": span("02:00:00", "03:00:00"),
                        "reason": "nothing left",
                        "held_at": "2026-09-01T10:00:00Z",
                        "due_at": "2026-09-01T11:00:00Z",
                        "refused": false,
                        "accepted": false,
                    }],
                    "expired": [],
                    "mismatched": [span("01:00:00", "02:00:00")],
                    "rows": 3,
                    "rejected_rows": 0,
                    "behind_seconds": 0,
                    "last_success": "2026-09-01T10:00:00Z",
                    "last_error": "timeout",
                }],
            }],
        });
        assert_eq!(serde_json::to_value(&report).unwrap(), expected);
    }

    #[test]
    fn a_range_shows_the_windows_wholly_inside_it() {
        let dataset = dataset();
        let range = window("2026-09-01T00:30:00Z", "2026-09-01T05:30:00Z");
        let report = status(&[dataset.state()], at("2026-09-01T10:30:00Z"), Some(range));
        let dataset = &report.sources[0].datasets[0];
        assert_eq!(dataset.loaded, window("2026-09-01T01:00:00Z", "2026-09-01T03:00:00Z").into());
        assert_eq!(dataset.missing, window("2026-09-01T04:00:00Z", "2026-09-01T05:00:00Z").into());
        assert_eq!(dataset.behind_seconds, Some(2 * 3600));
    }

    #[test]
    fn how_far_behind_counts_from_what_the_provider_has() {
        let mut dataset = Dataset::new(spec(), Some("2026-09-01"));
        let now = at("2026-09-01T10:30:00Z");
        let behind =
            |dataset: &Dataset| status(&[dataset.state()], now, None).sources[0].datasets[0].behind_seconds;
        assert_eq!(behind(&dataset), None);
        dataset.load(window("2026-09-01T00:00:00Z", "2026-09-01T01:00:00Z"), now);
        assert_eq!(behind(&dataset), Some(6 * 3600));
    }

    #[test]
    fn a_sealed_unit_is_final_and_keeps_its_counts() {
        let mut dataset = Dataset::new(spec(), Some("2026-09-01"));
        let day = Window::day("2026-09-01".parse().unwrap());
        let unit = SealedUnit { windows: day.into(), rows: 24, rejected_rows: 2, ..SealedUnit::default() };
        dataset.checkpoint.seal(day.date(), unit);
        let report = status(&[dataset.state()], at("2026-09-02T03:00:00Z"), None);
        let found = &report.sources[0].datasets[0];
        assert_eq!((found.rows, found.rejected_rows), (24, 2));
        assert_eq!(found.settled, day.into());
        assert!(found.missing.is_empty());
    }
}
