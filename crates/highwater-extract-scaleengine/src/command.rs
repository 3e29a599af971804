//! Commands: what a page request asks of the API, and the members it is sent with.

use chrono::{Datelike, NaiveDate};
use highwater_core::{Error, ErrorKind, PageRequest, Result};

use crate::apps::App;
use crate::calendar::Period;
use crate::datasets::{GETAPPS, VIDEO_USAGE};
use crate::paging;
use crate::php_json::{Members, Value};
use crate::settings::Account;

/// One command with all that it says beside who asks and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    GetApps,
    VideoUsage(Query),
}

/// Which rows of usage are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    app: App,
    url: Option<String>,
    period: Period,
    limit: u64,
    offset: u64,
}

impl Command {
    /// The command that `request` stands for. Without a limit it asks for `page_size` rows.
    ///
    /// # Errors
    /// `Config` for what the API cannot be asked.
    pub(crate) fn of(request: &PageRequest, page_size: u64) -> Result<Self> {
        match request.operation.as_str() {
            GETAPPS => Ok(Self::GetApps),
            VIDEO_USAGE => Query::of(request, page_size).map(Self::VideoUsage),
            other => Err(Error::new(ErrorKind::Internal, format!("no command for operation=`{other}`"))),
        }
    }

    /// The members in the order in which the provider documents them, without the signature. `timestamp` is in seconds
    /// since 1970.
    pub(crate) fn members(&self, account: &Account, timestamp: i64) -> Members {
        let name = match self {
            Self::GetApps => "video.getapps",
            Self::VideoUsage(_) => "video.usage",
        };
        let members = Members::default()
            .with("command", name)
            .with("api_key", account.api_key.expose())
            .with("timestamp", timestamp)
            .with("cdn", account.cdn);
        match self {
            Self::GetApps => members,
            Self::VideoUsage(query) => query.append_to(members),
        }
    }

    /// The command for people: in errors and logs.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::GetApps => "video.getapps".to_owned(),
            Self::VideoUsage(Query { app, period, offset, .. }) => {
                let period = match period {
                    Period::Day(date) => date.format("%Y-%m-%d"),
                    Period::Month(first) => first.format("%Y-%m"),
                };
                format!("video.usage of app=`{}` period=`{period}` offset=`{offset}`", app.text())
            }
        }
    }
}

impl Query {
    fn of(request: &PageRequest, page_size: u64) -> Result<Self> {
        let app = App::asked_by(request).ok_or_else(|| {
            Error::new(ErrorKind::Config, "video_usage asks about one application").with_hint(
                "name it with --param app=NAME or --param app_id=NUMBER; the operation getapps lists them",
            )
        })?;
        let period = Period::of(request.window).ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!("the provider does not report on window=`{}`", request.window),
            )
            .with_hint(
                "ask for one UTC day, or for one calendar month from its first to the next one's first",
            )
        })?;
        let url = request.param("url").map(str::to_owned);
        let (limit, offset) = (paging::limit(request, page_size), paging::offset(request));
        Ok(Self { app, url, period, limit, offset })
    }

    fn append_to(&self, members: Members) -> Members {
        let (date, day) = match self.period {
            Period::Day(date) => (date, Some(date.day())),
            Period::Month(first) => (first, None),
        };
        let mut members = members.with("app", self.app.member());
        if let Some(url) = &self.url {
            members = members.with("url", url.as_str());
        }
        members = with_month(members, date);
        if let Some(day) = day {
            members = members.with("day", i64::from(day));
        }
        members.with("limit", whole(self.limit)).with("offset", whole(self.offset))
    }
}

fn with_month(members: Members, date: NaiveDate) -> Members {
    members.with("year", i64::from(date.year())).with("month", i64::from(date.month()))
}

fn whole(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use highwater_core::{Secret, Window};

    use super::*;
    use crate::apps::Apps;

    fn account() -> Account {
        Account {
            base_url: String::new(),
            api_key: Secret::new("TESTKEY0000000000000000000000001".to_owned()),
            secret: Secret::new(String::new()),
            cdn: 158,
            apps: Apps::All,
            page_size: 1000,
        }
    }

    fn month(from: &str, to: &str) -> Window {
        let at = |date: &str| format!("{date}T00:00:00Z").parse().unwrap();
        Window::of(at(from), at(to))
    }

    fn golden(index: usize) -> serde_json::Value {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../tests/golden/signed_requests.json")).unwrap();
        golden["vectors"][index]["signed_bytes"].clone()
    }

    fn signed_bytes(request: &PageRequest) -> String {
        Command::of(request, 1000).unwrap().members(&account(), 1_700_000_000).encode()
    }

    #[test]
    fn a_month_is_asked_for_as_the_golden_request() {
        let request = PageRequest::new(VIDEO_USAGE, month("2023-11-01", "2023-12-01"))
            .with_param("app", "demo-origin")
            .with_param("limit", 1000)
            .with_param("offset", 0);
        assert_eq!(golden(0), signed_bytes(&request));
    }

    #[test]
    fn a_page_of_one_url_on_one_day_is_asked_for_as_the_golden_request() {
        let request = PageRequest::new(VIDEO_USAGE, month("2023-11-09", "2023-11-10"))
            .with_param("app", "demo-origin")
            .with_param("url", "sestore/jb/my_video.mp4")
            .with_param("limit", 2)
            .with_param("offset", 2);
        assert_eq!(golden(1), signed_bytes(&request));
    }

    #[test]
    fn an_id_is_sent_as_a_number_and_a_name_of_digits_as_text() {
        let request = PageRequest::new(VIDEO_USAGE, month("2023-11-09", "2023-11-10"));
        assert!(signed_bytes(&request.clone().with_param("app_id", 12)).contains(r#""app":12,"#));
        assert!(signed_bytes(&request.with_param("app", 12)).contains(r#""app":"12","#));
    }

    #[test]
    fn what_cannot_be_asked_says_what_can() {
        let day = PageRequest::new(VIDEO_USAGE, month("2023-11-09", "2023-11-10"));
        assert!(Command::of(&day, 1000).unwrap_err().hint().contains("--param app=NAME"));
        let days = PageRequest::new(VIDEO_USAGE, month("2023-11-09", "2023-11-11")).with_param("app", "a");
        let error = Command::of(&days, 1000).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.hint().contains("one UTC day") && error.hint().contains("one calendar month"));
    }
}
