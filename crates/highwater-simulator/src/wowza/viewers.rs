//! Who watches: sets of viewers, so that a distinct count is one.
//!
//! Each resource draws its viewers from 128 seats, which are a stretch of the account's seats. Neighbours' stretches
//! overlap by half, so that some viewers watch two resources and the account counts them once.

use super::dice::{Topic, roll};
use super::world::Resource;
use crate::world::Seed;

/// Code and name of every country viewers come from.
pub(super) const COUNTRIES: [(&str, &str); 8] = [
    ("US", "United States"),
    ("DE", "Germany"),
    ("GB", "United Kingdom"),
    ("BR", "Brazil"),
    ("IN", "India"),
    ("JP", "Japan"),
    ("CA", "Canada"),
    ("FR", "France"),
];

/// Out of sixteen viewers, who comes from where.
const COUNTRY_OF_SIXTEEN: [usize; 16] = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7];

/// One bit a seat of a resource.
pub(super) type Seats = u128;

/// The seats of each country; together all seats, none twice.
pub(super) type SeatsByCountry = [Seats; COUNTRIES.len()];

/// Where the viewers of a resource come from.
pub(super) fn seats_by_country(seed: Seed, index: u64) -> SeatsByCountry {
    let mut seats = [0; COUNTRIES.len()];
    for seat in 0..u128::BITS {
        let account_seat = index * 64 + u64::from(seat);
        let sixteenth = roll(seed, Topic::Country, account_seat, 0) % 16;
        seats[COUNTRY_OF_SIXTEEN[sixteenth as usize]] |= 1 << seat;
    }
    seats
}

/// A set of the account's viewers, as wide as the resources it is for.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    first: u64,
    words: Vec<u64>,
}

impl Crowd {
    /// An empty crowd that can hold the viewers of these resources.
    pub(super) fn of(members: &[&Resource]) -> Self {
        let first = members.iter().map(|member| member.index).min().unwrap_or(0);
        let last = members.iter().map(|member| member.index).max().unwrap_or(0);
        Self { first, words: vec![0; (last - first) as usize + 2] }
    }

    /// Adds viewers of one of the resources.
    pub(super) fn add(&mut self, resource: &Resource, seats: Seats) {
        let word = (resource.index - self.first) as usize;
        self.words[word] |= seats as u64;
        self.words[word + 1] |= (seats >> 64) as u64;
    }

    /// How many viewers there are, each counted once.
    pub(super) fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}
