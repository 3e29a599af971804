//! What one resource uses in one hour: a function of the seed, the resource, the hour and who asks when.

use super::as_of::AsOf;
use super::dice::{Topic, roll, wide_roll};
use super::viewers::{COUNTRIES, Seats};
use super::world::{Kind, Resource, World};

/// Renditions a VOD stream is watched in.
pub(super) const RENDITIONS: [&str; 3] = ["360", "720", "1080"];

/// What goes out of a transcoder, or what the CDN pulls of a VOD stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Egress {
    pub(super) seconds: u64,
    pub(super) bytes: u64,
    pub(super) additional_targets_seconds: u64,
}

/// What reaches viewers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Viewing {
    pub(super) seats: Seats,
    pub(super) seconds: u64,
    pub(super) bytes: u64,
}

impl World {
    /// The egress of an hour since 1970, as far as its minutes are closed.
    pub(super) fn egress(&self, resource: &Resource, hour: i64, as_of: &AsOf) -> Egress {
        let minutes = as_of.closed_minutes(hour);
        if minutes == 0 || !self.runs(resource, hour) {
            return Egress::default();
        }
        let dice = roll(self.seed, Topic::Egress, resource.index, hour.unsigned_abs());
        let whole = match resource.kind {
            Kind::Transcoder => transcoder_egress(resource, dice),
            Kind::VodStream | Kind::Elsewhere => storage_pull(dice),
        };
        let told = |value: u64| as_of.told(hour, value) * minutes / 60;
        Egress {
            seconds: told(whole.seconds),
            bytes: told(whole.bytes),
            additional_targets_seconds: told(whole.additional_targets_seconds),
        }
    }

    /// The viewing of an hour since 1970, as far as its minutes are closed.
    pub(super) fn viewing(&self, resource: &Resource, hour: i64, as_of: &AsOf) -> Viewing {
        match as_of.closed_minutes(hour) {
            0 => Viewing::default(),
            60 => self.whole_hour(resource, hour, as_of),
            closed => {
                let minutes = self.minutes(resource, hour, as_of);
                minutes.iter().take(closed as usize).fold(Viewing::default(), |sum, minute| Viewing {
                    seats: sum.seats | minute.seats,
                    seconds: sum.seconds + minute.seconds,
                    bytes: sum.bytes + minute.bytes,
                })
            }
        }
    }

    /// The hour by minutes, closed or not. Their viewers together are the hour's, their figures add up to it.
    pub(super) fn minutes(&self, resource: &Resource, hour: i64, as_of: &AsOf) -> [Viewing; 60] {
        let hour_viewing = self.whole_hour(resource, hour, as_of);
        let mut minutes = [Viewing::default(); 60];
        if hour_viewing == Viewing::default() {
            return minutes;
        }
        for seat in 0..u128::BITS {
            // One minute in which each viewer of the hour certainly watches.
            let home = (u64::from(seat) * 7 + hour.unsigned_abs() * 13) % 60;
            minutes[home as usize].seats |= hour_viewing.seats & (1 << seat);
        }
        for (minute, viewing) in minutes.iter_mut().enumerate() {
            let at = hour.unsigned_abs() * 60 + minute as u64;
            let dice = wide_roll(self.seed, Topic::Minute, resource.index, at);
            viewing.seats |= hour_viewing.seats & dice & dice.rotate_left(41);
        }
        let weights = minutes.map(|minute| u64::from(minute.seats.count_ones()));
        let (seconds, bytes) = (split(hour_viewing.seconds, weights), split(hour_viewing.bytes, weights));
        for (minute, viewing) in minutes.iter_mut().enumerate() {
            (viewing.seconds, viewing.bytes) = (seconds[minute], bytes[minute]);
        }
        minutes
    }

    /// An hour's viewing by rendition, in the order of [`RENDITIONS`]. A viewer may watch more than one.
    pub(super) fn by_rendition(
        &self,
        resource: &Resource,
        hour: i64,
        as_of: &AsOf,
    ) -> [Viewing; RENDITIONS.len()] {
        let whole = self.viewing(resource, hour, as_of);
        let dice = wide_roll(self.seed, Topic::Rendition, resource.index, hour.unsigned_abs());
        let (small, middle) = (dice & dice.rotate_left(17), dice.rotate_left(59));
        parts(&whole, [small, middle, !(small | middle) | (dice.rotate_left(31) & dice)])
    }

    fn whole_hour(&self, resource: &Resource, hour: i64, as_of: &AsOf) -> Viewing {
        if !self.runs(resource, hour) {
            return Viewing::default();
        }
        let at = hour.unsigned_abs();
        let dice = roll(self.seed, Topic::Density, resource.index, at);
        let crowd = wide_roll(self.seed, Topic::Viewers, resource.index, at);
        let seats = match dice & 3 {
            0 => 0,
            1 => crowd & crowd.rotate_left(23) & crowd.rotate_left(71),
            2 => crowd & crowd.rotate_left(23),
            _ => crowd,
        };
        let viewers = u64::from(seats.count_ones());
        let seconds = viewers * (60 + (dice >> 8) % 840);
        // Bytes without a viewer occur, as the provider's guide shows.
        let stray_bytes = if viewers == 0 && dice >> 60 == 0 { 2547 } else { 0 };
        let bytes = seconds * (40_000 + (dice >> 24) % 600_000) + stray_bytes;
        Viewing { seats, seconds: as_of.told(hour, seconds), bytes: as_of.told(hour, bytes) }
    }

    fn runs(&self, resource: &Resource, hour: i64) -> bool {
        let by_choice = resource.kind == Kind::Transcoder && resource.billing_mode == "pay_as_you_go";
        resource.works_in(hour)
            && (!by_choice
                || roll(self.seed, Topic::Running, resource.index, hour.div_euclid(3).unsigned_abs()) % 10
                    < 6)
    }
}

/// An hour's viewing by country, in the order of [`COUNTRIES`].
pub(super) fn by_country(resource: &Resource, whole: &Viewing) -> [Viewing; COUNTRIES.len()] {
    parts(whole, resource.countries)
}

fn transcoder_egress(resource: &Resource, dice: u64) -> Egress {
    let always_on = resource.billing_mode == "twentyfour_seven";
    let seconds = if always_on { 3600 } else { 600 + dice % 3001 };
    // Seconds without a byte occur, as the provider's page shows.
    let bytes =
        if (dice >> 12).is_multiple_of(23) { 0 } else { seconds * (300_000 + (dice >> 24) % 3_000_000) };
    let more_targets = if resource.index.is_multiple_of(3) { 1 + (dice >> 60) % 2 } else { 0 };
    Egress { seconds, bytes, additional_targets_seconds: seconds * more_targets }
}

/// Most hours of a VOD stream are served from the cache.
fn storage_pull(dice: u64) -> Egress {
    if !dice.is_multiple_of(3) {
        return Egress::default();
    }
    let seconds = 5 + (dice >> 8) % 600;
    Egress { seconds, bytes: seconds * (200_000 + (dice >> 24) % 9_000_000), additional_targets_seconds: 0 }
}

fn parts<const N: usize>(whole: &Viewing, seats: [Seats; N]) -> [Viewing; N] {
    let seats = seats.map(|part| part & whole.seats);
    let weights = seats.map(|part| u64::from(part.count_ones()));
    let (seconds, bytes) = (split(whole.seconds, weights), split(whole.bytes, weights));
    std::array::from_fn(|nth| Viewing { seats: seats[nth], seconds: seconds[nth], bytes: bytes[nth] })
}

/// Divides a figure in proportion; what is left over goes to the first that has any weight.
fn split<const N: usize>(whole: u64, weights: [u64; N]) -> [u64; N] {
    // Without any weight nothing is shared out, and all of it is left over.
    let all = weights.iter().sum::<u64>().max(1);
    let mut shares = weights.map(|weight| whole / all * weight + whole % all * weight / all);
    let rest = whole - shares.iter().sum::<u64>();
    shares[weights.iter().position(|&weight| weight > 0).unwrap_or(0)] += rest;
    shares
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::wowza::behaviour::WowzaBehaviour;
    use crate::wowza::plan::WowzaPlan;

    const HOURS: std::ops::Range<i64> = 496_700..496_900;

    #[test]
    fn minutes_countries_and_renditions_are_parts_of_their_hour() {
        let world = World::new(&WowzaPlan::default());
        let settled = AsOf::settled();
        for resource in world.transcoders.iter().chain(&world.vod_streams) {
            for hour in HOURS.step_by(7) {
                let whole = world.viewing(resource, hour, &settled);
                let sum = |parts: &[Viewing]| {
                    parts.iter().fold(Viewing::default(), |sum, part| Viewing {
                        seats: sum.seats | part.seats,
                        seconds: sum.seconds + part.seconds,
                        bytes: sum.bytes + part.bytes,
                    })
                };
                assert_eq!(sum(&world.minutes(resource, hour, &settled)), whole);
                assert_eq!(sum(&by_country(resource, &whole)), whole);
                assert_eq!(sum(&world.by_rendition(resource, hour, &settled)), whole);
            }
        }
    }

    #[test]
    fn an_hour_grows_while_it_is_open_and_is_nothing_before() {
        let world = World::new(&WowzaPlan::default());
        let behaviour = WowzaBehaviour::default();
        let resource = &world.transcoders[1];
        let hour = HOURS.start;
        let told = |minutes: i64| {
            let now = DateTime::from_timestamp(hour * 3600 + minutes * 60, 0).expect("an instant");
            world.egress(resource, hour, &AsOf::moment(now, &behaviour)).seconds
        };
        assert_eq!(resource.billing_mode, "twentyfour_seven");
        assert_eq!([told(-5), told(0), told(15), told(60), told(600)], [0, 0, 900, 3600, 3600]);
    }

    #[test]
    fn figures_go_beyond_thirty_one_bits_and_zero_bytes_may_come_with_seconds() {
        let world = World::new(&WowzaPlan::default());
        let all: Vec<Egress> = world
            .transcoders
            .iter()
            .flat_map(|resource| HOURS.map(|hour| world.egress(resource, hour, &AsOf::settled())))
            .collect();
        assert!(all.iter().any(|egress| egress.bytes > 1 << 31));
        assert!(all.iter().any(|egress| egress.bytes == 0 && egress.seconds > 0));
    }
}
