//! What a call of `video.usage` asks for.

use chrono::{Months, NaiveDate};

use super::behaviour::ScaleEngineBehaviour;
use super::call::Call;
use super::failure::Failure;
use super::php_json::Json;
use super::world::App;

/// What a call asks for.
pub(super) struct Query<'a> {
    apps: &'a [Json],
    /// Empty: all.
    video_urls: &'a [Json],
    /// Half-open.
    pub(super) days: (NaiveDate, NaiveDate),
    pub(super) whole_month: bool,
    pub(super) limit: usize,
    pub(super) offset: usize,
}

impl<'a> Query<'a> {
    /// A date that is not in the calendar and a negative limit or offset fail with 0006; what the vendor does is unknown.
    pub(super) fn parse(call: &'a Call, behaviour: &ScaleEngineBehaviour) -> Result<Self, Failure> {
        let (days, whole_month) = days(call)?;
        let limit = match whole_number(call, "limit")? {
            None | Some(0) => behaviour.default_limit,
            Some(limit) => limit.min(behaviour.max_limit),
        };
        let query = Self {
            apps: call.one_or_many("app"),
            video_urls: call.one_or_many("url"),
            days,
            whole_month,
            limit,
            offset: whole_number(call, "offset")?.unwrap_or(0),
        };
        if query.apps.is_empty() { Err(Failure::missing("app")) } else { Ok(query) }
    }

    /// A number is an application's id, a text its name; one that is not known matches nothing.
    pub(super) fn wants_app(&self, app: &App) -> bool {
        self.apps.iter().any(|wanted| match wanted {
            Json::Int(id) => *id == app.id,
            Json::Text(name) => *name == app.name,
            _ => false,
        })
    }

    /// A video URL is matched as a whole, byte by byte.
    pub(super) fn wants_video(&self, video_url: &str) -> bool {
        let wanted = |wanted: &Json| matches!(wanted, Json::Text(wanted) if wanted == video_url);
        self.video_urls.is_empty() || self.video_urls.iter().any(wanted)
    }
}

fn days(call: &Call) -> Result<((NaiveDate, NaiveDate), bool), Failure> {
    let year = i32::try_from(call.required_int("year")?).map_err(|_| Failure::missing("year"))?;
    let month = u32::try_from(call.required_int("month")?).map_err(|_| Failure::missing("month"))?;
    let first = NaiveDate::from_ymd_opt(year, month, 1).ok_or_else(|| Failure::missing("month"))?;
    match call.optional_int("day")? {
        None => {
            let end = first.checked_add_months(Months::new(1)).ok_or_else(|| Failure::missing("month"))?;
            Ok(((first, end), true))
        }
        Some(day) => {
            let day = u32::try_from(day).ok().and_then(|day| NaiveDate::from_ymd_opt(year, month, day));
            let next = day.and_then(|day| day.succ_opt());
            day.zip(next).map(|span| (span, false)).ok_or_else(|| Failure::missing("day"))
        }
    }
}

fn whole_number(call: &Call, name: &str) -> Result<Option<usize>, Failure> {
    let number = call.optional_int(name)?.map(usize::try_from);
    number.transpose().map_err(|_| Failure::missing(name))
}
