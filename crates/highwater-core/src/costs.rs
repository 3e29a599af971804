//! Costs: the requests that pulls and control totals took last time, which is what the planner expects of the next time.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::window::Window;
use crate::window_set::WindowSet;

/// What the newest pull of one span of windows took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullCost {
    /// The windows, as one span.
    pub window: Window,
    /// The requests; retries not counted.
    pub requests: u64,
}

/// What a sealed unit took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitCost {
    /// The requests of the newest pulls of all its windows, where those of each are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulls: Option<u64>,
    /// The requests for the control totals of its content, once those are had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<u64>,
}

/// What is known of one dataset. State, not data: a checkpoint that is rebuilt has forgotten it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// Of windows that are not sealed, by start; disjoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pulls: Vec<PullCost>,
    /// Of units that are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sealed: BTreeMap<NaiveDate, UnitCost>,
}

impl Costs {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pulls.is_empty() && self.sealed.is_empty()
    }

    /// Notes what a pull took, in place of what was known of windows that it covers.
    pub fn note(&mut self, cost: PullCost) {
        let first = self.pulls.partition_point(|known| known.window.end() <= cost.window.start());
        let last = self.pulls.partition_point(|known| known.window.start() < cost.window.end());
        self.pulls.splice(first..last, [cost]);
    }

    /// What the newest pull of exactly `window` took.
    #[must_use]
    pub fn pull(&self, window: Window) -> Option<u64> {
        let at = self.pulls.binary_search_by_key(&window, |known| known.window).ok()?;
        Some(self.pulls[at].requests)
    }

    /// Sums up the pulls of `date`, which is sealed with `windows`: the control totals of its content are still to be had.
    pub fn seal(&mut self, date: NaiveDate, windows: &WindowSet) {
        let noted = self.take(date, windows);
        let known = self.sealed.remove(&date).and_then(|known| known.pulls);
        if let Some(pulls) = noted.unwrap_or(known) {
            self.sealed.insert(date, UnitCost { pulls: Some(pulls), totals: None });
        }
    }

    /// Sums up the pulls of `date`, which stays sealed with `windows` and the content that it has.
    pub fn fold(&mut self, date: NaiveDate, windows: &WindowSet) {
        if let Some(Some(pulls)) = self.take(date, windows) {
            self.sealed.entry(date).or_default().pulls = Some(pulls);
        }
    }

    /// Forgets the control totals of `date`: its content is another now.
    pub fn forget_totals(&mut self, date: NaiveDate) {
        if let Some(known) = self.sealed.get_mut(&date) {
            known.totals = None;
        }
    }

    /// Takes out what was noted of `date`, if anything was: the sum, where it is of all `windows`.
    fn take(&mut self, date: NaiveDate, windows: &WindowSet) -> Option<Option<u64>> {
        let (noted, others) = self.pulls.iter().partition::<Vec<_>, _>(|known| known.window.date() == date);
        if noted.is_empty() {
            return None;
        }
        self.pulls = others;
        let is_whole = noted.iter().map(|known| known.window).collect::<WindowSet>() == *windows;
        Some(is_whole.then(|| noted.iter().map(|known| known.requests).sum()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grain::Grain;

    fn day() -> Window {
        Window::day("2026-09-01".parse().unwrap())
    }

    fn hour(index: usize) -> Window {
        day().buckets(Grain::Hour).nth(index).unwrap()
    }

    fn noted(hours: impl IntoIterator<Item = usize>) -> Costs {
        let mut costs = Costs::default();
        let cost = |index| PullCost { window: hour(index), requests: 1 + index as u64 };
        hours.into_iter().map(cost).for_each(|cost| costs.note(cost));
        costs
    }

    #[test]
    fn the_newest_pull_of_a_window_counts() {
        let mut costs = noted([2, 0, 1, 2]);
        assert_eq!([0, 1, 2, 3].map(|index| costs.pull(hour(index))), [Some(1), Some(2), Some(3), None]);
        costs.note(PullCost { window: hour(1), requests: 9 });
        assert_eq!([0, 1, 2].map(|index| costs.pull(hour(index))), [Some(1), Some(9), Some(3)]);
        costs.note(PullCost { window: day(), requests: 4 });
        assert_eq!(costs.pulls, [PullCost { window: day(), requests: 4 }]);
    }

    #[test]
    fn a_sealed_unit_has_the_sum_of_its_pulls_where_all_are_known() {
        let date = day().date();
        let mut costs = noted(0..24);
        costs.seal(date, &day().into());
        let whole = UnitCost { pulls: Some(300), totals: None };
        assert_eq!((costs.sealed[&date], costs.pulls.len()), (whole, 0));
        costs.seal(date, &day().into());
        assert_eq!(costs.sealed[&date], whole, "done again it changes nothing");
        let mut costs = noted(0..23);
        costs.seal(date, &day().into());
        assert!(costs.is_empty());
    }

    #[test]
    fn new_content_is_to_be_compared_anew_and_old_content_is_not() {
        let date = day().date();
        let mut costs = noted(0..24);
        costs.sealed.insert(date, UnitCost { pulls: Some(24), totals: Some(1) });
        costs.fold(date, &day().into());
        assert_eq!(costs.sealed[&date], UnitCost { pulls: Some(300), totals: Some(1) });
        costs.note(PullCost { window: hour(5), requests: 1 });
        costs.fold(date, &day().into());
        assert_eq!(costs.sealed[&date], UnitCost { pulls: Some(300), totals: Some(1) });
        costs.note(PullCost { window: hour(5), requests: 1 });
        costs.seal(date, &day().into());
        assert!(costs.is_empty());
    }
}
