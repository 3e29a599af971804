//! The extractor: all that talks to one provider, split into I/O without judgement and judgement without I/O.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::column::Column;
use crate::dataset::DatasetSpec;
use crate::error::Result;
use crate::sink::Sink;
use crate::table::Table;
use crate::traffic::Traffic;
use crate::window::Window;

/// One configured source of a provider.
///
/// The runner asks for a window's [`first`](Extractor::first) requests, fetches them, decodes each page, and goes on
/// with the requests that the page's facts name, several at a time, until none is left. So a page is parsed once, and
/// a kept page can be decoded again without the provider.
pub trait Extractor: fmt::Debug + Send + Sync {
    /// The datasets as configured. Never empty; fixed for the life of the value.
    fn datasets(&self) -> &[DatasetSpec];

    /// Every operation that `fetch` takes.
    fn operations(&self) -> &'static [OperationSpec];

    /// One cheap authenticated call.
    ///
    /// # Errors
    /// As [`fetch`](Extractor::fetch).
    fn probe(&self) -> BoxFuture<'_, Result<Probe>>;

    /// The requests that open a pull of `window`. Pure and cheap.
    fn first(&self, dataset: &DatasetSpec, window: Window) -> Vec<PageRequest>;

    /// The requests for the provider's own totals over `span`; none where it reports none. Pure. Their pages are decoded
    /// by [`decode`](Extractor::decode) into [`PageFacts::figures`] and put no rows into the sink. The figures of one
    /// `(table, measure)` over all pages are added up.
    fn control_requests(&self, dataset: &DatasetSpec, span: Window) -> Vec<PageRequest>;

    /// Fetches one page: signs, paces, retries within bounds, and classifies refusals. I/O only; dropping the future
    /// cancels the request in flight.
    ///
    /// # Errors
    /// `Auth`, `RateLimited` and `Transient` (retries used up), `BadRequest`, `Gone`, `Drift` (an answer that is none of
    /// this API's); `Config` for a request that the operation does not allow, before anything is sent.
    fn fetch<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<RawPage>>;

    /// Decodes one page into rows and facts. Pure: the same page gives the same rows and facts.
    ///
    /// # Errors
    /// `Drift` naming operation and JSON path. What the sink took before an error must be thrown away.
    fn decode(&self, dataset: &DatasetSpec, page: &RawPage, sink: &mut dyn Sink) -> Result<PageFacts>;

    /// What this source has asked of its provider since it was made.
    fn traffic(&self) -> &Traffic;
}

/// What a page is pulled for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// For its rows.
    #[default]
    Rows,
    /// For the resources it lists, each of which is then asked for by itself.
    List,
    /// For the provider's own totals.
    Control,
}

/// One request for one page, in the provider-neutral form that the raw archive keeps: no secret, no signature, no
/// timestamp. Its order is the order of pages in the archive and in the digest of a pull.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PageRequest {
    /// The operation, named as `fetch` takes it.
    pub operation: String,
    /// What the page is pulled for.
    #[serde(default, skip_serializing_if = "is_rows")]
    pub role: Role,
    /// The resource, where the operation asks about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The window asked for.
    pub window: Window,
    /// Everything else: page, limit, key, filter, … in the provider's own words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
}

fn is_rows(role: &Role) -> bool {
    *role == Role::Rows
}

impl PageRequest {
    /// A request of `operation` for the rows of `window`.
    #[must_use]
    pub fn new(operation: &str, window: Window) -> Self {
        Self { operation: operation.to_owned(), role: Role::Rows, id: None, window, params: BTreeMap::new() }
    }

    /// The same request in another role.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// The same request about one resource.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// The same request with a parameter set.
    #[must_use]
    pub fn with_param(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.params.insert(key.to_owned(), value.to_string());
        self
    }

    /// A parameter's value.
    #[must_use]
    pub fn param(&self, key: &str) -> Option<&str> {
        self.params.get(key).map(String::as_str)
    }
}

/// One page as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPage {
    /// What was asked.
    pub request: PageRequest,
    /// The body, decompressed, otherwise as received.
    pub body: Bytes,
    /// When it was received.
    pub fetched_at: DateTime<Utc>,
}

/// What one page says beside its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageFacts {
    /// The window that the provider says it answered. Must equal the one asked.
    pub echo: Option<Window>,
    /// How the page's rows count towards a total that the provider reports.
    pub listing: Option<Listing>,
    /// The pages to fetch next. A request that was already made in this pull is not made again.
    pub next: Vec<PageRequest>,
    /// The provider's own totals, from pages in the role [`Role::Control`].
    pub figures: Vec<Figure>,
}

/// How the rows of one page count towards a reported total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// What the total is of: pages of one series report the same total, and their rows add up to it.
    pub series: String,
    /// Rows that the provider listed on this page, rejected ones included.
    pub listed: u64,
    /// Rows that the provider says the series has. All of them have distinct keys.
    pub total: u64,
}

/// A figure that the provider reports for a whole, which our rows must add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The table whose rows are added up.
    pub table: Table,
    /// The measure.
    pub measure: Column,
    /// The value in millionths of the measure's unit.
    pub micros: i128,
    /// The difference still taken as a match, in millionths of the measure's unit.
    pub tolerance_micros: i128,
    /// How our sum relates to it.
    pub relation: Relation,
}

/// How our sum relates to a provider's figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// They are the same.
    Equal,
    /// Ours is a part of it: what is left is not itemised by the provider.
    Part,
}

/// An operation that `fetch` can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationSpec {
    /// The name.
    pub name: &'static str,
    /// The remote call, for people: `GET /video/v1/delivery-usage`.
    pub call: &'static str,
    /// The dataset whose decoding applies.
    pub dataset: &'static str,
    /// Whether it asks about one resource.
    pub takes_id: bool,
    /// Whether it takes `--from` and `--to`.
    pub takes_window: bool,
    /// The parameters it takes with `--param`.
    pub params: &'static [&'static str],
}

/// The answer to a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The provider's clock, from its `Date` header.
    pub server_time: Option<DateTime<Utc>>,
}
