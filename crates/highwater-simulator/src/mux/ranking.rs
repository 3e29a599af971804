//! The rows of a window, ranked by usage, and the latest of them kept at hand for their further pages.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::mux::assets::MuxWorld;
use crate::mux::behaviour::{Change, MuxBehaviour, Revision, Shrunken, TieBreak};
use crate::mux::hours::{Hour, Hours};
use crate::mux::seconds::Seconds;
use crate::mux::usage::ByTier;
use crate::world::Seed;

const KEPT_ROWS: usize = 1_000_000;

/// One asset's usage in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) asset: usize,
    pub(crate) total: Seconds,
    pub(crate) by_tier: ByTier,
}

/// Which assets a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    All,
    Some(Vec<usize>),
}

/// Usage as the provider tells it at one instant. `None` is the final word, after every revision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Telling<'a> {
    pub(crate) world: &'a MuxWorld,
    pub(crate) revisions: &'a [Revision],
    pub(crate) shrunken: &'a [Shrunken],
    pub(crate) at: Option<DateTime<Utc>>,
}

impl Telling<'_> {
    /// What the asset is said to have delivered in `hour`, which must not be a silent one.
    pub(crate) fn delivered(&self, asset: usize, hour: Hour) -> ByTier {
        let draws = self.world.assets()[asset].draws;
        if self.lost(draws, hour) {
            return [Seconds::ZERO; 5];
        }
        let mut by_tier = self.world.assets()[asset].delivered(hour);
        for (number, revision) in (0_u64..).zip(self.revisions) {
            let touched =
                || draws.chance(&[0x4EF1, number, hour.0.cast_unsigned()], u64::from(revision.per_mille));
            by_tier = match (revision.change, self.is_due(revision, hour)) {
                (Change::Scale(per_mille), true) if touched() => by_tier.map(|tier| tier.scaled(per_mille)),
                (Change::Vanish, true) | (Change::Appear, false) if touched() => [Seconds::ZERO; 5],
                _ => by_tier,
            };
        }
        by_tier
    }

    fn lost(&self, draws: Seed, hour: Hour) -> bool {
        self.shrunken.iter().any(|shrunken| {
            shrunken.from <= hour.start()
                && hour.start() < shrunken.to
                && draws.chance(&[0x1057], u64::from(shrunken.lost_per_mille))
        })
    }

    fn is_due(&self, revision: &Revision, hour: Hour) -> bool {
        self.at.is_none_or(|at| at - hour.end() >= revision.after_age)
    }

    /// How many hours of the window each revision has reached: all that an answer depends on of the time.
    fn revised_hours(&self, window: Hours) -> Vec<usize> {
        let count = |revision| window.iter().filter(|hour| self.is_due(revision, *hour)).count();
        self.revisions.iter().map(count).collect()
    }

    /// The rows with usage in `window`, the most used first.
    fn rank(&self, window: Hours, selection: &Selection, tie_break: TieBreak) -> Vec<Row> {
        let hours: Vec<Hour> = window.iter().filter(|hour| !self.world.is_silent(*hour)).collect();
        let row = |asset: usize| {
            let mut by_tier = [Seconds::ZERO; 5];
            for hour in &hours {
                for (sum, tier) in by_tier.iter_mut().zip(self.delivered(asset, *hour)) {
                    *sum += tier;
                }
            }
            Row { asset, total: by_tier.into_iter().sum(), by_tier }
        };
        let mut rows: Vec<Row> = match selection {
            Selection::All => (0..self.world.assets().len()).map(row).collect(),
            Selection::Some(assets) => assets.iter().copied().map(row).collect(),
        };
        rows.retain(|row| row.total > Seconds::ZERO);
        rows.sort_unstable_by(|a, b| {
            let ids = || self.world.assets()[a.asset].id.cmp(&self.world.assets()[b.asset].id);
            b.total.cmp(&a.total).then_with(|| match tie_break {
                TieBreak::AssetIdAscending => ids(),
                TieBreak::AssetIdDescending => ids().reverse(),
            })
        });
        rows
    }
}

#[derive(Debug, PartialEq)]
struct Key {
    window: Hours,
    selection: Selection,
    revised_hours: Vec<usize>,
    behaviour: u64,
}

/// Ranked windows, the latest asked first, bounded by the rows in them.
#[derive(Debug, Default)]
pub(crate) struct Rankings {
    kept: Mutex<VecDeque<(Key, Arc<Vec<Row>>)>>,
}

impl Rankings {
    /// The ranked rows of `window`. `generation` numbers the state of the behaviour that `telling` comes from.
    pub(crate) fn rank(
        &self,
        telling: Telling<'_>,
        (behaviour, generation): (&MuxBehaviour, u64),
        window: Hours,
        selection: Selection,
    ) -> Arc<Vec<Row>> {
        let revised_hours = telling.revised_hours(window);
        let key = Key { window, selection, revised_hours, behaviour: generation };
        if let Some(rows) = self.find(&key) {
            return rows;
        }
        let rows = Arc::new(telling.rank(window, &key.selection, behaviour.tie_break));
        self.keep(key, Arc::clone(&rows));
        rows
    }

    fn find(&self, key: &Key) -> Option<Arc<Vec<Row>>> {
        let mut kept = self.lock();
        let place = kept.iter().position(|(known, _)| known == key)?;
        let entry = kept.remove(place)?;
        let rows = Arc::clone(&entry.1);
        kept.push_front(entry);
        Some(rows)
    }

    fn keep(&self, key: Key, rows: Arc<Vec<Row>>) {
        let mut kept = self.lock();
        kept.push_front((key, rows));
        let mut sum = 0;
        // An empty window costs as much to look up as a row.
        kept.retain(|(_, rows)| {
            sum += rows.len() + 1_000;
            sum <= KEPT_ROWS
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(Key, Arc<Vec<Row>>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::world::WorldSettings;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn figures(telling: Telling<'_>, windows: &[Hours]) -> BTreeMap<usize, ByTier> {
        let mut sums = BTreeMap::new();
        for window in windows {
            for row in telling.rank(*window, &Selection::All, TieBreak::AssetIdAscending) {
                let sum = sums.entry(row.asset).or_insert([Seconds::ZERO; 5]);
                for (sum, tier) in sum.iter_mut().zip(row.by_tier) {
                    *sum += tier;
                }
            }
        }
        sums
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn a_window_cut_anywhere_has_the_usage_of_its_parts(
            seed in any::<u64>(), start in 0_i64..2000, length in 0_i64..60, cut in 0_i64..60, age in 0_i64..60,
        ) {
            let settings = WorldSettings::new(seed, 40);
            let world = MuxWorld::new(settings);
            let first = Hour::floor(settings.anchor).0 - start;
            let window = Hours { start: Hour(first), end: Hour(first + length) };
            let middle = Hour(first + cut.min(length));
            let parts = [Hours { end: middle, ..window }, Hours { start: middle, ..window }];
            let change = Change::Scale(1070);
            let revisions = [Revision { after_age: TimeDelta::hours(age), per_mille: 400, change }];
            let at = Some(window.end.start());
            let telling = Telling { world: &world, revisions: &revisions, shrunken: &[], at };
            prop_assert_eq!(figures(telling, &[window]), figures(telling, &parts));
        }
    }
}
