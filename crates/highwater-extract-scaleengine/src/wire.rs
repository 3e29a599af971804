//! The answers on the wire.

use highwater_core::wire::{Raw, Text};

highwater_core::wire! {
    /// What every answer says first, read without judging its types.
    pub(crate) struct Head<'a> {
        status: Raw<'a>,
        code: Raw<'a>,
        message: Raw<'a>,
    }

    /// An answer of `video.usage`.
    pub(crate) struct UsagePage<'a> {
        status: Text<'a>,
        usage: Vec<UsageRow<'a>>,
        count: Raw<'a>,
        /// Text for debugging; without use.
        message: Raw<'a>,
        /// How long the call took; without use.
        handle_time: Raw<'a>,
    }

    /// What one video URL or stream used in the period asked for.
    pub(crate) struct UsageRow<'a> {
        video_url: Text<'a>,
        bytes_total: Raw<'a>,
        requests_total: Raw<'a>,
    }

    /// The same answer, its rows as the text they have on the page.
    pub(crate) struct RowTexts<'a> {
        usage: Vec<Raw<'a>>,
    }

    /// An answer of `video.getapps`. Its form is not documented; these names are the likeliest.
    pub(crate) struct AppsPage<'a> {
        status: Text<'a>,
        apps: Vec<AppRow<'a>> = "apps" | "data",
        count: Raw<'a>,
        /// Text for debugging; without use.
        message: Raw<'a>,
        /// How long the call took; without use.
        handle_time: Raw<'a>,
    }

    /// One application.
    pub(crate) struct AppRow<'a> {
        name: Text<'a>,
        /// Its number; without use, because rows are asked for by name.
        id: Raw<'a>,
    }
}
