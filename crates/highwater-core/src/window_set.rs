//! Window sets: canonical sets of UTC time, the arithmetic of what is loaded and what is due.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::window::Window;

/// A set of instants as windows that are sorted, disjoint and not adjacent, so that `==` is set equality.
/// Its JSON form is a list of `[start, end]` pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Window>", into = "Vec<Window>")]
pub struct WindowSet(Vec<Window>);

impl WindowSet {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether nothing is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The maximal windows, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Window> + ExactSizeIterator + '_ {
        self.0.iter().copied()
    }

    /// The total length.
    #[must_use]
    pub fn duration(&self) -> TimeDelta {
        self.0.iter().fold(TimeDelta::zero(), |sum, window| sum + window.duration())
    }

    /// Whether all of `window` is inside.
    #[must_use]
    pub fn covers(&self, window: Window) -> bool {
        self.candidate(window.start()).is_some_and(|found| found.covers(window))
    }

    /// Whether `instant` is inside.
    #[must_use]
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.candidate(instant).is_some_and(|found| found.contains(instant))
    }

    /// Whether any instant of `window` is inside.
    #[must_use]
    pub fn overlaps(&self, window: Window) -> bool {
        let after = self.0.partition_point(|known| known.end() <= window.start());
        self.0.get(after).is_some_and(|known| known.overlaps(window))
    }

    /// Adds `window`.
    pub fn insert(&mut self, window: Window) {
        let first = self.0.partition_point(|known| known.end() < window.start());
        let last = self.0.partition_point(|known| known.start() <= window.end());
        let merged = self.0[first..last].iter().fold(window, |merged, known| {
            Window::of(merged.start().min(known.start()), merged.end().max(known.end()))
        });
        self.0.splice(first..last, [merged]);
    }

    /// All that is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).collect()
    }

    /// All that is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        let mut shared = Vec::new();
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            shared.extend(a.intersection(*b));
            if a.end() <= b.end() {
                left.next()
            } else {
                right.next()
            };
        }
        Self(shared)
    }

    /// All that is here and not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        let mut removed = other.iter().peekable();
        for window in self.iter() {
            let mut start = window.start();
            while removed.next_if(|gap| gap.end() <= start).is_some() {}
            while let Some(gap) = removed.peek().filter(|gap| gap.start() < window.end()) {
                rest.extend(Window::new(start, gap.start()));
                start = start.max(gap.end());
                if gap.end() > window.end() {
                    break;
                }
                removed.next();
            }
            rest.extend(Window::new(start, window.end()));
        }
        Self(rest)
    }

    /// The part inside `window`.
    #[must_use]
    pub fn within(&self, window: Window) -> Self {
        self.intersection(&Self::from(window))
    }

    fn candidate(&self, instant: DateTime<Utc>) -> Option<Window> {
        let after = self.0.partition_point(|known| known.start() <= instant);
        after.checked_sub(1).map(|index| self.0[index])
    }
}

impl From<Window> for WindowSet {
    fn from(window: Window) -> Self {
        Self(vec![window])
    }
}

impl From<Vec<Window>> for WindowSet {
    fn from(windows: Vec<Window>) -> Self {
        windows.into_iter().collect()
    }
}

impl From<WindowSet> for Vec<Window> {
    fn from(set: WindowSet) -> Self {
        set.0
    }
}

impl FromIterator<Window> for WindowSet {
    fn from_iter<I: IntoIterator<Item = Window>>(windows: I) -> Self {
        let mut windows: Vec<Window> = windows.into_iter().collect();
        windows.sort_unstable();
        let mut merged: Vec<Window> = Vec::with_capacity(windows.len());
        for window in windows {
            match merged.last_mut() {
                Some(last) if window.start() <= last.end() => {
                    *last = Window::of(last.start(), last.end().max(window.end()));
                }
                _ => merged.push(window),
            }
        }
        Self(merged)
    }
}

impl Extend<Window> for WindowSet {
    fn extend<I: IntoIterator<Item = Window>>(&mut self, windows: I) {
        windows.into_iter().for_each(|window| self.insert(window));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hour(n: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(n)
    }

    fn windows() -> impl Strategy<Value = Vec<Window>> {
        prop::collection::vec((0..40_i64, 1..8_i64).prop_map(|(s, n)| Window::of(hour(s), hour(s + n))), 0..8)
    }

    fn canonical(set: &WindowSet) -> bool {
        set.0.windows(2).all(|pair| pair[0].end() < pair[1].start())
    }

    proptest! {
        #[test]
        fn set_algebra_agrees_with_pointwise_membership(a in windows(), b in windows()) {
            let (left, right): (WindowSet, WindowSet) = (a.into(), b.into());
            let (both, either, rest) = (left.intersection(&right), left.union(&right), left.difference(&right));
            for n in 0..50 {
                let t = hour(n);
                let (l, r) = (left.contains(t), right.contains(t));
                prop_assert_eq!(both.contains(t), l && r);
                prop_assert_eq!(either.contains(t), l || r);
                prop_assert_eq!(rest.contains(t), l && !r);
            }
            prop_assert!([&left, &right, &both, &either, &rest].into_iter().all(canonical));
        }

        #[test]
        fn inserting_one_by_one_equals_collecting(a in windows(), probe in (0..40_i64, 1..8_i64)) {
            let mut one_by_one = WindowSet::new();
            one_by_one.extend(a.clone());
            let collected: WindowSet = a.into();
            let probe = Window::of(hour(probe.0), hour(probe.0 + probe.1));
            prop_assert_eq!(collected.covers(probe), WindowSet::from(probe).difference(&collected).is_empty());
            prop_assert_eq!(collected.overlaps(probe), !collected.within(probe).is_empty());
            prop_assert_eq!(one_by_one, collected);
        }

        #[test]
        fn a_set_reads_back_from_json(a in windows()) {
            let set: WindowSet = a.into();
            let text = serde_json::to_string(&set).unwrap();
            prop_assert_eq!(serde_json::from_str::<WindowSet>(&text).unwrap(), set);
        }
    }
}
