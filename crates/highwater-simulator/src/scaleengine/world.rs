//! The usage behind the simulated API: a pure function of seed, application, video URL and UTC day.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};

use super::figures::Usage;
use super::video_urls;
use crate::world::{Seed, WorldSettings};

/// Days before this one have no usage.
pub(super) const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2020, 1, 1).expect("a day of the calendar");

/// One application of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its videos and streams in the order the API lists them.
    pub video_urls: Vec<String>,
}

impl App {
    /// An application with `count` files.
    #[must_use]
    pub fn with_files(id: i64, name: &str, count: usize) -> Self {
        Self { id, name: name.to_owned(), video_urls: video_urls::of_files("acme", count) }
    }

    /// An application with `count` live streams.
    #[must_use]
    pub fn with_streams(id: i64, name: &str, count: usize) -> Self {
        Self { id, name: name.to_owned(), video_urls: video_urls::of_streams("live", count) }
    }
}

/// The applications of an account and their usage on every day from 2020 on, without end.
#[derive(Clone, Debug)]
pub struct World {
    seed: Seed,
    apps: Vec<App>,
}

impl World {
    /// Three applications, `demo-origin`, `demo-vod` and `demo-live`, with a third of the resources each. The anchor
    /// of the settings means nothing here: names neither begin nor end.
    #[must_use]
    pub fn new(settings: WorldSettings) -> Self {
        let count = usize::try_from(settings.resources / 3).unwrap_or(usize::MAX);
        let apps = vec![
            App::with_files(1001, "demo-origin", count),
            App::with_files(1002, "demo-vod", count),
            App::with_streams(1003, "demo-live", count),
        ];
        Self::with_apps(settings.seed, apps)
    }

    /// A world with other applications. An application's figures depend on its name and its video URLs alone, so adding
    /// one changes nothing for the rest.
    #[must_use]
    pub fn with_apps(seed: Seed, apps: Vec<App>) -> Self {
        Self { seed, apps }
    }

    /// The applications, in the order `video.getapps` lists them.
    #[must_use]
    pub fn apps(&self) -> &[App] {
        &self.apps
    }

    /// The final figures of one UTC day.
    #[must_use]
    pub fn usage(&self, app: &str, video_url: &str, day: NaiveDate) -> Usage {
        if day < FIRST_DAY || self.nothing_happens(app, day) {
            return Usage::default();
        }
        let [seen, size, scale, plays] = self.draw("usage", app, video_url, day);
        if seen.is_multiple_of(4) {
            return Usage::default();
        }
        let bytes = if video_url == video_urls::FAMOUS {
            (1 << 53) + ((size % (1 << 54)) | 1)
        } else {
            1 + size % (1 << (10 + scale % 26))
        };
        match plays % 17 {
            0 => Usage { bytes, requests: 0 },
            1 => Usage { bytes: 0, requests: 1 + plays % 9 },
            _ => Usage { bytes, requests: 1 + plays % 5000 },
        }
    }

    /// Some days nobody watches anything, and on others one application stands still.
    fn nothing_happens(&self, app: &str, day: NaiveDate) -> bool {
        self.draw("quiet", "", "", day)[0].is_multiple_of(23)
            || self.draw("idle", app, "", day)[0].is_multiple_of(9)
    }

    /// Four numbers that depend on every argument and on nothing else.
    pub(super) fn draw(&self, purpose: &str, app: &str, video_url: &str, day: NaiveDate) -> [u64; 4] {
        let day = i64::from(day.num_days_from_ce()).unsigned_abs();
        let texts = [purpose, app, video_url];
        let letters =
            texts.iter().flat_map(|text| text.bytes().map(u64::from).chain([u64::from(u8::MAX) + 1]));
        let words: Vec<u64> = letters.chain([day]).collect();
        let drawn = Seed(self.seed.draw(&words));
        [0, 1, 2, 3].map(|word| drawn.draw(&[word]))
    }

    /// The same for what a video URL is like on every day.
    pub(super) fn lasting_draw(&self, purpose: &str, app: &str, video_url: &str) -> [u64; 4] {
        self.draw(purpose, app, video_url, FIRST_DAY)
    }
}

pub(super) fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days() -> impl Iterator<Item = NaiveDate> {
        NaiveDate::from_ymd_opt(2026, 9, 1).unwrap().iter_days().take(90)
    }

    fn world(seed: u64) -> World {
        World::new(WorldSettings::new(seed, 120))
    }

    fn total(world: &World, app: &App, day: NaiveDate) -> Usage {
        app.video_urls.iter().fold(Usage::default(), |sum, url| sum.plus(world.usage(&app.name, url, day)))
    }

    #[test]
    fn the_same_seed_gives_the_same_world_and_another_seed_another() {
        let (from, to) = (midnight(days().next().unwrap()), midnight(days().last().unwrap()));
        assert_eq!(world(7).dump(from, to), world(7).dump(from, to));
        assert_ne!(world(7).dump(from, to), world(8).dump(from, to));
    }

    #[test]
    fn a_world_has_figures_beyond_double_precision_zeroes_and_idle_days() {
        let world = world(7);
        let usages: Vec<Usage> = world
            .apps()
            .iter()
            .flat_map(|app| {
                app.video_urls.iter().flat_map(|url| days().map(|day| world.usage(&app.name, url, day)))
            })
            .collect();
        assert!(usages.iter().any(|usage| usage.bytes > 1 << 53));
        assert!(usages.iter().any(|usage| usage.is_nothing()));
        assert!(usages.iter().any(|usage| usage.bytes > 0 && usage.requests == 0));
        assert!(usages.iter().any(|usage| usage.bytes == 0 && usage.requests > 0));
        let idle = |day| world.apps().iter().filter(|app| total(&world, app, day).is_nothing()).count();
        assert!(days().any(|day| idle(day) == 1));
        assert!(days().any(|day| idle(day) == world.apps().len()));
        assert!(days().any(|day| idle(day) == 0));
    }

    #[test]
    fn another_application_changes_nothing_for_the_rest() {
        let small = world(7);
        let mut apps = small.apps().to_vec();
        apps.insert(0, App::with_files(9, "new", 5));
        let large = World::with_apps(Seed(7), apps);
        for (app, day) in small.apps().iter().flat_map(|app| days().map(move |day| (app, day))) {
            assert_eq!(total(&large, app, day), total(&small, app, day));
        }
    }
}
