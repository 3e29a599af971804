//! Viewing as a series: how fine it is, and its points.

use chrono::{DateTime, TimeDelta, Utc};

use super::as_of::AsOf;
use super::behaviour::{Straddle, TrendGaps, WowzaBehaviour};
use super::stamp::at_second;
use super::tally::{Tally, Viewed};
use super::window::Asked;
use super::world::{Resource, World};

/// The size of a trend's buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sampling {
    Minute,
    Hour,
    Day,
}

/// One bucket, named by its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) at: DateTime<Utc>,
    pub(super) viewed: Viewed,
}

impl Sampling {
    /// What a window is sampled by when it is asked for at `now`.
    pub(super) fn of(window: Asked, now: DateTime<Utc>, straddle: Straddle) -> Self {
        let edge = now - TimeDelta::days(30);
        let decisive = if straddle == Straddle::From { window.from } else { window.to };
        let span = window.to - window.from;
        if decisive < edge {
            Self::Hour
        } else if span <= TimeDelta::hours(3) {
            Self::Minute
        } else if span <= TimeDelta::hours(24) {
            Self::Hour
        } else {
            Self::Day
        }
    }

    fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
        }
    }
}

/// The buckets of a window that have begun by `now`. A day that the window only touches is told by that part.
pub(super) fn samples(
    world: &World,
    members: &[&Resource],
    window: Asked,
    now: DateTime<Utc>,
    behaviour: &WowzaBehaviour,
    as_of: &AsOf,
) -> Vec<Sample> {
    let sampling = Sampling::of(window, now, behaviour.straddle);
    let step = sampling.seconds();
    let end = window.to.timestamp().min(now.timestamp());
    let mut samples = Vec::new();
    let mut start = window.from.timestamp();
    while start < end {
        let next = ((start.div_euclid(step) + 1) * step).min(window.to.timestamp());
        let viewed = match sampling {
            Sampling::Minute => Viewed::default(),
            Sampling::Hour | Sampling::Day => world.viewed(members, start / 3600..next / 3600, as_of),
        };
        samples.push(Sample { at: at_second(start), viewed });
        start = next;
    }
    if sampling == Sampling::Minute {
        fill_minutes(world, members, window, now, as_of, &mut samples);
    }
    if behaviour.trend_gaps == TrendGaps::Sparse {
        samples.retain(|sample| !sample.viewed.is_nothing());
    }
    samples
}

/// An open minute counts nothing yet, so that the minutes add up to the hour as it is told at the same moment.
fn fill_minutes(
    world: &World,
    members: &[&Resource],
    window: Asked,
    now: DateTime<Utc>,
    as_of: &AsOf,
    samples: &mut [Sample],
) {
    let mut tallies = vec![Tally::of(members); samples.len()];
    for resource in members {
        for (nth_hour, hour) in window.hours().enumerate() {
            let minutes = world.minutes(resource, hour, as_of);
            for (tally, minute) in tallies.iter_mut().skip(nth_hour * 60).zip(&minutes) {
                tally.add(resource, minute);
            }
        }
    }
    for (sample, tally) in samples.iter_mut().zip(&tallies) {
        if sample.at + TimeDelta::minutes(1) <= now {
            sample.viewed = tally.viewed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}:00:00Z").parse().expect("an instant")
    }

    fn sampling(from: &str, to: &str, straddle: Straddle) -> Sampling {
        let window = Asked { from: at(from), to: at(to) };
        Sampling::of(window, at("2026-09-29T12"), straddle)
    }

    #[test]
    fn the_grain_follows_the_span_within_thirty_days() {
        let of = |from, to| sampling(from, to, Straddle::From);
        assert_eq!(of("2026-09-20T00", "2026-09-20T03"), Sampling::Minute);
        assert_eq!(of("2026-09-20T00", "2026-09-20T04"), Sampling::Hour);
        assert_eq!(of("2026-09-20T00", "2026-09-21T00"), Sampling::Hour);
        assert_eq!(of("2026-09-20T00", "2026-09-21T01"), Sampling::Day);
    }

    #[test]
    fn older_windows_are_always_by_the_hour() {
        for to in ["2026-08-01T01", "2026-08-02T00", "2026-08-20T00"] {
            assert_eq!(sampling("2026-08-01T00", to, Straddle::From), Sampling::Hour);
        }
    }

    #[test]
    fn either_end_can_decide_at_the_edge() {
        assert_eq!(sampling("2026-08-29T00", "2026-09-29T00", Straddle::From), Sampling::Hour);
        assert_eq!(sampling("2026-08-29T00", "2026-09-29T00", Straddle::To), Sampling::Day);
        assert_eq!(sampling("2026-08-30T12", "2026-09-29T12", Straddle::From), Sampling::Day);
    }
}
