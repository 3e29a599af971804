//! Figures of a window: the sums of its hours, and its viewers counted once.

use std::ops::Range;

use super::as_of::AsOf;
use super::usage::{Egress, RENDITIONS, Viewing, by_country};
use super::viewers::{COUNTRIES, Crowd};
use super::world::{Resource, World};

/// The viewing of some resources over some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Viewed {
    pub(super) viewers: u64,
    pub(super) seconds: u64,
    pub(super) bytes: u64,
}

impl Viewed {
    /// Whether there is anything to tell.
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Seconds a viewer, to the nearest; zero without viewers.
    pub(super) fn average_seconds(&self) -> u64 {
        (2 * self.seconds + self.viewers).checked_div(2 * self.viewers).unwrap_or(0)
    }
}

/// Adds up viewing and remembers who watched.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    crowd: Crowd,
    seconds: u64,
    bytes: u64,
}

impl Tally {
    /// Nothing yet, for these resources.
    pub(super) fn of(members: &[&Resource]) -> Self {
        Self { crowd: Crowd::of(members), seconds: 0, bytes: 0 }
    }

    /// Adds what one of them delivered.
    pub(super) fn add(&mut self, resource: &Resource, viewing: &Viewing) {
        self.crowd.add(resource, viewing.seats);
        self.seconds += viewing.seconds;
        self.bytes += viewing.bytes;
    }

    /// The figures.
    pub(super) fn viewed(&self) -> Viewed {
        Viewed { viewers: self.crowd.count(), seconds: self.seconds, bytes: self.bytes }
    }
}

impl World {
    /// What resources delivered over hours since 1970.
    pub(super) fn viewed(&self, members: &[&Resource], hours: Range<i64>, as_of: &AsOf) -> Viewed {
        let mut tally = Tally::of(members);
        for resource in members {
            for hour in hours.clone() {
                tally.add(resource, &self.viewing(resource, hour, as_of));
            }
        }
        tally.viewed()
    }

    /// The same by country, in the order of [`COUNTRIES`].
    pub(super) fn viewed_by_country(
        &self,
        members: &[&Resource],
        hours: Range<i64>,
        as_of: &AsOf,
    ) -> Vec<Viewed> {
        let mut tallies = vec![Tally::of(members); COUNTRIES.len()];
        for resource in members {
            for hour in hours.clone() {
                let whole = self.viewing(resource, hour, as_of);
                for (tally, part) in tallies.iter_mut().zip(by_country(resource, &whole)) {
                    tally.add(resource, &part);
                }
            }
        }
        tallies.iter().map(Tally::viewed).collect()
    }

    /// What one VOD stream delivered, in the order of [`RENDITIONS`].
    pub(super) fn viewed_by_rendition(
        &self,
        resource: &Resource,
        hours: Range<i64>,
        as_of: &AsOf,
    ) -> Vec<Viewed> {
        let mut tallies = vec![Tally::of(&[resource]); RENDITIONS.len()];
        for hour in hours {
            for (tally, part) in tallies.iter_mut().zip(self.by_rendition(resource, hour, as_of)) {
                tally.add(resource, &part);
            }
        }
        tallies.iter().map(Tally::viewed).collect()
    }

    /// The egress of resources over hours since 1970.
    pub(super) fn egressed(&self, members: &[&Resource], hours: Range<i64>, as_of: &AsOf) -> Egress {
        let mut sum = Egress::default();
        for resource in members {
            for hour in hours.clone() {
                let one = self.egress(resource, hour, as_of);
                sum.seconds += one.seconds;
                sum.bytes += one.bytes;
                sum.additional_targets_seconds += one.additional_targets_seconds;
            }
        }
        sum
    }
}
