//! One row of usage: which field spoils it, and whether that spoils the page.

use highwater_core::Result;
use highwater_core::wire::Raw;
use highwater_http::drift;

use crate::datasets::VIDEO_USAGE;
use crate::decode::missing;
use crate::figure::{NotAFigure, figure};
use crate::wire::UsageRow;

/// The figures of one row, or why they cannot be kept.
pub(crate) struct Reading<'a> {
    pub(crate) video_url: &'a str,
    pub(crate) bytes: Result<i64, NotAFigure>,
    pub(crate) requests: Result<i64, NotAFigure>,
}

impl<'a> Reading<'a> {
    /// # Errors
    /// `Drift` when the row has not the fields that every row has, of the types that they have.
    pub(crate) fn of(row: &'a UsageRow<'_>, index: usize) -> Result<Self> {
        let path = |field: &str| format!("usage[{index}].{field}");
        let number = |json: Option<Raw<'_>>, field: &str| {
            let json = json.ok_or_else(|| missing(VIDEO_USAGE, &path(field)))?;
            match figure(json.get()) {
                Err(NotAFigure::OtherType) => {
                    Err(drift(VIDEO_USAGE, &path(field), "neither a number nor a text"))
                }
                read => Ok(read),
            }
        };
        Ok(Self {
            video_url: row.video_url.as_deref().ok_or_else(|| missing(VIDEO_USAGE, &path("video_url")))?,
            bytes: number(row.bytes_total, "bytes_total")?,
            requests: number(row.requests_total, "requests_total")?,
        })
    }

    /// Bytes and requests, or the field that spoils the row and why.
    pub(crate) fn figures(&self) -> Result<(i64, i64), (&'static str, String)> {
        if self.video_url.is_empty() {
            return Err(("video_url", "empty".to_owned()));
        }
        let bytes = self.bytes.map_err(|why| ("bytes_total", why.to_string()))?;
        let requests = self.requests.map_err(|why| ("requests_total", why.to_string()))?;
        Ok((bytes, requests))
    }
}
