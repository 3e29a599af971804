//! Values with a meaning: durations, dates, secrets, schedules, URLs.

use std::path::PathBuf;

use chrono::{NaiveDate, TimeDelta};
use highwater_core::Secret;
use url::Url;

use super::document::Node;
use crate::schedule::Schedule;

/// Whether credentials are read from where they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// They are needed: a missing one is a complaint.
    Read,
    /// `plan` and `status` do without.
    LeaveAlone,
}

/// `"12h"`, `"400d"`, `"30s"`.
pub(crate) fn duration(node: &Node<'_>) -> Option<TimeDelta> {
    let text = node.text()?;
    let parsed = humantime::parse_duration(text).ok().and_then(|duration| TimeDelta::from_std(duration).ok());
    if parsed.is_none() {
        node.complain(
            format!("`{text}` is not a duration"),
            "write a number and a unit, such as \"30s\", \"12h\" or \"90d\"",
        );
    }
    parsed
}

/// `"2026-09-01"`.
pub(crate) fn date(node: &Node<'_>) -> Option<NaiveDate> {
    let text = node.text()?;
    let parsed = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    if parsed.is_none() {
        node.complain(format!("`{text}` is not a date"), "write it as \"YYYY-MM-DD\", in quotes");
    }
    parsed
}

/// A cron expression of five or six fields, UTC.
pub(crate) fn schedule(node: &Node<'_>) -> Option<Schedule> {
    let text = node.text()?;
    match Schedule::parse(text) {
        Ok(schedule) => Some(schedule),
        Err(error) => {
            node.complain(
                error.chain(),
                "write second minute hour day month weekday, UTC, such as \"0 10 * * * *\"",
            );
            None
        }
    }
}

/// A scheme and host. `http` is accepted to loopback alone, where no network can listen in.
pub(crate) fn base_url(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let parsed = Url::parse(text).ok().filter(Url::has_host);
    let Some(url) = parsed else {
        node.complain(
            format!("`{text}` is not a URL"),
            "write scheme and host, such as \"https://api.example.com\"",
        );
        return None;
    };
    if !url.username().is_empty() || url.password().is_some() {
        node.complain("holds credentials", "remove them; credentials have settings of their own");
        return None;
    }
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && loopback) {
        return Some(text.trim_end_matches('/').to_owned());
    }
    node.complain(
        format!("`{text}` would send credentials in the clear"),
        "use https; http is accepted to loopback only",
    );
    None
}

/// `{ env = "NAME" }` or `{ file = "PATH" }`; read only when `secrets` says so. The inner `None` is a secret left alone.
pub(crate) fn secret(node: Node<'_>, secrets: Secrets) -> Option<Option<Secret>> {
    const FORM: &str = "write { env = \"NAME\" } or { file = \"/path\" }";
    if !node.is_table() {
        node.complain("a literal secret is refused", FORM);
        return None;
    }
    let (line_key, section) = (node.key.clone(), node.into_section()?);
    let name = section.take("env").and_then(|node| node.text().map(str::to_owned));
    let path = section.take("file").and_then(|node| node.text().map(PathBuf::from));
    let place = match (name, path) {
        (Some(name), None) => Place::Env(name),
        (None, Some(path)) => Place::File(path),
        _ => {
            section.complain("env", format!("`{line_key}` needs exactly one of env and file"), FORM);
            section.finish();
            return None;
        }
    };
    let outcome = if secrets == Secrets::LeaveAlone {
        Some(None)
    } else {
        match place.read() {
            Ok(secret) => Some(Some(secret)),
            Err((key, message, hint)) => {
                section.complain(key, message, hint);
                None
            }
        }
    };
    section.finish();
    outcome
}

enum Place {
    Env(String),
    File(PathBuf),
}

impl Place {
    fn read(&self) -> Result<Secret, (&'static str, String, String)> {
        match self {
            Self::Env(name) => std::env::var(name).ok().filter(|value| !value.trim().is_empty()).map_or_else(
                || {
                    Err((
                        "env",
                        format!("the environment variable `{name}` is not set"),
                        format!("export {name}=… before running highwater"),
                    ))
                },
                |value| Ok(Secret::new(value.trim().to_owned())),
            ),
            Self::File(path) => match std::fs::read_to_string(path) {
                Ok(text) if !text.trim().is_empty() => Ok(Secret::new(text.trim().to_owned())),
                Ok(_) => Err((
                    "file",
                    format!("`{}` is empty", path.display()),
                    "write the secret into it".to_owned(),
                )),
                Err(error) => Err((
                    "file",
                    format!("`{}` cannot be read: {error}", path.display()),
                    "check that it exists and that highwater's user may read it".to_owned(),
                )),
            },
        }
    }
}
