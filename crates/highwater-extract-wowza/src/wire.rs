//! The provider's JSON objects. Every value is kept as the text it has on the page: what it must be is the decoders'
//! business, because only they can say where it is not.

use highwater_core::wire::Raw;
use serde::Deserialize;

/// An object that remembers the names it does not know.
pub(crate) trait Wire<'a>: Deserialize<'a> {
    fn unknown(&self) -> &[String];
}

macro_rules! remembers {
    ($($name:ident),*) => {$(
        impl<'a> Wire<'a> for $name<'a> {
            fn unknown(&self) -> &[String] {
                &self.unknown
            }
        }
    )*};
}

remembers!(Envelope, Pagination, Limits, Row, Summary, Configuration, Share, Sample, Live, Minute, Present);

highwater_core::wire! {
    /// The members of the bodies of all operations; each operation has its own few of them.
    pub(crate) struct Envelope<'a> {
        transcoders: Raw<'a>,
        transcoder: Raw<'a>,
        vod_streams: Raw<'a>,
        vod_stream: Raw<'a>,
        account: Raw<'a> = "account" | "accounts",
        summary: Raw<'a>,
        countries: Raw<'a>,
        renditions: Raw<'a>,
        trend: Raw<'a>,
        pagination: Pagination<'a>,
        limits: Limits<'a>,
    }

    /// Where a page stands in its list.
    pub(crate) struct Pagination<'a> {
        payload_version: Raw<'a>,
        total_records: Raw<'a>,
        total_pages: Raw<'a>,
        per_page: Raw<'a>,
        page: Raw<'a>,
        page_first_index: Raw<'a>,
        page_last_index: Raw<'a>,
        next_page_key: Raw<'a>,
    }

    /// What was answered for.
    pub(crate) struct Limits<'a> {
        from: Raw<'a>,
        to: Raw<'a>,
        resources: Raw<'a>,
    }

    /// One transcoder, VOD stream or account: of a list or by itself.
    pub(crate) struct Row<'a> {
        id: Raw<'a>,
        name: Raw<'a>,
        archived: Raw<'a>,
        transcoder_type: Raw<'a>,
        billing_mode: Raw<'a>,
        kind: Raw<'a> = "type",
        egress_bytes: Raw<'a>,
        egress_seconds: Raw<'a>,
        egress_seconds_additional_targets: Raw<'a>,
        unique_viewers: Raw<'a>,
        viewing_seconds: Raw<'a>,
        viewing_bytes: Raw<'a> = "viewing_bytes" | "vieweing_bytes",
        avg_viewing_seconds: Raw<'a>,
    }

    /// The sums of a list.
    pub(crate) struct Summary<'a> {
        egress_bytes: Raw<'a>,
        egress_seconds: Raw<'a>,
        configurations: Raw<'a>,
        unique_viewers: Raw<'a>,
        viewing_seconds: Raw<'a>,
        viewing_bytes: Raw<'a> = "viewing_bytes" | "vieweing_bytes",
        avg_viewing_seconds: Raw<'a>,
    }

    /// The egress of transcoders of one type and billing mode.
    pub(crate) struct Configuration<'a> {
        transcoder_type: Raw<'a>,
        billing_mode: Raw<'a>,
        egress_bytes: Raw<'a>,
        egress_seconds: Raw<'a>,
    }

    /// The viewing of one country, or of one rendition.
    pub(crate) struct Share<'a> {
        code: Raw<'a>,
        name: Raw<'a>,
        unique_viewers: Raw<'a>,
        viewing_seconds: Raw<'a>,
        viewing_bytes: Raw<'a> = "viewing_bytes" | "vieweing_bytes",
        avg_viewing_seconds: Raw<'a>,
    }

    /// One point of a trend.
    pub(crate) struct Sample<'a> {
        sampled_at: Raw<'a>,
        unique_viewers: Raw<'a>,
        viewing_seconds: Raw<'a>,
        viewing_bytes: Raw<'a> = "viewing_bytes" | "vieweing_bytes",
    }

    /// Who watches now.
    pub(crate) struct Live<'a> {
        id: Raw<'a>,
        unique_viewers: Raw<'a>,
        countries: Raw<'a>,
        viewer_trend: Raw<'a>,
    }

    /// One minute of the past hour.
    pub(crate) struct Minute<'a> {
        sampled_at: Raw<'a>,
        unique_viewers: Raw<'a>,
    }

    /// Present viewers in one country.
    pub(crate) struct Present<'a> {
        code: Raw<'a>,
        unique_viewers: Raw<'a>,
    }
}

impl<'a> Envelope<'a> {
    /// The member called `key`, and the names of those that an answer of its operation does not have.
    pub(crate) fn take(&self, key: &str) -> (Option<Raw<'a>>, Vec<&'static str>) {
        let members = [
            ("transcoders", self.transcoders),
            ("transcoder", self.transcoder),
            ("vod_streams", self.vod_streams),
            ("vod_stream", self.vod_stream),
            ("account", self.account),
            ("summary", self.summary),
            ("countries", self.countries),
            ("renditions", self.renditions),
            ("trend", self.trend),
        ];
        let (mut taken, mut strangers) = (None, Vec::new());
        for (name, value) in members {
            match value {
                Some(value) if name == key => taken = Some(value),
                Some(_) => strangers.push(name),
                None => {}
            }
        }
        (taken, strangers)
    }
}
