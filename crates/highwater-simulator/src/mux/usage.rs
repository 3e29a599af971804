//! What was delivered: a pure function of seed, asset and hour, so that a window is the sum of its hours.

use crate::mux::assets::{Asset, MuxWorld, Tier};
use crate::mux::hours::Hour;
use crate::mux::seconds::Seconds;
use crate::world::Seed;

/// Delivered time by tier, in the order of [`Tier::ALL`].
pub type ByTier = [Seconds; 5];

/// Thousandths of an asset's weight by hour of the day, UTC.
const DAILY_SHAPE: [i64; 24] = [
    620, 480, 360, 290, 260, 280, 350, 470, 600, 720, 800, 860, 930, 960, 980, 1010, 1080, 1200, 1390, 1560,
    1640, 1520, 1200, 880,
];

impl MuxWorld {
    /// Whether nothing at all was delivered in `hour`: an outage.
    #[must_use]
    pub fn is_silent(&self, hour: Hour) -> bool {
        self.seed.chance(&[0x51E7, word(hour)], 12)
    }

    /// What the asset at `index` delivered in `hour`, before any revision.
    #[must_use]
    pub fn delivered(&self, index: usize, hour: Hour) -> ByTier {
        match self.assets().get(index) {
            Some(asset) if !self.is_silent(hour) => asset.delivered(hour),
            _ => [Seconds::ZERO; 5],
        }
    }
}

impl Asset {
    pub(crate) fn delivered(&self, hour: Hour) -> ByTier {
        let draws = Seed(self.draws.draw(&[word(hour)]));
        if !self.lives_in(hour) || draws.chance(&[0], self.quiet_per_mille) {
            return [Seconds::ZERO; 5];
        }
        let shape = DAILY_SHAPE[hour.of_day()] * if hour.on_weekend() { 13 } else { 10 } / 10;
        let weight = i64::try_from(self.weight_seconds).unwrap_or(i64::MAX / 1_000_000_000);
        let micros = weight * 1_000 * shape * signed(draws.between(&[1], 500, 1500)) / 1_000;
        let step = match draws.below(&[2], 4) {
            0 => 1_000_000,
            1 => 100_000,
            _ => 1,
        };
        self.split((micros / step).max(1), step, draws)
    }

    /// Spreads `units` of `step` microseconds over the tiers this asset can be delivered in.
    fn split(&self, units: i64, step: i64, draws: Seed) -> ByTier {
        let mut shares = [0_i64; 5];
        let highest = self.tier as usize;
        let lowest = if self.tier == Tier::AudioOnly { highest } else { Tier::P720 as usize };
        let random = draws.draw(&[3]);
        for (place, share) in shares.iter_mut().enumerate().take(lowest + 1).skip(highest) {
            *share = signed((random >> (8 * place)) & 0x7);
        }
        if self.heard {
            shares[Tier::AudioOnly as usize] += signed(random >> 62);
        }
        let whole: i64 = shares.iter().sum();
        let mut by_tier = [0_i64; 5];
        if whole > 0 {
            for (tier, share) in by_tier.iter_mut().zip(shares) {
                *tier = units * share / whole;
            }
        }
        by_tier[highest] += units - by_tier.iter().sum::<i64>();
        by_tier.map(|units| Seconds::from_micros(units * step))
    }
}

/// An hour as a word to draw with.
fn word(hour: Hour) -> u64 {
    hour.0.cast_unsigned()
}

fn signed(small: u64) -> i64 {
    i64::try_from(small).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mux::hours::Hours;
    use crate::world::WorldSettings;
    use chrono::TimeDelta;

    fn week() -> Hours {
        let end = WorldSettings::demo().anchor;
        Hours::inside(end - TimeDelta::days(7), end)
    }

    #[test]
    fn delivery_is_never_in_a_higher_tier_than_the_asset_has() {
        let world = MuxWorld::new(WorldSettings::demo());
        for (index, asset) in world.assets().iter().enumerate() {
            for hour in week().iter() {
                let above = &world.delivered(index, hour)[..asset.tier as usize];
                assert!(above.iter().all(|seconds| *seconds == Seconds::ZERO));
            }
        }
    }

    #[test]
    fn nothing_is_delivered_before_creation_or_after_deletion() {
        let world = MuxWorld::new(WorldSettings::demo());
        let mut bounded = 0;
        for (index, asset) in world.assets().iter().enumerate() {
            for hour in week().iter().filter(|hour| !asset.lives_in(*hour)) {
                bounded += 1;
                assert_eq!(world.delivered(index, hour), [Seconds::ZERO; 5]);
            }
        }
        assert!(bounded > 0, "some asset begins or ends within the week");
    }

    #[test]
    fn the_demo_week_has_silent_hours_quiet_assets_and_whole_and_fractional_figures() {
        let world = MuxWorld::new(WorldSettings::demo());
        assert!(week().iter().any(|hour| world.is_silent(hour)));
        let figures: Vec<Seconds> = week()
            .iter()
            .flat_map(|hour| (0..300).map(move |index| (index, hour)))
            .map(|(index, hour)| world.delivered(index, hour).into_iter().sum())
            .collect();
        let zeros = figures.iter().filter(|seconds| **seconds == Seconds::ZERO).count();
        let whole = figures.iter().filter(|s| s.micros() > 0 && s.micros() % 1_000_000 == 0).count();
        assert!(zeros > 1000 && whole > 1000 && figures.len() - zeros - whole > 1000);
        assert!(figures.iter().all(|seconds| *seconds >= Seconds::ZERO));
    }
}
