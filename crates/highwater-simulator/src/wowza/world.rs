//! The resources of the simulated account.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::dice::{Topic, roll};
use super::plan::WowzaPlan;
use super::viewers::{SeatsByCountry, seats_by_country};
use crate::world::Seed;

/// An id that exists in somebody else's account: asking for it is forbidden.
pub const FOREIGN_ID: &str = "f0re1gn4";

/// What a resource is, to its usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Transcoder,
    VodStream,
    /// What the account uses outside both lists.
    Elsewhere,
}

/// One transcoder or VOD stream.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) kind: Kind,
    /// Unique within the account; also where its viewers begin among the account's.
    pub(super) index: u64,
    pub(super) id: String,
    pub(super) name: String,
    /// Archived before the world begins: it has no usage.
    pub(super) archived: bool,
    pub(super) created_at: DateTime<Utc>,
    pub(super) deleted_at: Option<DateTime<Utc>>,
    pub(super) transcoder_type: &'static str,
    pub(super) billing_mode: &'static str,
    pub(super) countries: SeatsByCountry,
}

impl Resource {
    /// Whether it is there, and in use, during an hour since 1970.
    pub(super) fn works_in(&self, hour: i64) -> bool {
        let second = hour * 3600;
        !self.archived
            && self.created_at.timestamp() <= second
            && self.deleted_at.is_none_or(|deleted| second < deleted.timestamp())
    }

    /// The `archived` flag at an instant.
    pub(super) fn archived_at(&self, now: DateTime<Utc>) -> bool {
        self.archived || self.is_deleted_at(now)
    }

    /// Whether its deletion lies behind.
    pub(super) fn is_deleted_at(&self, now: DateTime<Utc>) -> bool {
        self.deleted_at.is_some_and(|deleted| deleted <= now)
    }

    /// Whether a list of `[from, to)` names it: it does when the resource existed in some part of that.
    pub(super) fn listed(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        self.created_at < to && self.deleted_at.is_none_or(|deleted| from < deleted)
    }
}

/// All resources of the account, each list oldest first.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) seed: Seed,
    pub(super) transcoders: Vec<Resource>,
    pub(super) vod_streams: Vec<Resource>,
    pub(super) elsewhere: Resource,
}

impl World {
    /// Makes the account of a plan.
    pub(super) fn new(plan: &WowzaPlan) -> Self {
        let mut taken = HashSet::new();
        let mut make = |kind: Kind, offset: usize, count: usize| {
            let mut made: Vec<Resource> =
                (0..count).map(|nth| resource(plan, kind, nth, (offset + nth) as u64, &mut taken)).collect();
            made.sort_by_key(|resource| (resource.created_at, resource.index));
            made
        };
        let transcoders = make(Kind::Transcoder, 0, plan.transcoders);
        let vod_streams = make(Kind::VodStream, plan.transcoders, plan.vod_streams);
        let last = plan.transcoders + plan.vod_streams;
        let elsewhere = resource(plan, Kind::Elsewhere, 0, last as u64, &mut taken);
        Self { seed: plan.seed, transcoders, vod_streams, elsewhere }
    }

    /// One of the lists.
    pub(super) fn of_kind(&self, kind: Kind) -> &[Resource] {
        match kind {
            Kind::Transcoder => &self.transcoders,
            Kind::VodStream => &self.vod_streams,
            Kind::Elsewhere => std::slice::from_ref(&self.elsewhere),
        }
    }

    /// The resource of an id.
    pub(super) fn find(&self, kind: Kind, id: &str) -> Option<&Resource> {
        self.of_kind(kind).iter().find(|resource| resource.id == id)
    }
}

fn resource(plan: &WowzaPlan, kind: Kind, nth: usize, index: u64, taken: &mut HashSet<String>) -> Resource {
    // The eventful ones stand early, so that small accounts have them too.
    let (deleted, late) = match kind {
        Kind::Transcoder => (nth == 2, nth == 3),
        Kind::VodStream => (nth == 5, nth == 6),
        Kind::Elsewhere => (false, false),
    };
    let archived = match kind {
        Kind::Transcoder => nth % 6 == 4,
        Kind::VodStream => nth % 7 == 3,
        Kind::Elsewhere => false,
    };
    let created_at =
        if late { plan.created_at } else { plan.begins - TimeDelta::hours(2000 - (nth as i64).min(2000)) };
    Resource {
        kind,
        index,
        id: fresh_id(plan.seed, index, taken),
        name: name(plan.seed, kind, nth, index),
        archived,
        created_at,
        deleted_at: deleted.then_some(plan.deleted_at),
        transcoder_type: if nth % 4 == 1 { "passthrough" } else { "transcoded" },
        billing_mode: if nth % 3 == 1 { "twentyfour_seven" } else { "pay_as_you_go" },
        countries: seats_by_country(plan.seed, index),
    }
}

/// Seven or eight letters and digits that no other resource has.
fn fresh_id(seed: Seed, index: u64, taken: &mut HashSet<String>) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut attempt = 0;
    loop {
        let mut dice = roll(seed, Topic::Id, index, attempt);
        let length = if dice.is_multiple_of(3) { 7 } else { 8 };
        let id: String = (0..length)
            .map(|_| {
                dice = dice.rotate_right(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                char::from(LETTERS[(dice >> 32) as usize % LETTERS.len()])
            })
            .collect();
        if id != "summary" && id != FOREIGN_ID && taken.insert(id.clone()) {
            return id;
        }
        attempt += 1;
    }
}

/// A name such as people give; some are not plain.
fn name(seed: Seed, kind: Kind, nth: usize, index: u64) -> String {
    const PLACES: [&str; 6] =
        ["Main stage", "Bühne, Kamera 2", "Studio \"B\"", "東京 feed", "Council", "Gate 7"];
    let place = PLACES[(roll(seed, Topic::Name, index, 0) % PLACES.len() as u64) as usize];
    match kind {
        Kind::Transcoder => format!("{place} {nth}"),
        Kind::VodStream => format!("{place} {nth} on Mar {}, 2024 @ 05:09pm PDT", nth % 28 + 1),
        Kind::Elsewhere => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_of_seven_or_eight_letters_and_digits() {
        let world = World::new(&WowzaPlan { transcoders: 2500, ..WowzaPlan::default() });
        let ids: HashSet<&str> =
            world.transcoders.iter().chain(&world.vod_streams).map(|resource| resource.id.as_str()).collect();
        assert_eq!(ids.len(), 2520);
        assert!(
            ids.iter().all(|id| (7..=8).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric()))
        );
        assert!(ids.iter().any(|id| id.len() == 7) && ids.iter().any(|id| id.len() == 8));
    }

    #[test]
    fn lists_are_oldest_first_and_hold_the_eventful_ones() {
        let world = World::new(&WowzaPlan::default());
        for list in [&world.transcoders, &world.vod_streams] {
            assert!(list.is_sorted_by_key(|resource| resource.created_at));
            assert_eq!(list.iter().filter(|resource| resource.deleted_at.is_some()).count(), 1);
            assert_eq!(
                list.last().map(|resource| resource.created_at),
                Some(WowzaPlan::default().created_at)
            );
            assert!(list.iter().any(|resource| resource.archived));
        }
    }
}
