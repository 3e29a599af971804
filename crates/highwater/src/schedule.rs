//! Schedules: cron expressions in UTC, evaluated on any instant.

use std::fmt;

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use highwater_core::{Error, ErrorKind, Result};

/// A cron expression: second minute hour day month weekday, UTC; five fields mean second 0.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    text: String,
    cron: Cron,
}

impl Schedule {
    /// Reads an expression of five or six fields.
    ///
    /// # Errors
    /// `Config` naming what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let wrong = |source: croner::errors::CronError| {
            Error::new(ErrorKind::Config, format!("`{text}` is not a schedule")).with_source(source)
        };
        let parser = CronParser::builder().seconds(Seconds::Optional).dom_and_dow(true).build();
        let cron = parser.parse(text).map_err(wrong)?;
        Ok(Self { text: text.to_owned(), cron })
    }

    /// The first activation after `instant`; `None` when there is none within the calendar.
    pub(crate) fn next_after(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cron.find_next_occurrence(&instant, false).ok()
    }

    /// The expression with six fields, as the scheduler wants it.
    pub(crate) fn six_fields(&self) -> String {
        let five = self.text.split_whitespace().count() == 5;
        if five { format!("0 {}", self.text) } else { self.text.clone() }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_fields_mean_second_zero() {
        let schedule = Schedule::parse("10 * * * *").unwrap();
        let next = schedule.next_after("2026-09-01T00:10:00Z".parse().unwrap());
        assert_eq!(next, Some("2026-09-01T01:10:00Z".parse().unwrap()));
        assert_eq!(schedule.six_fields(), "0 10 * * * *");
    }

    #[test]
    fn an_expression_that_never_was_cron_is_refused() {
        for text in ["", "hourly please", "61 * * * *", "* * *"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
