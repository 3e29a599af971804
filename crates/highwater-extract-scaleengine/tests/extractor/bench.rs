//! A source configured for the simulated provider, and a runner that pulls with it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use highwater_core::{
    Clock, Context, Extractor, Figure, Grain, PageRequest, Provider, Result, Secret, SettingValue, Settings,
    SourceName, Table, Window,
};
use highwater_extract_scaleengine::ScaleEngine;
use highwater_http::SystemClock;
use highwater_simulator::api::ProviderApi;
use highwater_simulator::conformance::HastyClock;
use highwater_simulator::scaleengine::ScaleEngineApi;
use highwater_simulator::world::WorldSettings;
use highwater_simulator::{RunningSimulator, Simulator};

use crate::recording::Recording;

pub(crate) const NAMES: [&str; 3] = ["demo-live", "demo-origin", "demo-vod"];

/// When the tests play: every day that they ask for is long over.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn day(text: &str) -> Window {
    Window::day(date(text))
}

pub(crate) fn span(from: &str, to: &str) -> Window {
    Window::of(day(from).start(), day(to).start())
}

/// What one source is configured with; each field can be changed before connecting.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) base_url: String,
    pub(crate) api_key: String,
    pub(crate) secret: Secret,
    pub(crate) apps: SettingValue,
    pub(crate) page_size: i64,
    pub(crate) real_clock: Arc<dyn Clock>,
}

impl Source {
    pub(crate) fn at(base_url: String, api_key: &str, secret: &Secret) -> Self {
        let apps = named(&NAMES);
        let real_clock = Arc::new(SystemClock);
        Self {
            base_url,
            api_key: api_key.to_owned(),
            secret: secret.clone(),
            apps,
            page_size: 1000,
            real_clock,
        }
    }

    pub(crate) fn connect(&self) -> Arc<dyn Extractor> {
        let mut settings = Settings::default();
        settings.insert("base_url", SettingValue::Text(self.base_url.clone()));
        settings.insert("api_key", SettingValue::Secret(Some(Secret::new(self.api_key.clone()))));
        settings.insert("secret", SettingValue::Secret(Some(self.secret.clone())));
        settings.insert("cdn", SettingValue::Integer(158));
        settings.insert("apps", self.apps.clone());
        settings.insert("page_size", SettingValue::Integer(self.page_size));
        let context = Context {
            source: SourceName::new("scaleengine-eu").unwrap(),
            datasets: ScaleEngine.datasets(&settings),
            clock: Arc::new(HastyClock::new(now())),
            real_clock: Arc::clone(&self.real_clock),
            requests_per_second: 1.0,
        };
        ScaleEngine.connect(&settings, context).unwrap()
    }
}

pub(crate) fn named(apps: &[&str]) -> SettingValue {
    SettingValue::Texts(apps.iter().map(|app| (*app).to_owned()).collect())
}

/// The simulated provider at work.
pub(crate) struct Bench {
    pub(crate) api: Arc<ScaleEngineApi>,
    pub(crate) server: RunningSimulator,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let api = Arc::new(ScaleEngineApi::with_settings(WorldSettings::new(20_260_901, 60)));
        let clock = Arc::new(HastyClock::new(now()));
        let server = Simulator::builder(Arc::clone(&api) as _, clock, Arc::new(SystemClock));
        Self { api, server: server.start().await.unwrap() }
    }

    pub(crate) fn source(&self) -> Source {
        let account = self.api.account();
        Source::at(self.server.base_url(), &account.api_key, &account.secret)
    }

    /// What the provider's world used, by application, video URL and day.
    pub(crate) fn truth(&self, span: Window) -> Usage {
        let dump = self.api.dump(span.start(), span.end());
        dump.lines()
            .map(|line| {
                let fact: serde_json::Value = serde_json::from_str(line).unwrap();
                let text = |name: &str| fact[name].as_str().unwrap().to_owned();
                let figure = |name: &str| text(name).parse::<i64>().unwrap();
                let id = format!("{}/{}", text("app"), text("video_url"));
                ((id, date(&text("usage_date"))), (figure("bytes"), figure("requests")))
            })
            .collect()
    }
}

/// Bytes and requests by resource and day.
pub(crate) type Usage = BTreeMap<(String, NaiveDate), (i64, i64)>;

/// What a series of requests gave.
#[derive(Debug, Default)]
pub(crate) struct Pull {
    pub(crate) rows: Recording,
    pub(crate) figures: Vec<Figure>,
    pub(crate) requests: usize,
}

impl Pull {
    /// The rows of the fact table, added up by key.
    pub(crate) fn usage(&self) -> Usage {
        use highwater_core::Column::{DeliveredBytes, Requests, ResourceId};
        let mut usage = Usage::new();
        for row in self.rows.of(Table::ResourceUsage) {
            let sum = usage.entry((row.text(ResourceId).to_owned(), row.bucket.date())).or_default();
            sum.0 += row.int(DeliveredBytes);
            sum.1 += row.int(Requests);
        }
        usage
    }

    /// Fetches and decodes `first` and all that follows from it, each request once.
    pub(crate) async fn from(extractor: &dyn Extractor, first: Vec<PageRequest>) -> Result<Self> {
        let mut asked: BTreeSet<PageRequest> = first.iter().cloned().collect();
        let mut waiting = VecDeque::from(first);
        let mut pull = Self::default();
        while let Some(request) = waiting.pop_front() {
            let page = extractor.fetch(&request).await?;
            let facts = extractor.decode(&extractor.datasets()[0], &page, &mut pull.rows)?;
            pull.requests += 1;
            pull.figures.extend(facts.figures);
            waiting.extend(facts.next.into_iter().filter(|next| asked.insert(next.clone())));
        }
        Ok(pull)
    }

    /// All days of `span`, each as a window of its own.
    pub(crate) async fn of_days(extractor: &dyn Extractor, span: Window) -> Result<Self> {
        let days = span.buckets(Grain::Day);
        let first = days.flat_map(|day| extractor.first(&extractor.datasets()[0], day)).collect();
        Self::from(extractor, first).await
    }
}
