//! Which hours a request asks for: forms of `from` and `to`, defaults, bounds, and the echo.

use std::ops::Range;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::behaviour::{BadWindow, DateOnly, WowzaBehaviour};
use super::errors::Refusal;
use super::query::Query;
use super::stamp::millis;

const LONGEST: TimeDelta = TimeDelta::days(90);

/// A half-open span of full UTC hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
}

impl Asked {
    /// The hours since 1970.
    pub(super) fn hours(self) -> Range<i64> {
        self.from.timestamp().div_euclid(3600)..self.to.timestamp().div_euclid(3600)
    }

    /// The `limits` of an answer.
    pub(super) fn echo(self, behaviour: &WowzaBehaviour) -> Value {
        let shift = TimeDelta::hours(behaviour.echo_shift_hours);
        json!({ "from": millis(self.from + shift), "to": millis(self.to + shift) })
    }
}

/// The window that a query asks for at `now`.
pub(super) fn asked(query: &Query, now: DateTime<Utc>, behaviour: &WowzaBehaviour) -> Result<Asked, Refusal> {
    let clamp = behaviour.bad_window == BadWindow::Clamp;
    let bound = |name: &str| match query.get(name) {
        None => Ok(None),
        Some(text) => match instant(text, now, behaviour.date_only) {
            Some(at) => Ok(Some(at)),
            None if clamp => Ok(None),
            None => Err(Refusal::Invalid(format!("{name} isn't a valid date: {text}."))),
        },
    };
    let window = completed(bound("from")?, bound("to")?, now);
    let reversed = window.from > window.to;
    let too_long = window.to - window.from > LONGEST;
    match (reversed, too_long) {
        (false, false) => Ok(window),
        (true, _) if clamp => Ok(Asked { from: window.to.max(window.from - LONGEST), to: window.from }),
        (false, true) if clamp => Ok(Asked { from: window.from, to: window.from + LONGEST }),
        (true, _) => Err(Refusal::Invalid("from is after to.".to_owned())),
        (false, true) => {
            Err(Refusal::Invalid("The difference between from and to is more than 90 days.".to_owned()))
        }
    }
}

/// Fills the ends that were left out.
fn completed(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Asked {
    let end_of_day = midnight(now.date_naive() + TimeDelta::days(1));
    let billed = last_bill_date(now);
    match (from, to) {
        (Some(from), Some(to)) => Asked { from, to },
        (Some(from), None) => Asked { from, to: end_of_day.min(from + LONGEST) },
        (None, Some(to)) if billed <= to => Asked { from: billed.max(to - LONGEST), to },
        (None, Some(to)) => Asked { from: to - LONGEST, to },
        (None, None) => Asked { from: billed, to: end_of_day },
    }
}

/// The simulated account is billed on the first of each month.
fn last_bill_date(now: DateTime<Utc>) -> DateTime<Utc> {
    midnight(now.date_naive().with_day(1).unwrap_or(now.date_naive()))
}

fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}

/// Reads one bound; what lies within an hour counts as the hour's end.
fn instant(text: &str, now: DateTime<Utc>, date_only: DateOnly) -> Option<DateTime<Utc>> {
    if text == "last_bill_date" {
        return Some(last_bill_date(now));
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let hour = if date_only == DateOnly::MidAfternoon { 15 } else { 0 };
        return in_reach(midnight(date) + TimeDelta::hours(hour));
    }
    let plain = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|local| local.and_utc());
    let at = plain.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()))?;
    let past_the_hour = at.timestamp().rem_euclid(3600);
    let up = if past_the_hour == 0 { 0 } else { 3600 - past_the_hour };
    in_reach(DateTime::from_timestamp(at.timestamp() + up, 0)?)
}

/// Years of four digits only, so that no window overflows.
fn in_reach(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (1970..=9990).contains(&at.year()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-09-20T13:30:00Z".parse().expect("an instant")
    }

    fn echo(query: &str, behaviour: &WowzaBehaviour) -> Option<(String, String)> {
        let window = asked(&Query::parse(query), now(), behaviour).ok()?;
        let echo = window.echo(behaviour);
        Some((echo["from"].as_str()?.to_owned(), echo["to"].as_str()?.to_owned()))
    }

    fn pair(from: &str, to: &str) -> Option<(String, String)> {
        Some((format!("{from}.000Z"), format!("{to}.000Z")))
    }

    #[test]
    fn every_form_of_an_instant_is_read_and_minutes_are_rounded_up() {
        let usual = WowzaBehaviour::default();
        let expected = pair("2026-09-10T11:00:00", "2026-09-11T00:00:00");
        for from in [
            "2026-09-10 11:00:00",
            "2026-09-10 10:00:01",
            "2026-09-10T10:15:00Z",
            "2026-09-10T12:30:00%2B02:00",
        ] {
            assert_eq!(echo(&format!("from={from}&to=2026-09-11"), &usual), expected, "{from}");
        }
        let odd = WowzaBehaviour { date_only: DateOnly::MidAfternoon, ..usual };
        let expected = pair("2026-09-10T15:00:00", "2026-09-11T15:00:00");
        assert_eq!(echo("from=2026-09-10&to=2026-09-11", &odd), expected);
    }

    #[test]
    fn ends_left_out_are_filled_from_the_bill_and_the_day() {
        let usual = WowzaBehaviour::default();
        let all = pair("2026-09-01T00:00:00", "2026-09-21T00:00:00");
        assert_eq!(echo("", &usual), all);
        assert_eq!(echo("from=last_bill_date", &usual), all);
        assert_eq!(echo("from=2026-05-01", &usual), pair("2026-05-01T00:00:00", "2026-07-30T00:00:00"));
        assert_eq!(echo("to=2026-09-10", &usual), pair("2026-09-01T00:00:00", "2026-09-10T00:00:00"));
        assert_eq!(echo("to=2026-08-10", &usual), pair("2026-05-12T00:00:00", "2026-08-10T00:00:00"));
    }

    #[test]
    fn windows_outside_the_rules_are_refused_or_clamped() {
        let usual = WowzaBehaviour::default();
        let lenient = WowzaBehaviour { bad_window: BadWindow::Clamp, ..WowzaBehaviour::default() };
        for (query, from, to) in [
            ("from=2026-01-01&to=2026-04-02", "2026-01-01T00:00:00", "2026-04-01T00:00:00"),
            ("from=2026-09-10&to=2026-09-09", "2026-09-09T00:00:00", "2026-09-10T00:00:00"),
            ("from=yesterday&to=2026-09-09", "2026-09-01T00:00:00", "2026-09-09T00:00:00"),
        ] {
            assert_eq!(echo(query, &usual), None, "{query}");
            assert_eq!(echo(query, &lenient), pair(from, to), "{query}");
        }
        assert!(echo("from=2026-01-01&to=2026-04-01", &usual).is_some(), "90 days are allowed");
    }

    #[test]
    fn the_echo_can_speak_of_another_window() {
        let odd = WowzaBehaviour { echo_shift_hours: 1, ..WowzaBehaviour::default() };
        let expected = pair("2026-09-09T01:00:00", "2026-09-10T01:00:00");
        assert_eq!(echo("from=2026-09-09&to=2026-09-10", &odd), expected);
    }
}
