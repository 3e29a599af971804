//! Checkpoints: what has been loaded of one dataset, as far as the planner and `status` need it.
//!
//! The objects are the truth; a checkpoint is an index of them and never ahead of them. Failures and holds are state,
//! not data: only the checkpoint knows them.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::costs::Costs;
use crate::ids::RunId;
use crate::window::Window;
use crate::window_set::WindowSet;

/// The newest checkpoint format that this program reads and writes.
pub const CHECKPOINT_FORMAT: u32 = 1;

/// A run of adjacent windows that one pull covered, as published. Objects carry the same record in their metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowRecord {
    /// The windows, as one span.
    pub window: Window,
    /// When they were last pulled.
    pub pulled_at: DateTime<Utc>,
    /// The run that pulled the published content.
    pub run_id: RunId,
    /// Rows over all tables.
    pub rows: u64,
    /// Rows set aside.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejected_rows: u64,
    /// How many times they were pulled.
    pub pulls: u32,
    /// Digest of the bodies of the published pull: what the raw archive's file is named by.
    pub pull_digest: String,
    /// Digest of the normalised rows, without `extracted_at` and `run_id`.
    pub content_digest: String,
    /// Digest of the dataset's defining settings.
    pub scope_digest: String,
    /// Whether the provider listed nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty: bool,
    /// Outcome of the check against the provider's own totals, once made: `match`, `mismatch`, `not_itemised`, `held`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A unit all of whose windows are final and whose objects were sealed: kept as a summary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedUnit {
    /// The windows that it holds.
    pub windows: WindowSet,
    /// Those for which the provider listed nothing.
    #[serde(default, skip_serializing_if = "WindowSet::is_empty")]
    pub empty: WindowSet,
    /// Rows over all windows and tables.
    pub rows: u64,
    /// Rows set aside.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejected_rows: u64,
    /// Digest of the defining settings of its windows.
    pub scope_digest: String,
    /// The worst verdict of its windows, once made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
}

impl SealedUnit {
    /// Verdicts from best to worst. A window that was never checked says nothing.
    const VERDICTS: [&str; 4] = ["match", "not_itemised", "held", "mismatch"];

    /// The summary of a unit whose windows have these records.
    #[must_use]
    pub fn of<'a>(records: impl IntoIterator<Item = &'a WindowRecord>) -> Self {
        let mut unit = Self::default();
        let mut worst = None;
        for record in records {
            unit.windows.insert(record.window);
            if record.empty {
                unit.empty.insert(record.window);
            }
            if unit.scope_digest.is_empty() {
                unit.scope_digest.clone_from(&record.scope_digest);
            }
            unit.rows += record.rows;
            unit.rejected_rows += record.rejected_rows;
            let verdict = record.verdict.as_deref();
            worst = worst.max(Self::VERDICTS.iter().position(|known| verdict == Some(known)));
        }
        unit.verdict = worst.map(|worst| Self::VERDICTS[worst].to_owned());
        unit
    }
}

/// A window that could not be loaded or revisited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedWindow {
    /// The window.
    pub window: Window,
    /// When it failed.
    pub failed_at: DateTime<Utc>,
    /// The error and its sources, one line.
    pub error: String,
}

/// A revisit that would have shrunk what is published, and waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldWindow {
    /// The window.
    pub window: Window,
    /// When it was held.
    pub held_at: DateTime<Utc>,
    /// When it is pulled again.
    pub due_at: DateTime<Utc>,
    /// Digest of the content that waits: the same again publishes it.
    pub content_digest: String,
    /// What it would change, one line.
    pub reason: String,
    /// Whether an operator refused it: the published content stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// Whether an operator accepted it: the next pull publishes whatever it finds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
}

/// What has been loaded of one dataset of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The format; a newer one than [`CHECKPOINT_FORMAT`] is refused.
    pub format: u32,
    /// Units that are final as a whole.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sealed: BTreeMap<NaiveDate, SealedUnit>,
    /// The records of all other loaded windows, by start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<WindowRecord>,
    /// Windows whose last attempt failed, by start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedWindow>,
    /// Revisits that wait, by start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<HeldWindow>,
    /// When a window was last loaded or found unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success: Option<DateTime<Utc>>,
    /// The last error, until a run goes without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Requests that the newest pull of a window took: the planner's estimate for windows of which it knows nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_window: Option<u64>,
    /// Requests that each window and each unit took last time.
    #[serde(default, skip_serializing_if = "Costs::is_empty")]
    pub costs: Costs,
    /// Of each date whose coverage stands in the warehouse, a digest of what it says: tells which of them to write.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub covered: BTreeMap<NaiveDate, String>,
    /// When the raw archive was last swept of what is older than its retention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_swept_at: Option<DateTime<Utc>>,
}

impl Default for Checkpoint {
    fn default() -> Self {
        Self {
            format: CHECKPOINT_FORMAT,
            sealed: BTreeMap::new(),
            open: Vec::new(),
            failed: Vec::new(),
            held: Vec::new(),
            last_success: None,
            last_error: None,
            requests_per_window: None,
            costs: Costs::default(),
            covered: BTreeMap::new(),
            raw_swept_at: None,
        }
    }
}

impl Checkpoint {
    /// Everything loaded, empty and sealed windows included.
    #[must_use]
    pub fn loaded(&self) -> WindowSet {
        let sealed = self.sealed.values().flat_map(|unit| unit.windows.iter());
        sealed.chain(self.open.iter().map(|record| record.window)).collect()
    }

    /// Records `record`: it replaces what was known of the windows it covers, and clears their failures and holds.
    /// A record that overlaps others only in part cuts them down to what is left of them.
    pub fn record(&mut self, record: WindowRecord) {
        let window = record.window;
        let mut kept = Vec::with_capacity(self.open.len() + 1);
        for known in self.open.drain(..) {
            let rest = WindowSet::from(known.window).difference(&WindowSet::from(window));
            kept.extend(rest.iter().map(|part| WindowRecord { window: part, ..known.clone() }));
        }
        kept.push(record);
        kept.sort_by_key(|known| known.window);
        self.open = kept;
        self.failed.retain(|failed| !window.overlaps(failed.window));
        self.held.retain(|held| !window.overlaps(held.window));
    }

    /// Records that `failed.window` could not be loaded; the newest failure of a window counts.
    pub fn fail(&mut self, failed: FailedWindow) {
        self.failed.retain(|known| !known.window.overlaps(failed.window));
        self.last_error = Some(failed.error.clone());
        self.failed.push(failed);
        self.failed.sort_by_key(|known| known.window);
    }

    /// Records that a revisit waits; the newest hold of a window counts.
    pub fn hold(&mut self, held: HeldWindow) {
        self.held.retain(|known| !known.window.overlaps(held.window));
        self.held.push(held);
        self.held.sort_by_key(|known| known.window);
    }

    /// Replaces the open records of `date` by their summary.
    pub fn seal(&mut self, date: NaiveDate, unit: SealedUnit) {
        self.open.retain(|record| record.window.date() != date);
        self.costs.seal(date, &unit.windows);
        self.sealed.insert(date, unit);
    }

    /// The open record that covers `window`, if any.
    #[must_use]
    pub fn open_record(&self, window: Window) -> Option<&WindowRecord> {
        let after = self.open.partition_point(|record| record.window.start() <= window.start());
        after.checked_sub(1).map(|index| &self.open[index]).filter(|record| record.window.covers(window))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grain::Grain;

    fn hours(from: usize, count: usize) -> Window {
        let day = Window::day("2026-09-01".parse().unwrap());
        let hours: Vec<Window> = day.buckets(Grain::Hour).skip(from).take(count).collect();
        Window::of(hours[0].start(), hours[count - 1].end())
    }

    fn record(window: Window, rows: u64, verdict: Option<&str>) -> WindowRecord {
        WindowRecord {
            window,
            pulled_at: window.end(),
            run_id: RunId::new("run"),
            rows,
            rejected_rows: 1,
            pulls: 1,
            pull_digest: "pages".to_owned(),
            content_digest: "rows".to_owned(),
            scope_digest: "scope".to_owned(),
            empty: rows == 0,
            verdict: verdict.map(str::to_owned),
        }
    }

    #[test]
    fn a_summary_adds_up_its_records_and_has_the_worst_of_their_verdicts() {
        let of = |verdicts: [Option<&str>; 2]| {
            let records = [record(hours(0, 1), 3, verdicts[0]), record(hours(1, 1), 0, verdicts[1])];
            SealedUnit::of(&records)
        };
        let unit = of([None, Some("match")]);
        assert_eq!((unit.windows, unit.empty), (hours(0, 2).into(), hours(1, 1).into()));
        assert_eq!((unit.rows, unit.rejected_rows, unit.scope_digest.as_str()), (3, 2, "scope"));
        assert_eq!(unit.verdict.as_deref(), Some("match"));
        assert_eq!(of([Some("mismatch"), Some("held")]).verdict.as_deref(), Some("mismatch"));
        assert_eq!(of([Some("not_itemised"), Some("held")]).verdict.as_deref(), Some("held"));
        assert_eq!(of([None, None]).verdict, None);
        assert_eq!(SealedUnit::of(&[]), SealedUnit::default());
    }

    #[test]
    fn a_record_replaces_what_it_covers_and_cuts_what_it_covers_in_part() {
        let mut checkpoint = Checkpoint::default();
        checkpoint.record(record(hours(0, 3), 1, None));
        let (failed_at, error) = (hours(1, 1).end(), "no answer".to_owned());
        checkpoint.fail(FailedWindow { window: hours(1, 1), failed_at, error });
        checkpoint.record(record(hours(1, 1), 2, None));
        let known: Vec<(Window, u64)> =
            checkpoint.open.iter().map(|known| (known.window, known.rows)).collect();
        assert_eq!(known, [(hours(0, 1), 1), (hours(1, 1), 2), (hours(2, 1), 1)]);
        assert_eq!(checkpoint.failed, []);
        assert_eq!(checkpoint.loaded(), hours(0, 3).into());
        assert_eq!(checkpoint.open_record(hours(2, 1)).map(|known| known.rows), Some(1));
        assert_eq!(checkpoint.open_record(hours(3, 1)), None);
    }
}
