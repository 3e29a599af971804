//! A source, connected to nothing or to a simulated account, and pulls of it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use highwater_core::{
    Clock, Context, DatasetSpec, ErrorKind, Extractor, PageFacts, PageRequest, Provider, RawPage, Result,
    Secret, SettingKind, SettingValue, Settings, ShiftedClock, SourceName, Window,
};
use highwater_extract_wowza::Wowza;
use highwater_http::SystemClock;
use highwater_simulator::api::ProviderApi;
use highwater_simulator::wowza::{WowzaApi, WowzaCredentials};
use highwater_simulator::{RunningSimulator, Simulator};

use crate::recording::Recording;

/// Half a day after the last full day of the simulated account.
pub(crate) fn now() -> DateTime<Utc> {
    instant("2026-09-29T12:00:30Z")
}

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

pub(crate) fn window(from: &str, to: &str) -> Window {
    Window::of(instant(from), instant(to))
}

pub(crate) fn day(date: &str) -> Window {
    Window::day(date.parse().expect("a date"))
}

/// Settings with every default, and what `change` adds.
pub(crate) fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    for def in Wowza.settings() {
        if let Some(default) = def.default {
            let value = match def.kind {
                SettingKind::Integer { .. } => SettingValue::Integer(default.parse().expect("a number")),
                SettingKind::Flag => SettingValue::Flag(default == "true"),
                _ => SettingValue::Text(default.to_owned()),
            };
            settings.insert(def.key, value);
        }
    }
    change(&mut settings);
    settings
}

pub(crate) fn secret(secret: &Secret) -> SettingValue {
    SettingValue::Secret(Some(secret.clone()))
}

/// What the source `wowza-main` gets beside its settings.
pub(crate) fn context(settings: &Settings, clock: Arc<dyn Clock>) -> Context {
    Context {
        source: SourceName::new("wowza-main").expect("a name"),
        datasets: Wowza.datasets(settings),
        clock,
        real_clock: Arc::new(SystemClock),
        requests_per_second: 5_000.0,
    }
}

/// The source `wowza-main` under `settings`.
pub(crate) fn connect(settings: &Settings, clock: Arc<dyn Clock>) -> Arc<dyn Extractor> {
    Wowza.connect(settings, context(settings, clock)).expect("an extractor")
}

/// A source that is only asked to decode.
pub(crate) fn offline() -> Arc<dyn Extractor> {
    static OFFLINE: LazyLock<Arc<dyn Extractor>> = LazyLock::new(|| {
        let token = WowzaCredentials::default().token;
        connect(&settings(|settings| settings.insert("token", secret(&token))), Arc::new(SystemClock))
    });
    Arc::clone(&OFFLINE)
}

pub(crate) fn dataset(extractor: &dyn Extractor, name: &str) -> DatasetSpec {
    let found = extractor.datasets().iter().find(|dataset| dataset.name.as_str() == name);
    found.unwrap_or_else(|| panic!("no dataset {name}")).clone()
}

/// The dataset whose decoding an operation's pages take.
pub(crate) fn dataset_of(extractor: &dyn Extractor, operation: &str) -> DatasetSpec {
    let spec = extractor.operations().iter().find(|spec| spec.name == operation).expect("an operation");
    dataset(extractor, spec.dataset)
}

/// What a pull left.
#[derive(Debug, Default)]
pub(crate) struct Pulled {
    pub(crate) recording: Recording,
    pub(crate) facts: Vec<(PageRequest, PageFacts)>,
    /// Resources that were gone.
    pub(crate) gone: Vec<String>,
}

impl Pulled {
    /// What the pages list in all, and the total that each of them reports.
    pub(crate) fn listed(&self) -> (u64, BTreeSet<u64>) {
        let listings = self.facts.iter().filter_map(|(_, facts)| facts.listing.as_ref());
        listings.fold((0, BTreeSet::new()), |(listed, mut totals), listing| {
            totals.insert(listing.total);
            (listed + listing.listed, totals)
        })
    }
}

/// Pulls as the runner does, one request after the other.
pub(crate) async fn pull_from(
    extractor: &dyn Extractor,
    dataset: &DatasetSpec,
    first: Vec<PageRequest>,
) -> Result<Pulled> {
    let mut pulled = Pulled::default();
    let mut asked: BTreeSet<PageRequest> = first.iter().cloned().collect();
    let mut waiting = VecDeque::from(first);
    while let Some(request) = waiting.pop_front() {
        let page: RawPage = match extractor.fetch(&request).await {
            Ok(page) => page,
            Err(error) if error.kind() == ErrorKind::Gone => {
                pulled.gone.extend(request.id);
                continue;
            }
            Err(error) => return Err(error),
        };
        let facts = extractor.decode(dataset, &page, &mut pulled.recording)?;
        if let Some(echo) = facts.echo {
            assert_eq!(echo, request.window, "{request:?}");
        }
        waiting.extend(facts.next.iter().filter(|next| asked.insert((*next).clone())).cloned());
        pulled.facts.push((request, facts));
    }
    Ok(pulled)
}

/// A simulated account and a source connected to it.
#[derive(Debug)]
pub(crate) struct Rig {
    pub(crate) api: Arc<WowzaApi>,
    pub(crate) server: RunningSimulator,
    pub(crate) extractor: Arc<dyn Extractor>,
}

impl Rig {
    /// The account behind `api`, asked with its token.
    pub(crate) async fn new(api: WowzaApi) -> Self {
        Self::with(api, |settings| settings.insert("token", secret(&WowzaCredentials::default().token))).await
    }

    /// The account behind `api`, asked with other settings.
    pub(crate) async fn with(api: WowzaApi, change: impl FnOnce(&mut Settings)) -> Self {
        Self::at(Arc::new(SystemClock), api, change).await
    }

    /// The same, where signatures are made and checked by `real_clock`.
    pub(crate) async fn at(
        real_clock: Arc<dyn Clock>,
        api: WowzaApi,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let api = Arc::new(api);
        let clock: Arc<dyn Clock> = Arc::new(ShiftedClock::starting_at(now(), Arc::new(SystemClock)));
        let provider: Arc<dyn ProviderApi> = Arc::<WowzaApi>::clone(&api);
        let server = Simulator::builder(provider, Arc::clone(&clock), Arc::clone(&real_clock));
        let server = server.start().await.expect("a free port");
        let settings = settings(|settings| {
            settings.insert("base_url", SettingValue::Text(server.base_url()));
            change(settings);
        });
        let context = Context { real_clock, ..context(&settings, clock) };
        let extractor = Wowza.connect(&settings, context).expect("an extractor");
        Self { api, server, extractor }
    }

    /// Pulls `window` of a dataset.
    pub(crate) async fn pull(&self, name: &str, window: Window) -> Result<Pulled> {
        let dataset = dataset(self.extractor.as_ref(), name);
        let first = self.extractor.first(&dataset, window);
        assert!(!first.is_empty(), "{name}");
        let pulled = pull_from(self.extractor.as_ref(), &dataset, first).await?;
        if window.duration() <= dataset.span {
            let fits =
                |bucket: &Window| dataset.grain.bucket(bucket.start()) == *bucket && window.covers(*bucket);
            assert!(pulled.recording.buckets.iter().all(fits), "{name}");
        }
        Ok(pulled)
    }
}
