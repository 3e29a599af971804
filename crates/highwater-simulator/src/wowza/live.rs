//! Who watches now: one sample a minute for the past hour.

use std::ops::Range;

use chrono::{DateTime, Utc};

use super::as_of::AsOf;
use super::stamp::at_second;
use super::viewers::{COUNTRIES, Crowd, Seats};
use super::world::{Resource, World};

/// Viewers in one minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LiveMinute {
    pub(super) at: DateTime<Utc>,
    pub(super) viewers: u64,
    /// In the order of [`COUNTRIES`].
    pub(super) by_country: [u64; COUNTRIES.len()],
}

/// The sixty minutes up to the one `now` lies in, which is open: it shows those who have come so far.
pub(super) fn past_hour(world: &World, members: &[&Resource], now: DateTime<Utc>) -> Vec<LiveMinute> {
    let open = now.timestamp().div_euclid(60);
    let seated = u128::BITS * now.timestamp().rem_euclid(60).unsigned_abs() as u32 / 60;
    let come = (1_u128 << seated) - 1;
    let mut minutes = minutes(world, members, open - 59..open, u128::MAX);
    minutes.extend(self::minutes(world, members, open..open + 1, come));
    minutes
}

/// Minutes counted from 1970, each whole, but only with viewers on `seats`.
pub(super) fn minutes(
    world: &World,
    members: &[&Resource],
    range: Range<i64>,
    seats: Seats,
) -> Vec<LiveMinute> {
    let length = (range.end - range.start).max(0) as usize;
    let mut everyone = vec![Crowd::of(members); length];
    let mut by_country = vec![[(); COUNTRIES.len()].map(|()| Crowd::of(members)); length];
    for resource in members {
        for hour in range.start.div_euclid(60)..(range.end + 59).div_euclid(60) {
            let told = world.minutes(resource, hour, &AsOf::settled());
            for (minute, viewing) in (hour * 60..).zip(&told).filter(|(minute, _)| range.contains(minute)) {
                let nth = (minute - range.start) as usize;
                everyone[nth].add(resource, viewing.seats & seats);
                for (crowd, country) in by_country[nth].iter_mut().zip(&resource.countries) {
                    crowd.add(resource, viewing.seats & seats & country);
                }
            }
        }
    }
    let counted = everyone.iter().zip(&by_country);
    counted
        .zip(range)
        .map(|((all, by_country), minute)| LiveMinute {
            at: at_second(minute * 60),
            viewers: all.count(),
            by_country: by_country.each_ref().map(Crowd::count),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wowza::plan::WowzaPlan;

    #[test]
    fn polls_agree_on_minutes_that_are_closed() {
        let world = World::new(&WowzaPlan::default());
        let members: Vec<&Resource> = world.transcoders.iter().collect();
        let now: DateTime<Utc> = "2026-09-28T13:00:30Z".parse().expect("an instant");
        let first = past_hour(&world, &members, now);
        let later = past_hour(&world, &members, now + chrono::TimeDelta::minutes(15));
        assert_eq!(first.len(), 60);
        assert_eq!(first[59].at.to_rfc3339(), "2026-09-28T13:00:00+00:00");
        assert_eq!(first[15..59], later[..44], "closed minutes do not change");
        assert!(first[59].viewers <= later[44].viewers, "an open minute only grows");
        assert!(first.iter().any(|minute| minute.viewers > 0));
    }

    #[test]
    fn countries_add_up_to_everyone() {
        let world = World::new(&WowzaPlan::default());
        let members: Vec<&Resource> = world.vod_streams.iter().collect();
        for minute in minutes(&world, &members, 29_800_000..29_800_090, u128::MAX) {
            assert_eq!(minute.viewers, minute.by_country.iter().sum::<u64>());
        }
    }
}
