//! Chance without chance: figures drawn as a pure function of a seed and a list of words.
//!
//! Every simulated world is computed from these draws on demand and never stored, so that two processes with one
//! seed see the same usage, in whatever order they ask.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// The seed of a world. Equal seeds and equal words give equal draws, on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Seed {
    /// A number that depends on the seed and on every word and its place, evenly spread over `u64`.
    #[must_use]
    pub fn draw(self, words: &[u64]) -> u64 {
        let start = scramble(self.0 ^ 0x9E37_79B9_7F4A_7C15);
        words.iter().fold(start, |state, word| scramble(state.rotate_left(23) ^ scramble(*word)))
    }

    /// A draw in `0..bound`; zero when `bound` is zero.
    #[must_use]
    pub fn below(self, words: &[u64], bound: u64) -> u64 {
        let wide = u128::from(self.draw(words)) * u128::from(bound);
        u64::try_from(wide >> 64).expect("the high half of a product of two u64 fits one")
    }

    /// A draw in `least..=most`.
    #[must_use]
    pub fn between(self, words: &[u64], least: u64, most: u64) -> u64 {
        least + self.below(words, most.saturating_sub(least).saturating_add(1))
    }

    /// True for about `per_mille` of all draws.
    #[must_use]
    pub fn chance(self, words: &[u64], per_mille: u64) -> bool {
        self.below(words, 1000) < per_mille
    }

    /// `length` characters of `[0-9A-Za-z]`.
    #[must_use]
    pub fn alphanumeric(self, words: &[u64], length: usize) -> String {
        let base = Self(self.draw(words));
        (0_u64..)
            .take(length)
            .map(|place| char::from(ALPHANUMERIC[usize::try_from(base.below(&[place], 62)).unwrap_or(0)]))
            .collect()
    }
}

/// The finalizer of SplitMix64: a bijection in which every input bit reaches every output bit.
fn scramble(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// What a simulated world is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldSettings {
    /// The seed of all draws.
    pub seed: Seed,
    /// How many resources (assets, streams, videos) the world has.
    pub resources: u32,
    /// The instant the resources' lives are laid around: most exist before it, some begin or end in the weeks near it.
    pub anchor: DateTime<Utc>,
}

impl WorldSettings {
    /// A world of `resources` resources around the fixed anchor of [`demo`](Self::demo).
    #[must_use]
    pub fn new(seed: u64, resources: u32) -> Self {
        Self { seed: Seed(seed), resources, anchor: fixed_anchor() }
    }

    /// The world that `demo` and `simulate` show: 300 resources, always the same.
    #[must_use]
    pub fn demo() -> Self {
        Self::new(20_260_901, 300)
    }

    /// The last instant of the demo: what its data clock says.
    #[must_use]
    pub fn demo_now() -> DateTime<Utc> {
        fixed_anchor() + TimeDelta::hours(12)
    }
}

fn fixed_anchor() -> DateTime<Utc> {
    let midnight = NaiveDate::from_ymd_opt(2026, 9, 29).and_then(|date| date.and_hms_opt(0, 0, 0));
    midnight.expect("a fixed, valid date").and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_words_draw_equal_numbers_and_their_order_counts() {
        let seed = Seed(7);
        assert_eq!(seed.draw(&[1, 2, 3]), Seed(7).draw(&[1, 2, 3]));
        assert_ne!(seed.draw(&[1, 2, 3]), seed.draw(&[3, 2, 1]));
        assert_ne!(seed.draw(&[1, 2, 3]), Seed(8).draw(&[1, 2, 3]));
        assert_ne!(seed.draw(&[1]), seed.draw(&[1, 0]));
    }

    #[test]
    fn draws_are_stable_across_releases() {
        assert_eq!(Seed(1).draw(&[1, 2]), 17_080_890_907_716_992_565);
        assert_eq!(Seed(1).alphanumeric(&[9], 8), "jFgvkZlp");
    }

    #[test]
    fn bounded_draws_stay_in_bounds_and_reach_both_ends() {
        let draws: Vec<u64> = (0..2000).map(|word| Seed(3).between(&[word], 5, 9)).collect();
        assert_eq!((draws.iter().min(), draws.iter().max()), (Some(&5), Some(&9)));
        assert_eq!(Seed(3).below(&[1], 0), 0);
    }

    #[test]
    fn a_chance_is_met_about_as_often_as_it_says() {
        let met = (0..10_000).filter(|word| Seed(11).chance(&[*word], 250)).count();
        assert!((2300..2700).contains(&met), "{met}");
    }
}
