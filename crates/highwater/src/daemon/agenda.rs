//! The agenda of one source: whose turn has come, and what was tried in that turn. Pure, but for what it remembers.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use highwater_core::{DatasetName, Window, WindowSet};

use crate::schedule::Schedule;

/// The datasets of one source.
#[derive(Debug)]
pub(super) struct Agenda(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    dataset: DatasetName,
    schedule: Schedule,
    next: Option<DateTime<Utc>>,
    /// Whether its activation is not yet over.
    active: bool,
    /// What its activation has tried, whatever came of it.
    tried: WindowSet,
    /// The dates of which it has tried nothing but to have the control totals.
    tried_totals: BTreeSet<NaiveDate>,
}

impl Entry {
    fn forget_tried(&mut self) {
        self.tried = WindowSet::new();
        self.tried_totals.clear();
    }
}

impl Agenda {
    /// The agenda of a source that was away until `now`: the turn of every dataset has come.
    pub(super) fn new<'a>(
        datasets: impl IntoIterator<Item = (&'a DatasetName, &'a Schedule)>,
        now: DateTime<Utc>,
    ) -> Self {
        let entry = |(dataset, schedule): (&DatasetName, &Schedule)| Entry {
            dataset: dataset.clone(),
            schedule: schedule.clone(),
            next: schedule.next_after(now),
            active: true,
            tried: WindowSet::new(),
            tried_totals: BTreeSet::new(),
        };
        Self(datasets.into_iter().map(entry).collect())
    }

    /// Begins an activation of each dataset whose schedule has come since the last look, and names them. One that is
    /// active already stays so, and what it tried may be tried again.
    pub(super) fn fire(&mut self, now: DateTime<Utc>) -> Vec<DatasetName> {
        let mut fired = Vec::new();
        for entry in &mut self.0 {
            let upcoming = entry.schedule.next_after(now);
            if entry.next.is_some_and(|next| next <= now) {
                entry.active = true;
                entry.forget_tried();
                fired.push(entry.dataset.clone());
                entry.next = upcoming;
            } else if upcoming < entry.next {
                // The clock was set back.
                entry.next = upcoming;
            }
        }
        fired
    }

    /// The datasets whose activation is not yet over.
    pub(super) fn active(&self) -> Vec<DatasetName> {
        self.0.iter().filter(|entry| entry.active).map(|entry| entry.dataset.clone()).collect()
    }

    /// Remembers that `window` was tried in the activation of `dataset`.
    pub(super) fn note_tried(&mut self, dataset: &DatasetName, window: Window) {
        if let Some(entry) = self.0.iter_mut().find(|entry| entry.dataset == *dataset) {
            entry.tried.insert(window);
        }
    }

    /// Whether nothing of `window` was tried yet in the activation of `dataset`.
    pub(super) fn is_untried(&self, dataset: &DatasetName, window: Window) -> bool {
        let entry = self.0.iter().find(|entry| entry.dataset == *dataset);
        entry.is_some_and(|entry| !entry.tried.overlaps(window))
    }

    /// Remembers that the control totals of `date` were asked for by themselves in the activation of `dataset`.
    pub(super) fn note_tried_total(&mut self, dataset: &DatasetName, date: NaiveDate) {
        if let Some(entry) = self.0.iter_mut().find(|entry| entry.dataset == *dataset) {
            entry.tried_totals.insert(date);
        }
    }

    /// Whether they were not yet.
    pub(super) fn is_untried_total(&self, dataset: &DatasetName, date: NaiveDate) -> bool {
        let entry = self.0.iter().find(|entry| entry.dataset == *dataset);
        entry.is_some_and(|entry| !entry.tried_totals.contains(&date))
    }

    /// Ends all activations. Where one is to be made up for, the next comes at `again_at` at the latest.
    pub(super) fn rest(&mut self, again_at: Option<DateTime<Utc>>) {
        for entry in &mut self.0 {
            if let Some(again_at) = again_at.filter(|_| entry.active) {
                entry.next = Some(entry.next.map_or(again_at, |next| next.min(again_at)));
            }
            entry.active = false;
            entry.forget_tried();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn agenda(now: &str) -> Agenda {
        let (hourly, daily) =
            (Schedule::parse("10 * * * *").unwrap(), Schedule::parse("30 2 * * *").unwrap());
        let names = ["hourly", "daily"].map(|name| DatasetName::new(name).unwrap());
        Agenda::new([(&names[0], &hourly), (&names[1], &daily)], at(now))
    }

    fn fired(agenda: &mut Agenda, now: &str) -> Vec<String> {
        agenda.fire(at(now)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn at_the_start_the_turn_of_every_dataset_has_come() {
        assert_eq!(agenda("2026-09-01T00:00:00Z").active().len(), 2);
    }

    #[test]
    fn missed_ticks_make_one_activation_and_doubled_ones_none() {
        let mut agenda = agenda("2026-09-01T00:00:00Z");
        agenda.rest(None);
        assert_eq!(fired(&mut agenda, "2026-09-01T00:09:59Z"), [""; 0]);
        assert_eq!(fired(&mut agenda, "2026-09-01T09:00:00Z"), ["hourly", "daily"]);
        assert_eq!(fired(&mut agenda, "2026-09-01T09:00:00Z"), [""; 0]);
        assert_eq!(fired(&mut agenda, "2026-09-01T09:10:00Z"), ["hourly"]);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_a_schedule() {
        let mut agenda = agenda("2026-09-10T00:00:00Z");
        agenda.rest(None);
        assert_eq!(fired(&mut agenda, "2026-09-01T00:00:00Z"), [""; 0]);
        assert_eq!(fired(&mut agenda, "2026-09-01T00:10:00Z"), ["hourly"]);
    }

    #[test]
    fn what_came_to_nothing_is_made_up_for_before_the_schedule_comes_again() {
        let mut agenda = agenda("2026-09-01T02:20:00Z");
        agenda.rest(None);
        assert_eq!(fired(&mut agenda, "2026-09-01T02:30:00Z"), ["daily"]);
        agenda.rest(Some(at("2026-09-01T03:30:00Z")));
        assert_eq!(fired(&mut agenda, "2026-09-01T03:10:00Z"), ["hourly"]);
        agenda.rest(None);
        assert_eq!(fired(&mut agenda, "2026-09-01T03:29:59Z"), [""; 0]);
        assert_eq!(fired(&mut agenda, "2026-09-01T03:30:00Z"), ["daily"]);
        agenda.rest(None);
        assert_eq!(fired(&mut agenda, "2026-09-02T02:29:59Z"), ["hourly"]);
        assert_eq!(fired(&mut agenda, "2026-09-02T02:30:00Z"), ["daily"]);
    }

    #[test]
    fn what_was_tried_is_left_alone_until_the_next_turn() {
        let mut agenda = agenda("2026-09-01T00:00:00Z");
        let (hourly, daily) = (DatasetName::new("hourly").unwrap(), DatasetName::new("daily").unwrap());
        let window = Window::of(at("2026-08-31T20:00:00Z"), at("2026-08-31T21:00:00Z"));
        agenda.note_tried(&hourly, window);
        assert!(!agenda.is_untried(&hourly, window));
        assert!(agenda.is_untried(&daily, window));
        agenda.fire(at("2026-09-01T00:10:00Z"));
        assert!(agenda.is_untried(&hourly, window));
    }

    #[test]
    fn the_control_totals_of_a_date_are_tried_once_a_turn() {
        let mut agenda = agenda("2026-09-01T00:00:00Z");
        let (name, date) = (DatasetName::new("hourly").unwrap(), at("2026-08-30T00:00:00Z").date_naive());
        assert!(agenda.is_untried_total(&name, date));
        agenda.note_tried_total(&name, date);
        assert!(!agenda.is_untried_total(&name, date) && agenda.is_untried(&name, Window::day(date)));
        agenda.rest(None);
        assert!(agenda.is_untried_total(&name, date));
    }
}
