//! The story of a cell: what is known of its windows, in one line. Pure.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use highwater_core::Window;
use highwater_pipeline::{State, WindowState};

use super::super::concerns::words;
use super::calendar::Pen;
use crate::output::thousands;

impl Pen<'_> {
    /// What is known of `known`.
    pub(super) fn story(&self, known: &WindowState<'_>) -> String {
        let spec = &self.feed.dataset.spec;
        let until = spec.expires_at(known.window).map_or_else(
            || "the provider does not say until when it can be had".to_owned(),
            |at| format!("lost for good at {}, in {}", minute(at), words(at - self.now)),
        );
        let pulled = known.record.map_or_else(String::new, |record| {
            let times = if record.pulls == 1 { "once".to_owned() } else { format!("{} times", record.pulls) };
            let rejected = match record.rejected_rows {
                0 => String::new(),
                count => format!(", {} set aside", thousands(count)),
            };
            format!(
                ", {} rows{rejected}, pulled {times}, last at {}",
                thousands(record.rows),
                minute(record.pulled_at)
            )
        });
        let settles = minute(spec.final_at(known.window));
        match known.state {
            State::Final if known.record.is_none() => self.sealed_story(known.window.date()),
            State::Final => format!("final{pulled}"),
            State::Loaded => format!("loaded{pulled}, final after {settles}"),
            State::Empty => format!("empty: the provider listed nothing{pulled}, final after {settles}"),
            State::Missing => format!("missing, {until}"),
            State::Failed => {
                format!("failed: {}; {until}", self.failure(known.window).unwrap_or("no reason kept"))
            }
            State::Expired => {
                "lost for good: the provider no longer answers for it, and it was never loaded".to_owned()
            }
        }
    }

    fn sealed_story(&self, date: NaiveDate) -> String {
        let unit = self.feed.checkpoint.sealed.get(&date);
        let rows = unit.map_or(0, |unit| unit.rows);
        let rejected = match unit.map_or(0, |unit| unit.rejected_rows) {
            0 => String::new(),
            count => format!(", {} set aside", thousands(count)),
        };
        format!("final, its day sealed with {} rows{rejected}", thousands(rows))
    }
}

/// What `bucket` is called: a day, or hours of one.
pub(super) fn title(bucket: Window) -> String {
    let start = bucket.start();
    if bucket.duration() >= TimeDelta::days(1) {
        return start.format("%a %Y-%m-%d").to_string();
    }
    format!("{}–{} UTC", start.format("%Y-%m-%d %H:%M"), bucket.end().format("%H:%M"))
}

/// `instant` to the minute, without the letters that machines need.
pub(crate) fn minute(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%d %H:%M").to_string()
}
