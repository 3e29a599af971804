//! What the simulated API shows of its world at an instant: a day that is not over, revisions, lost and doubled rows.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::figures::Usage;
use super::world::{FIRST_DAY, World, midnight};

impl World {
    /// What the provider answers for one UTC day at `now`: nothing before the day, a growing part of the final
    /// figures during it, and afterwards the final ones, or with `late_revisions` something near them at first.
    pub(super) fn usage_seen(
        &self,
        app: &str,
        video_url: &str,
        day: NaiveDate,
        now: DateTime<Utc>,
        late_revisions: bool,
    ) -> Usage {
        let elapsed = now - midnight(day);
        if elapsed <= TimeDelta::zero() {
            return Usage::default();
        }
        let last = self.usage(app, video_url, day);
        if elapsed < TimeDelta::days(1) {
            return last.share(elapsed.num_seconds().unsigned_abs(), 86_400);
        }
        if late_revisions {
            self.revised(last, app, video_url, day, elapsed - TimeDelta::days(1))
        } else {
            last
        }
    }

    fn revised(&self, last: Usage, app: &str, video_url: &str, day: NaiveDate, age: TimeDelta) -> Usage {
        let [touched, fate, ..] = self.draw("revision", app, video_url, day);
        let (first_stage, second_stage) = (age < TimeDelta::hours(36), age < TimeDelta::hours(96));
        match (last.is_nothing(), touched.is_multiple_of(8)) {
            (true, true) if first_stage && day >= FIRST_DAY => Usage { bytes: 1 + fate % 1000, requests: 1 },
            (false, true) if first_stage && fate.is_multiple_of(4) => Usage::default(),
            (false, true) if first_stage => last.share(97, 100),
            (false, true) if second_stage && fate % 2 == 1 => last.share(99, 100),
            _ => last,
        }
    }

    /// Whether `kept_percent` of the rows include this one.
    pub(super) fn is_kept(&self, app: &str, video_url: &str, kept_percent: u8) -> bool {
        self.lasting_draw("kept", app, video_url)[0] % 100 < u64::from(kept_percent)
    }

    /// The part of a figure that stands in the first of two rows, in percent, if the video URL has two.
    pub(super) fn first_part_percent(&self, app: &str, video_url: &str) -> Option<u64> {
        let [doubled, percent, ..] = self.lasting_draw("double", app, video_url);
        (doubled.is_multiple_of(5)).then_some(10 + percent % 80)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaleengine::App;
    use crate::world::WorldSettings;

    fn world() -> World {
        World::new(WorldSettings::new(7, 120))
    }

    fn days() -> impl Iterator<Item = NaiveDate> {
        NaiveDate::from_ymd_opt(2026, 9, 1).unwrap().iter_days().take(90)
    }

    #[test]
    fn a_day_grows_while_it_lasts_and_stands_when_it_is_over() {
        let world = world();
        let (app, url) = ("demo-origin", "shared/intro.mp4");
        let day = days().find(|day| world.usage(app, url, *day).bytes > 1000).unwrap();
        let seen = |hours| world.usage_seen(app, url, day, midnight(day) + TimeDelta::hours(hours), false);
        assert_eq!(seen(0), Usage::default());
        assert!(seen(6).bytes < seen(18).bytes);
        assert!(seen(18).bytes < seen(24).bytes);
        assert_eq!(seen(24), world.usage(app, url, day));
    }

    #[test]
    fn late_revisions_add_take_away_and_change_rows_and_end_in_the_final_figures() {
        let world = world();
        let seen = |app: &App, url: &str, day, hours: i64| {
            world.usage_seen(&app.name, url, day, midnight(day) + TimeDelta::hours(24 + hours), true)
        };
        let (mut appear, mut vanish, mut change, mut change_twice) = (0, 0, 0, 0);
        for (app, day) in world.apps().iter().flat_map(|app| days().map(move |day| (app, day))) {
            for url in &app.video_urls {
                let [first, second, last] = [6, 48, 120].map(|hours| seen(app, url, day, hours));
                assert_eq!(last, world.usage(&app.name, url, day));
                appear += usize::from(first.is_nothing() && !last.is_nothing());
                vanish += usize::from(!first.is_nothing() && last.is_nothing());
                change += usize::from(!first.is_nothing() && !last.is_nothing() && first != last);
                change_twice += usize::from(first != second && second != last);
            }
        }
        assert!([appear, vanish, change, change_twice].iter().all(|&count| count > 0));
    }
}
