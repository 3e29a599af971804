//! The world as lines of JSON, for tests that compute the expected figures themselves.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::figures::Usage;
use super::world::{App, World, midnight};

impl World {
    pub(super) fn dump(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
        let mut lines = String::new();
        let days = from.date_naive().iter_days().skip_while(|day| midnight(*day) < from);
        for day in days.take_while(|day| midnight(*day) < to) {
            for app in self.apps() {
                for video_url in &app.video_urls {
                    let usage = self.usage(&app.name, video_url, day);
                    if !usage.is_nothing() {
                        lines.push_str(&fact(app, video_url, day, usage));
                        lines.push('\n');
                    }
                }
            }
        }
        lines
    }
}

fn fact(app: &App, video_url: &str, day: NaiveDate, usage: Usage) -> String {
    json!({
        "app": app.name,
        "app_id": app.id,
        "video_url": video_url,
        "usage_date": day,
        "bytes": usage.bytes.to_string(),
        "requests": usage.requests.to_string(),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::world::WorldSettings;

    #[test]
    fn a_dump_covers_the_days_whose_midnight_is_in_the_range() {
        let world = World::new(WorldSettings::new(7, 120));
        let first = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
        let day = first.iter_days().find(|day| !of_one_day(&world, *day).is_empty()).unwrap();
        let (start, end) = (midnight(day), midnight(day) + TimeDelta::days(1));
        let dump = world.dump(start, end);
        let fact: serde_json::Value = serde_json::from_str(dump.lines().next().unwrap()).unwrap();
        let url = fact["video_url"].as_str().unwrap();
        let usage = world.usage(fact["app"].as_str().unwrap(), url, day);
        assert_eq!(fact["usage_date"], day.to_string());
        assert_eq!(fact["bytes"], usage.bytes.to_string());
        assert_eq!(fact["requests"], usage.requests.to_string());
        assert_eq!(world.dump(start + TimeDelta::seconds(1), end), "");
        assert_eq!(world.dump(start, start + TimeDelta::seconds(1)), dump);
    }

    fn of_one_day(world: &World, day: NaiveDate) -> String {
        world.dump(midnight(day), midnight(day) + TimeDelta::seconds(1))
    }
}
