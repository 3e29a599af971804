//! Sealing: when nothing more will be pulled for a date, its records fold into a summary. Pure.

use chrono::{DateTime, NaiveDate, Utc};
use highwater_core::{Checkpoint, SealedUnit, Window, WindowRecord};

use crate::HELD_VERDICT;
use crate::dataset_state::DatasetState;
use crate::timeline::Timeline;

/// Settles what time has decided: a hold that outlived retention, or was refused at the last revisit, leaves what is
/// published final with the verdict `held`; a failure that outlived retention is no failure any more.
pub(crate) fn settle(state: DatasetState<'_>, now: DateTime<Utc>, checkpoint: &mut Checkpoint) {
    let before = checkpoint.clone();
    let timeline = Timeline::new(DatasetState { checkpoint: &before, ..state }, now, None);
    checkpoint.failed.retain(|failed| !timeline.is_lost(failed.window));
    for held in &before.held {
        let Some(record) = before.open_record(held.window) else { continue };
        let decided = if held.refused { timeline.is_final(record) } else { timeline.is_lost(record.window) };
        if decided {
            checkpoint.record(WindowRecord { verdict: Some(HELD_VERDICT.to_owned()), ..record.clone() });
        }
    }
}

/// Whether nothing more will be pulled for `date`: all its windows are final or lost, under one scope, and nothing
/// waits. A date that is sealed already does not count.
pub(crate) fn is_sealable(state: DatasetState<'_>, now: DateTime<Utc>, date: NaiveDate) -> bool {
    let day = Window::day(date);
    let checkpoint = state.checkpoint;
    let waits = checkpoint.failed.iter().any(|failed| failed.window.overlaps(day))
        || checkpoint.held.iter().any(|held| held.window.overlaps(day));
    if waits || checkpoint.sealed.contains_key(&date) {
        return false;
    }
    let timeline = Timeline::new(state, now, Some(day));
    let mut records = timeline.records().peekable();
    let Some(scope) = records.peek().map(|record| &record.scope_digest) else { return false };
    timeline.horizon() >= day.end()
        && timeline.unloaded().iter().all(|stretch| stretch.lost)
        && records.all(|record| record.scope_digest == *scope && timeline.is_final(record))
}

/// The open records of `date`.
pub(super) fn records_on(checkpoint: &Checkpoint, date: NaiveDate) -> impl Iterator<Item = &WindowRecord> {
    checkpoint.open.iter().filter(move |record| record.window.date() == date)
}

/// The summary of the open records of `date`.
pub(super) fn summary(checkpoint: &Checkpoint, date: NaiveDate) -> SealedUnit {
    SealedUnit::of(records_on(checkpoint, date))
}

/// Replaces all that is known of `date` by `unit`.
pub(super) fn close(checkpoint: &mut Checkpoint, date: NaiveDate, unit: &SealedUnit) {
    let day = Window::day(date);
    checkpoint.failed.retain(|failed| !failed.window.overlaps(day));
    checkpoint.held.retain(|held| !held.window.overlaps(day));
    checkpoint.seal(date, unit.clone());
}

/// Takes `date` apart again, into the records that its objects carry.
pub(super) fn unseal(checkpoint: &mut Checkpoint, date: NaiveDate, published: &[WindowRecord]) {
    if checkpoint.sealed.remove(&date).is_some() {
        checkpoint.costs.sealed.remove(&date);
        published.iter().for_each(|record| checkpoint.record(record.clone()));
    }
}

#[cfg(test)]
mod tests {
    use highwater_core::{FailedWindow, Grain, HeldWindow};

    use super::*;
    use crate::fixture::{Dataset, at, spec, window};

    fn loaded_day() -> (Dataset, NaiveDate) {
        let mut dataset = Dataset::new(spec(), Some("2026-09-01"));
        let day = Window::day("2026-09-01".parse().unwrap());
        day.buckets(Grain::Hour).for_each(|hour| dataset.load(hour, at("2026-09-05T00:00:00Z")));
        (dataset, day.date())
    }

    #[test]
    fn a_date_is_sealed_once_every_window_is_final() {
        let (mut dataset, date) = loaded_day();
        let now = at("2026-09-05T00:00:00Z");
        assert!(is_sealable(dataset.state(), now, date));
        let hour = window("2026-09-01T23:00:00Z", "2026-09-02T00:00:00Z");
        dataset.load(hour, at("2026-09-04T23:59:59Z"));
        assert!(!is_sealable(dataset.state(), now, date));
    }

    #[test]
    fn a_date_with_a_failed_a_held_or_a_missing_window_is_not_sealed() {
        let now = at("2026-09-05T00:00:00Z");
        let hour = window("2026-09-01T05:00:00Z", "2026-09-01T06:00:00Z");
        let (mut dataset, date) = loaded_day();
        dataset.checkpoint.fail(FailedWindow { window: hour, failed_at: now, error: "timeout".to_owned() });
        assert!(!is_sealable(dataset.state(), now, date));
        let (mut dataset, date) = loaded_day();
        dataset.checkpoint.open.retain(|record| record.window != hour);
        assert!(!is_sealable(dataset.state(), now, date));
        assert!(is_sealable(dataset.state(), at("2026-12-02T00:00:00Z"), date));
    }

    #[test]
    fn a_date_whose_revisits_were_missed_is_sealed_once_the_provider_no_longer_answers() {
        let (mut dataset, date) = loaded_day();
        let hour = window("2026-09-01T05:00:00Z", "2026-09-01T06:00:00Z");
        dataset.load(hour, at("2026-09-02T00:00:00Z"));
        assert!(!is_sealable(dataset.state(), at("2026-11-01T00:00:00Z"), date));
        assert!(is_sealable(dataset.state(), at("2026-12-02T00:00:00Z"), date));
    }

    #[test]
    fn a_hold_that_outlives_retention_leaves_what_is_published_final() {
        let (mut dataset, date) = loaded_day();
        let hour = window("2026-09-01T05:00:00Z", "2026-09-01T06:00:00Z");
        let held_at = at("2026-09-04T06:00:00Z");
        dataset.load(hour, at("2026-09-03T06:00:00Z"));
        dataset.checkpoint.hold(HeldWindow {
            window: hour,
            held_at,
            due_at: held_at,
            content_digest: "d".to_owned(),
            reason: "less".to_owned(),
            refused: false,
            accepted: false,
        });
        let mut settled = dataset.checkpoint.clone();
        settle(dataset.state(), at("2026-11-01T00:00:00Z"), &mut settled);
        assert_eq!(settled, dataset.checkpoint);
        let past = at("2026-12-01T00:00:00Z");
        settle(dataset.state(), past, &mut settled);
        assert_eq!(settled.held, []);
        dataset.checkpoint = settled;
        assert!(is_sealable(dataset.state(), past, date));
        let unit = summary(&dataset.checkpoint, date);
        assert_eq!((unit.rows, unit.verdict.as_deref()), (24, Some("held")));
    }

    #[test]
    fn a_refused_hold_is_final_after_the_last_revisit() {
        let (mut dataset, _) = loaded_day();
        let hour = window("2026-09-01T05:00:00Z", "2026-09-01T06:00:00Z");
        let refused = |held_at: &str| HeldWindow {
            window: hour,
            held_at: at(held_at),
            due_at: at(held_at),
            content_digest: "d".to_owned(),
            reason: "less".to_owned(),
            refused: true,
            accepted: false,
        };
        dataset.load(hour, at("2026-09-01T10:00:00Z"));
        let now = at("2026-09-04T07:00:00Z");
        for (held_at, remaining) in [("2026-09-02T06:00:00Z", 1), ("2026-09-04T06:00:00Z", 0)] {
            dataset.checkpoint.hold(refused(held_at));
            let mut settled = dataset.checkpoint.clone();
            settle(dataset.state(), now, &mut settled);
            assert_eq!(settled.held.len(), remaining, "{held_at}");
        }
    }
}
