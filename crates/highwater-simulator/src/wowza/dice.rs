//! The draws of this account's world.

use crate::world::Seed;

/// What a draw decides, so that two decisions about one thing are independent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Topic {
    Id,
    Name,
    Country,
    Running,
    Egress,
    Density,
    Viewers,
    Minute,
    Rendition,
    PageKey,
}

/// Sixty-four bits that depend on all four arguments and on nothing else.
pub(super) fn roll(seed: Seed, topic: Topic, thing: u64, at: u64) -> u64 {
    seed.draw(&[topic as u64, thing, at])
}

/// As [`roll`], twice as wide.
pub(super) fn wide_roll(seed: Seed, topic: Topic, thing: u64, at: u64) -> u128 {
    let half = |nth: u64| u128::from(seed.draw(&[topic as u64, thing, at, nth]));
    half(0) | half(1) << 64
}
