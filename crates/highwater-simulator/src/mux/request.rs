//! What a request asks for: its parameters read as the provider reads them.

use axum::extract::Query;
use axum::http::Uri;
use chrono::{DateTime, Utc};

use crate::mux::behaviour::{MuxBehaviour, Stance};
use crate::mux::hours::{Hour, Hours};

/// The parameters of a list of delivery usage, checked and resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) page: u32,
    pub(crate) limit: u32,
    pub(crate) window: Hours,
    pub(crate) asset_id: Option<String>,
    pub(crate) live_stream_id: Option<String>,
}

impl Asked {
    /// Reads the query of `uri`; `Err` is the message of the provider's 400.
    pub(crate) fn read(uri: &Uri, behaviour: &MuxBehaviour, now: DateTime<Utc>) -> Result<Self, String> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| "The query string is not valid".to_owned())?;
        let last =
            |name: &str| pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let timeframe: Vec<&str> =
            pairs.iter().filter(|(key, _)| key == "timeframe[]").map(|(_, value)| value.as_str()).collect();
        let asset_id = last("asset_id").map(str::to_owned);
        let live_stream_id = last("live_stream_id").map(str::to_owned);
        if asset_id.is_some() && live_stream_id.is_some() && behaviour.both_filters == Stance::Strict {
            return Err("asset_id and live_stream_id cannot be combined".to_owned());
        }
        Ok(Self {
            page: positive("page", last("page"), 1)?,
            limit: limit(last("limit"), behaviour)?,
            window: window(&timeframe, behaviour, now)?,
            asset_id,
            live_stream_id,
        })
    }

    /// How many rows stand before the page; more than any list has when it would overflow.
    pub(crate) fn offset(&self) -> usize {
        usize::try_from(u64::from(self.page - 1) * u64::from(self.limit)).unwrap_or(usize::MAX)
    }
}

fn positive(name: &str, text: Option<&str>, default: u32) -> Result<u32, String> {
    let Some(text) = text else { return Ok(default) };
    let number = text.parse::<u32>().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("{name} must be a positive integer"))
}

fn limit(text: Option<&str>, behaviour: &MuxBehaviour) -> Result<u32, String> {
    let maximum = behaviour.maximum_limit;
    let limit = positive("limit", text, maximum.min(100))?;
    match behaviour.limit_above_maximum {
        Stance::Strict if limit > maximum => Err(format!("limit must not be greater than {maximum}")),
        Stance::Strict | Stance::Lenient => Ok(limit.min(maximum)),
    }
}

/// The hours that can be asked for at `now`: wholly within the retention, and ended at least the lag ago.
fn allowed(behaviour: &MuxBehaviour, now: DateTime<Utc>) -> Hours {
    let end = Hour::floor(now - behaviour.lag);
    Hours { start: Hour::ceil(now - behaviour.retention).min(end), end }
}

fn window(texts: &[&str], behaviour: &MuxBehaviour, now: DateTime<Utc>) -> Result<Hours, String> {
    let allowed = allowed(behaviour, now);
    let newest_hour = Hours { start: Hour(allowed.end.0 - 1), end: allowed.end };
    if texts.is_empty() {
        return Ok(newest_hour);
    }
    let instants = texts
        .iter()
        .map(|text| text.parse::<i64>().map_err(|_| "timeframe must be epoch seconds".to_owned()))
        .collect::<Result<Vec<i64>, String>>()?;
    match (behaviour.timeframe, instants.as_slice()) {
        (Stance::Strict, [start, end]) => within(*start, *end, allowed),
        (Stance::Strict, _) => Err("timeframe must have two elements".to_owned()),
        (Stance::Lenient, [start, end, ..]) => Ok(clamped(*start, *end, allowed)),
        (Stance::Lenient, _) => Ok(newest_hour),
    }
}

fn within(start: i64, end: i64, allowed: Hours) -> Result<Hours, String> {
    let window = Hours { start: Hour::containing(start), end: Hour::containing(end) };
    if window.start.epoch_seconds() != start || window.end.epoch_seconds() != end {
        return Err("timeframe must be on the hour".to_owned());
    }
    if start >= end {
        return Err("timeframe must start before it ends".to_owned());
    }
    if window.start < allowed.start || window.end > allowed.end {
        return Err("timeframe is out of the allowed range".to_owned());
    }
    Ok(window)
}

fn clamped(start: i64, end: i64, allowed: Hours) -> Hours {
    let clamp = |instant: i64| Hour::containing(instant).clamp(allowed.start, allowed.end);
    Hours { start: clamp(start.min(end)), end: clamp(start.max(end)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-09-29T12:30:00Z").unwrap().to_utc()
    }

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    fn ask(query: &str, behaviour: &MuxBehaviour) -> Result<Asked, String> {
        let uri: Uri = format!("/video/v1/delivery-usage?{query}").parse().unwrap();
        Asked::read(&uri, behaviour, now())
    }

    fn echo(start: i64, end: i64) -> (i64, i64) {
        let query = format!("timeframe[]={start}&timeframe%5B%5D={end}");
        let window = ask(&query, &MuxBehaviour::default()).unwrap().window;
        (window.start.epoch_seconds(), window.end.epoch_seconds())
    }

    #[test]
    fn the_default_window_is_the_thirteenth_to_the_twelfth_hour_before_now() {
        let window = ask("", &MuxBehaviour::default()).unwrap().window;
        assert_eq!(window.start.epoch_seconds(), at("2026-09-28T23:00:00Z"));
        assert_eq!(window.len(), 1);
    }

    #[test]
    fn a_lenient_provider_orders_floors_and_clamps() {
        let (ten, eleven) = (at("2026-09-20T10:00:00Z"), at("2026-09-20T11:00:00Z"));
        let (newest, oldest) = (at("2026-09-29T00:00:00Z"), at("2026-07-01T13:00:00Z"));
        assert_eq!(echo(ten, eleven), (ten, eleven));
        assert_eq!(echo(ten + 59, eleven + 3599), (ten, eleven));
        assert_eq!(echo(eleven, ten), (ten, eleven));
        assert_eq!(echo(ten, at("2026-09-29T12:00:00Z")), (ten, newest));
        assert_eq!(echo(at("2026-01-01T00:00:00Z"), eleven), (oldest, eleven));
        assert_eq!(echo(0, 3600), (oldest, oldest));
        assert_eq!(echo(i64::MIN, i64::MAX), (oldest, newest));
    }

    #[test]
    fn a_strict_provider_refuses_what_a_lenient_one_repairs() {
        let ten = at("2026-09-20T10:00:00Z");
        let strict = MuxBehaviour::strict();
        let refused = [
            format!("timeframe[]={}&timeframe[]={}", ten + 1, ten + 3600),
            format!("timeframe[]={}&timeframe[]={ten}", ten + 3600),
            format!("timeframe[]={ten}&timeframe[]={ten}"),
            format!("timeframe[]={ten}"),
            format!("timeframe[]={ten}&timeframe[]={}", at("2026-09-29T01:00:00Z")),
            format!("timeframe[]={}&timeframe[]={ten}", at("2026-07-01T12:00:00Z")),
            "limit=101".to_owned(),
        ];
        for query in refused {
            assert!(ask(&query, &strict).is_err(), "{query}");
            assert!(ask(&query, &MuxBehaviour::default()).is_ok(), "{query}");
        }
        let newest = at("2026-09-29T00:00:00Z");
        let oldest = at("2026-07-01T13:00:00Z");
        assert!(ask(&format!("timeframe[]={oldest}&timeframe[]={newest}&limit=100"), &strict).is_ok());
    }

    #[test]
    fn paging_that_makes_no_sense_is_refused_by_both() {
        for query in [
            "page=0",
            "limit=0",
            "page=-1",
            "limit=ten",
            "timeframe[]=yesterday",
            "asset_id=a&live_stream_id=b",
        ] {
            assert!(ask(query, &MuxBehaviour::default()).is_err(), "{query}");
        }
    }

    #[test]
    fn a_limit_above_the_maximum_is_clamped() {
        assert_eq!(ask("limit=200", &MuxBehaviour::default()).unwrap().limit, 100);
        assert_eq!(ask("", &MuxBehaviour::default()).unwrap().limit, 100);
    }
}
