//! A small provider over the simulated Mux API that keeps the contract, or breaks it in one chosen way.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use highwater_core::{
    Column, Context, DatasetName, DatasetSpec, Duplicates, Error, ErrorKind, Extractor, Finding, Grain,
    OperationSpec, PageFacts, PageRequest, Probe, Provider, RawPage, Result, Secret, SettingDef, SettingKind,
    SettingValue, Settings, Sink, Table, TableFeed, Traffic, Window,
};
use highwater_http::{Answer, Auth, Call, Client, ClientSettings, classify_by_status};
use highwater_simulator::api::ProviderApi;
use highwater_simulator::conformance::{RequiredField, Scene, Subject};
use highwater_simulator::mux::assets::MuxWorld;
use highwater_simulator::mux::behaviour::{MuxBehaviour, Shrunken};
use highwater_simulator::mux::{MuxApi, MuxCredentials};
use highwater_simulator::world::WorldSettings;

use crate::decoding::decode;
use crate::flaw::Flaw;

const ID: &str = "canary-toy-id";
const PASSWORD: &str = "canary-toy-password";
const WRONG_PASSWORD: &str = "canary-wrong-password";

pub(crate) fn subject(flaw: Option<Flaw>) -> Subject {
    let noon = at("2026-09-28T12:00:00Z");
    let window = Window::of(noon, noon + TimeDelta::hours(1));
    let encoded = |password| {
        let auth = Auth::Basic { user: secret(ID), password: secret(password) };
        auth.secrets().pop().expect("the encoded form").expose().to_owned()
    };
    let plain = [ID, PASSWORD, WRONG_PASSWORD].map(str::to_owned);
    Subject {
        provider: Arc::new(Toy { flaw }),
        dataset: "usage",
        now: at("2026-09-29T12:00:00Z"),
        accepted: || credentials(PASSWORD),
        refused: || credentials(WRONG_PASSWORD),
        canaries: plain.into_iter().chain([encoded(PASSWORD), encoded(WRONG_PASSWORD)]).collect(),
        rows: Scene { api: || api(MuxBehaviour::strict()), window },
        small_page: 3,
        nothing: Scene { api: || api(deserted()), window },
        required: &[
            RequiredField { operation: "usage", path: "data[].asset_id" },
            RequiredField { operation: "usage", path: "total_row_count" },
        ],
        about_one: Some(PageRequest::new("usage", window).with_id("an-asset")),
        echoes: true,
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn credentials(password: &str) -> Vec<(&'static str, SettingValue)> {
    let value = |text| SettingValue::Secret(Some(secret(text)));
    vec![("id", value(ID)), ("password", value(password))]
}

fn api(behaviour: MuxBehaviour) -> Arc<dyn ProviderApi> {
    let world = MuxWorld::new(WorldSettings::new(7, 40));
    Arc::new(MuxApi::new(world, MuxCredentials::new(ID, PASSWORD), behaviour))
}

fn deserted() -> MuxBehaviour {
    let (from, to) = (at("2026-09-28T00:00:00Z"), at("2026-09-29T00:00:00Z"));
    MuxBehaviour { shrunken: vec![Shrunken { from, to, lost_per_mille: 1000 }], ..MuxBehaviour::default() }
}

#[derive(Debug)]
struct Toy {
    flaw: Option<Flaw>,
}

const SETTINGS: &[SettingDef] = &[
    setting("id", SettingKind::Secret, None),
    setting("password", SettingKind::Secret, None),
    setting("base_url", SettingKind::Url, Some("https://api.example.com")),
    setting("page_size", SettingKind::Integer { min: 1, max: 100 }, Some("100")),
];

const fn setting(key: &'static str, kind: SettingKind, default: Option<&'static str>) -> SettingDef {
    SettingDef { key, kind, required: default.is_none(), default, description: "", example: "" }
}

impl Provider for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn title(&self) -> &'static str {
        "Toy"
    }

    fn settings(&self) -> &'static [SettingDef] {
        SETTINGS
    }

    fn requests_per_second(&self) -> f64 {
        100.0
    }

    fn findings(&self, _: &Settings) -> Vec<Finding> {
        Vec::new()
    }

    fn datasets(&self, _: &Settings) -> Vec<DatasetSpec> {
        vec![DatasetSpec {
            name: DatasetName::new("usage").expect("a good name"),
            description: "",
            operations: &["usage"],
            feeds: &[TableFeed { table: Table::ResourceUsage, provider_fields: &[] }],
            grain: Grain::Hour,
            grains: &[Grain::Hour],
            step: Grain::Hour,
            span: TimeDelta::hours(1),
            lag: TimeDelta::hours(12),
            retention: None,
            revisits: Vec::new(),
            duplicates: Duplicates::Conflict,
            enabled: true,
            live: false,
            per_resource: false,
            scope: String::new(),
            control_totals: false,
        }]
    }

    fn connect(&self, settings: &Settings, context: Context) -> Result<Arc<dyn Extractor>> {
        let given = |key| settings.secret(key).cloned().expect("the kit gives it");
        let auth = Auth::Basic { user: given("id"), password: given("password") };
        let mut client = ClientSettings::new(&context).with_secrets(auth.secrets());
        let retry = &mut client.retry;
        match self.flaw {
            Some(Flaw::NeverRepeats) => retry.tries = 1,
            Some(Flaw::IgnoresRetryAfter) => retry.retry_after_cap = Duration::ZERO,
            Some(Flaw::ObeysEveryRetryAfter) => {
                (retry.retry_after_cap, retry.total) = (Duration::MAX, Duration::from_secs(10 * 86_400));
            }
            Some(Flaw::RepeatsForEver) => {
                (retry.tries, retry.total) = (u32::MAX, Duration::from_secs(10 * 86_400));
            }
            _ => {}
        }
        let traffic = Arc::new(Traffic::default());
        Ok(Arc::new(ToyExtractor {
            flaw: self.flaw,
            datasets: context.datasets,
            base_url: settings.text("base_url").unwrap_or_default().to_owned(),
            page_size: settings.integer("page_size").unwrap_or_default(),
            auth,
            client: Client::new(client, Arc::clone(&traffic))?,
            traffic,
            decoded: AtomicU64::new(0),
            latest_page: AtomicU64::new(0),
        }))
    }
}

pub(crate) struct ToyExtractor {
    pub(crate) flaw: Option<Flaw>,
    datasets: Vec<DatasetSpec>,
    base_url: String,
    page_size: i64,
    auth: Auth,
    client: Client,
    traffic: Arc<Traffic>,
    pub(crate) decoded: AtomicU64,
    pub(crate) latest_page: AtomicU64,
}

impl fmt::Debug for ToyExtractor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = self.auth.secrets().swap_remove(1);
        let shown = if self.flaw == Some(Flaw::PrintsItsSecret) { secret.expose() } else { "hidden" };
        f.debug_struct("ToyExtractor").field("client", &self.client).field("secret", &shown).finish()
    }
}

impl Extractor for ToyExtractor {
    fn datasets(&self) -> &[DatasetSpec] {
        &self.datasets
    }

    fn operations(&self) -> &'static [OperationSpec] {
        &[]
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe>> {
        let request = PageRequest::new("usage", Window::day(at("2026-09-27T00:00:00Z").date_naive()));
        async move {
            let answer = self.send(&request).await?;
            Ok(Probe { server_time: answer.server_time })
        }
        .boxed()
    }

    fn first(&self, _: &DatasetSpec, window: Window) -> Vec<PageRequest> {
        vec![PageRequest::new("usage", window).with_param("page", 1).with_param("limit", self.page_size)]
    }

    fn control_requests(&self, _: &DatasetSpec, _: Window) -> Vec<PageRequest> {
        Vec::new()
    }

    fn fetch<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<RawPage>> {
        async move {
            let answer = self.send(request).await?;
            Ok(RawPage { request: request.clone(), body: answer.body, fetched_at: answer.received_at })
        }
        .boxed()
    }

    fn decode(&self, _: &DatasetSpec, page: &RawPage, sink: &mut dyn Sink) -> Result<PageFacts> {
        decode(self, page, sink)
    }

    fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}

impl ToyExtractor {
    async fn send(&self, request: &PageRequest) -> Result<Answer> {
        self.client.send(&ToyCall { extractor: self, request }).await
    }
}

struct ToyCall<'a> {
    extractor: &'a ToyExtractor,
    request: &'a PageRequest,
}

impl Call for ToyCall<'_> {
    fn build(&self, http: &highwater_http::reqwest::Client) -> Result<highwater_http::reqwest::Request> {
        if self.extractor.flaw == Some(Flaw::TracesItsSecret) {
            let secrets: Vec<_> = self.extractor.auth.secrets();
            tracing::trace!(password = secrets[1].expose(), "a request is signed");
        }
        let window = self.request.window;
        let url = format!(
            "{}/video/v1/delivery-usage?timeframe[]={}&timeframe[]={}",
            self.extractor.base_url,
            window.start().timestamp(),
            window.end().timestamp()
        );
        let params = &self.request.params;
        let id = self.request.id.as_ref().map(|id| ("asset_id", id));
        let builder = self.extractor.auth.apply(http.get(url).query(params).query(&id.as_slice()))?;
        builder.build().map_err(|error| Error::new(ErrorKind::Internal, "not a request").with_source(error))
    }

    fn classify(&self, answer: &Answer) -> Result<()> {
        let flaw = self.extractor.flaw;
        let words = String::from_utf8_lossy(&answer.body).into_owned();
        let Err(error) = classify_by_status(answer, Some(words.clone())) else { return Ok(()) };
        let transient = ErrorKind::Transient { retry_after: None };
        let kind = match (flaw, error.kind()) {
            (Some(Flaw::RepeatsRefusedCredentials), ErrorKind::Auth) => transient,
            (Some(Flaw::RepeatsBadRequests), ErrorKind::BadRequest) => transient,
            (Some(Flaw::TakesGoneForBadRequest), ErrorKind::Gone) => ErrorKind::BadRequest,
            (Some(Flaw::TakesServerErrorsForBadRequests), ErrorKind::Transient { .. }) => {
                ErrorKind::BadRequest
            }
            (Some(Flaw::QuotesItsSecret), kind) => return Err(Error::new(kind, words)),
            _ => return Err(error),
        };
        Err(Error::new(kind, error.to_string()))
    }

    fn describe(&self) -> String {
        "usage".to_owned()
    }
}

/// The column that every row must not have, for [`Flaw::SetsColumnsThatAreNotThere`].
pub(crate) const FOREIGN_COLUMN: Column = Column::Rendition;
