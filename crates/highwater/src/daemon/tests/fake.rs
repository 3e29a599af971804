//! A provider for tests: its data are a pure function of the window, and it can be told to fail.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use highwater_core::{
    Clock, Column, Context, DatasetName, DatasetSpec, Duplicates, Error, ErrorKind, Extractor, Finding,
    Grain, ManualClock, OperationSpec, PageFacts, PageRequest, Probe, Provider, RawPage, Result, Seconds,
    SettingDef, Settings, Sink, Table, TableFeed, Traffic, Window,
};
use tokio::sync::Semaphore;

const FEEDS: &[TableFeed] = &[TableFeed {
    table: Table::ResourceUsage,
    provider_fields: &[(Column::ResourceId, "id"), (Column::DeliveredSeconds, "seconds")],
}];

/// As many answers pass at once; nobody asks for as many.
pub(crate) const GATE: usize = 1_000;

/// How the provider behaves, and what it was asked.
#[derive(Debug)]
pub(crate) struct World {
    state: Mutex<WorldState>,
    /// Lets answers through; closed by taking its permits away.
    pub(crate) gate: Semaphore,
}

#[derive(Debug, Default)]
pub(crate) struct WorldState {
    /// Every request: dataset, window, and when.
    pub(crate) asked: Vec<(String, Window, DateTime<Utc>)>,
    /// Windows being asked for now; one that is asked for twice at once is a defect.
    pub(crate) in_flight: BTreeSet<(String, Window)>,
    pub(crate) doubled: bool,
    /// What every answer is, when it is no data.
    pub(crate) failure: Option<ErrorKind>,
    /// Windows that answer with nothing our decoder knows.
    pub(crate) broken: BTreeSet<Window>,
    /// Windows for which the provider lists nothing any more.
    pub(crate) emptied: BTreeSet<Window>,
    /// Windows whose figures the provider has revised, and by how much.
    pub(crate) revised: BTreeMap<Window, i64>,
    /// The clock that each request moves, and by how much; none where an answer takes no time.
    pub(crate) pace: Option<(ManualClock, Duration)>,
    /// Windows that were asked for after the provider had stopped answering for them.
    pub(crate) asked_too_late: Vec<Window>,
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), gate: Semaphore::new(GATE) })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, WorldState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often `dataset` was asked for.
    pub(crate) fn asked(&self, dataset: &str) -> usize {
        self.state().asked.iter().filter(|(name, ..)| name == dataset).count()
    }

    /// The seconds that the provider reports for `window`.
    pub(crate) fn seconds(&self, window: Window) -> Option<i64> {
        let state = self.state();
        let hour = window.start().timestamp() / 3_600;
        let revised = state.revised.get(&window).copied().unwrap_or_default();
        (!state.emptied.contains(&window)).then_some(100 + hour % 97 + revised)
    }
}

/// The provider. Each of its sources lives in the world of its name.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) worlds: BTreeMap<&'static str, Arc<World>>,
    /// How far back it answers.
    pub(crate) retention: TimeDelta,
}

fn spec(name: &str, step: Grain, retention: TimeDelta) -> DatasetSpec {
    DatasetSpec {
        name: DatasetName::new(name).unwrap(),
        description: "What was delivered, by resource.",
        operations: &["usage"],
        feeds: FEEDS,
        grain: step,
        grains: &[Grain::Hour, Grain::Day],
        step,
        span: step.duration(),
        lag: TimeDelta::hours(3),
        retention: Some(retention),
        revisits: vec![TimeDelta::hours(24), TimeDelta::hours(72)],
        duplicates: Duplicates::Conflict,
        enabled: true,
        live: false,
        per_resource: false,
        scope: String::new(),
        control_totals: false,
    }
}

impl Provider for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }
    fn title(&self) -> &'static str {
        "Fake"
    }
    fn settings(&self) -> &'static [SettingDef] {
        &[]
    }
    fn requests_per_second(&self) -> f64 {
        1.0
    }
    fn findings(&self, _settings: &Settings) -> Vec<Finding> {
        Vec::new()
    }
    fn datasets(&self, _settings: &Settings) -> Vec<DatasetSpec> {
        vec![spec("hourly", Grain::Hour, self.retention), spec("daily", Grain::Day, self.retention)]
    }
    fn connect(&self, _settings: &Settings, context: Context) -> Result<Arc<dyn Extractor>> {
        let world = Arc::clone(&self.worlds[context.source.as_str()]);
        Ok(Arc::new(FakeExtractor {
            world,
            datasets: context.datasets,
            clock: context.clock,
            traffic: Traffic::default(),
        }))
    }
}

#[derive(Debug)]
struct FakeExtractor {
    world: Arc<World>,
    datasets: Vec<DatasetSpec>,
    clock: Arc<dyn Clock>,
    traffic: Traffic,
}

impl Extractor for FakeExtractor {
    fn datasets(&self) -> &[DatasetSpec] {
        &self.datasets
    }
    fn operations(&self) -> &'static [OperationSpec] {
        &[]
    }
    fn probe(&self) -> BoxFuture<'_, Result<Probe>> {
        Box::pin(async { Ok(Probe { server_time: None }) })
    }
    fn first(&self, dataset: &DatasetSpec, window: Window) -> Vec<PageRequest> {
        vec![PageRequest::new("usage", window).with_param("dataset", &dataset.name)]
    }
    fn control_requests(&self, _dataset: &DatasetSpec, _span: Window) -> Vec<PageRequest> {
        Vec::new()
    }
    fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    fn fetch<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<RawPage>> {
        Box::pin(async move {
            let dataset = request.param("dataset").unwrap_or_default().to_owned();
            let key = (dataset.clone(), request.window);
            {
                let mut state = self.world.state();
                state.asked.push((dataset, request.window, self.clock.now()));
                state.doubled |= !state.in_flight.insert(key.clone());
                if let Some((clock, pace)) = &state.pace {
                    clock.advance(*pace);
                }
                let expires_at = self.datasets[0].expires_at(request.window);
                if expires_at.is_some_and(|at| at < self.clock.now()) {
                    state.asked_too_late.push(request.window);
                }
            }
            self.traffic.count_request(false);
            let _through = self.world.gate.acquire().await.expect("the gate is never closed for good");
            let seconds = self.world.seconds(request.window);
            let mut state = self.world.state();
            state.in_flight.remove(&key);
            if let Some(kind) = state.failure {
                if matches!(kind, ErrorKind::RateLimited { .. }) {
                    self.traffic.count_request(true);
                    self.traffic.count_rate_limited();
                }
                return Err(Error::new(kind, "the provider was told to fail"));
            }
            let body = match seconds {
                _ if state.broken.contains(&request.window) => "broken".to_owned(),
                Some(seconds) => format!("a {seconds}"),
                None => String::new(),
            };
            self.traffic.count_bytes(body.len() as u64);
            Ok(RawPage { request: request.clone(), body: Bytes::from(body), fetched_at: self.clock.now() })
        })
    }

    fn decode(&self, _dataset: &DatasetSpec, page: &RawPage, sink: &mut dyn Sink) -> Result<PageFacts> {
        let text = std::str::from_utf8(&page.body).expect("the fake writes text");
        for line in text.lines() {
            let (id, seconds) =
                line.split_once(' ').ok_or_else(|| Error::new(ErrorKind::Drift, "no row at data[0]"))?;
            let seconds = Seconds::from_whole(seconds.parse().expect("a number")).expect("in range");
            sink.begin(Table::ResourceUsage, page.request.window);
            sink.text(Column::ResourceType, "asset");
            sink.text(Column::ResourceId, id);
            sink.seconds(Column::DeliveredSeconds, seconds);
            sink.commit_row();
        }
        Ok(PageFacts { echo: Some(page.request.window), ..PageFacts::default() })
    }
}
