//! A provider in memory that keeps books of its own, a warehouse in a folder, and the time: for tests of accounts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use highwater_core::{
    Checkpoint, Clock, Column, DatasetSpec, Error, ErrorKind, Extractor, Figure, Grain, ManualClock,
    OperationSpec, PageFacts, PageRequest, Probe, RawPage, Relation, Result, Role, RunId, Seconds, Sink,
    SourceName, Table, TableFeed, Traffic, Window,
};
use highwater_load::{ConditionalWrites, Warehouse, WarehouseSettings};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::audit::{AuditOptions, AuditReport, audit};
use crate::dataset_state::DatasetState;
use crate::fixture::{at, spec as hourly};
use crate::ledger::Ledger;
use crate::plan::{Plan, PlanOrder, PlanRequest, Reprocess, plan};
use crate::run::{RunOptions, RunSummary, Source, Unwatched, run};

const TABLES: [Table; 2] = [Table::ResourceUsage, Table::ResourceUsageByRendition];

/// Hourly, by resource and by rendition, at once available and final, with totals of the provider.
pub(crate) fn spec() -> DatasetSpec {
    DatasetSpec {
        feeds: &[
            TableFeed {
                table: Table::ResourceUsage,
                provider_fields: &[(Column::DeliveredSeconds, "seconds")],
            },
            TableFeed {
                table: Table::ResourceUsageByRendition,
                provider_fields: &[(Column::DeliveredSeconds, "tiers")],
            },
        ],
        lag: TimeDelta::zero(),
        revisits: Vec::new(),
        control_totals: true,
        ..hourly()
    }
}

/// What the provider does other than tell the truth.
#[derive(Clone, Debug)]
pub(crate) struct Behaviour {
    /// Thousandths of the truth that its totals report.
    pub(crate) total_per_mille: i128,
    /// How ours relate to its totals.
    pub(crate) relation: Relation,
    /// Answers no question about totals.
    pub(crate) silent_on_totals: bool,
    /// Refuses our credentials, whatever is asked.
    pub(crate) refuses: bool,
    /// Pages that its totals come in; one without figures for each beyond the first.
    pub(crate) pages_of_totals: u64,
    /// Answers nothing about windows that start here.
    pub(crate) unanswered: Option<DateTime<Utc>>,
    /// Leaves a second out of one resource's renditions, hour by hour.
    pub(crate) loses_renditions: bool,
}

/// The provider.
#[derive(Debug)]
pub(crate) struct Bookkeeper {
    datasets: Vec<DatasetSpec>,
    traffic: Traffic,
    behaviour: Mutex<Behaviour>,
    asked: Mutex<Vec<PageRequest>>,
    stop_at: Mutex<Option<(DateTime<Utc>, CancellationToken)>>,
}

impl Bookkeeper {
    pub(crate) fn change(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.behaviour());
    }

    /// Cancels `token` when the window that starts at `start` is asked for.
    pub(crate) fn stop_at(&self, start: DateTime<Utc>, token: CancellationToken) {
        *self.stop_at.lock().unwrap() = Some((start, token));
    }

    /// The spans whose totals were asked for.
    pub(crate) fn totals_asked(&self) -> Vec<Window> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|request| request.role == Role::Control).map(|request| request.window).collect()
    }

    fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        self.behaviour.lock().unwrap()
    }
}

/// Seconds of two resources in an hour.
fn usage(hour: Window) -> [(&'static str, i64); 2] {
    let hours = hour.start().timestamp() / 3600 % 24;
    [("a", 10 + hours), ("folder/b", 20 + hours)]
}

fn total(span: Window) -> i128 {
    let hours = span.buckets(Grain::Hour);
    let seconds: i64 = hours.flat_map(usage).map(|(_, seconds)| seconds).sum();
    i128::from(seconds) * 1_000_000
}

impl Extractor for Bookkeeper {
    fn datasets(&self) -> &[DatasetSpec] {
        &self.datasets
    }

    fn operations(&self) -> &'static [OperationSpec] {
        &[]
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe>> {
        async { Ok(Probe { server_time: None }) }.boxed()
    }

    fn first(&self, dataset: &DatasetSpec, window: Window) -> Vec<PageRequest> {
        vec![PageRequest::new(dataset.operations[0], window)]
    }

    fn control_requests(&self, dataset: &DatasetSpec, span: Window) -> Vec<PageRequest> {
        vec![PageRequest::new(dataset.operations[0], span).with_role(Role::Control)]
    }

    fn fetch<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<RawPage>> {
        async move {
            self.traffic.count_request(false);
            self.asked.lock().unwrap().push(request.clone());
            if let Some((_, token)) =
                self.stop_at.lock().unwrap().take_if(|(start, _)| *start == request.window.start())
            {
                token.cancel();
            }
            let behaviour = self.behaviour().clone();
            if behaviour.refuses {
                return Err(Error::new(ErrorKind::Auth, "credentials refused"));
            }
            let silent = behaviour.silent_on_totals && request.role == Role::Control;
            if silent || behaviour.unanswered == Some(request.window.start()) {
                return Err(Error::new(ErrorKind::Transient { retry_after: None }, "no answer"));
            }
            let body = request
                .window
                .buckets(Grain::Hour)
                .flat_map(usage)
                .map(|(id, seconds)| format!("{id}={seconds}"));
            let body = body.collect::<Vec<_>>().join("\n");
            Ok(RawPage { request: request.clone(), body: body.into(), fetched_at: DateTime::UNIX_EPOCH })
        }
        .boxed()
    }

    fn decode(&self, _: &DatasetSpec, page: &RawPage, sink: &mut dyn Sink) -> Result<PageFacts> {
        let (behaviour, window) = (self.behaviour().clone(), page.request.window);
        if page.request.role == Role::Control {
            if page.request.param("page").is_some() {
                return Ok(PageFacts { echo: Some(window), ..PageFacts::default() });
            }
            let next =
                (1..behaviour.pages_of_totals).map(|index| page.request.clone().with_param("page", index));
            let micros = total(window) * behaviour.total_per_mille / 1000;
            let relation = behaviour.relation;
            let figure = |table| Figure {
                table,
                measure: Column::DeliveredSeconds,
                micros,
                tolerance_micros: 10,
                relation,
            };
            return Ok(PageFacts {
                echo: Some(window),
                figures: TABLES.map(figure).into(),
                next: next.collect(),
                ..PageFacts::default()
            });
        }
        for (id, seconds) in usage(window) {
            let lost = i64::from(behaviour.loses_renditions && id == "a");
            let tiers = [("1080p", seconds - 4), ("720p", 4 - lost)];
            let whole = [(None, seconds)].into_iter();
            for (tier, seconds) in whole.chain(tiers.map(|(tier, seconds)| (Some(tier), seconds))) {
                sink.begin(if tier.is_some() { TABLES[1] } else { TABLES[0] }, window);
                sink.text(Column::ResourceType, "asset");
                sink.text(Column::ResourceId, id);
                tier.into_iter().for_each(|tier| sink.text(Column::Rendition, tier));
                sink.seconds(Column::DeliveredSeconds, Seconds::from_whole(seconds).unwrap());
                sink.commit_row();
            }
        }
        Ok(PageFacts { echo: Some(window), ..PageFacts::default() })
    }

    fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}

/// One source of one dataset, its warehouse, and the time.
pub(crate) struct Rehearsal {
    _folder: TempDir,
    pub(crate) warehouse: Warehouse,
    pub(crate) provider: Arc<Bookkeeper>,
    pub(crate) clock: ManualClock,
    source: SourceName,
    start: &'static str,
    scope_digest: String,
}

impl Rehearsal {
    /// From `start` on, the first day wanted.
    pub(crate) async fn new(spec: DatasetSpec, start: &'static str) -> Self {
        let folder = TempDir::new().unwrap();
        let clock = ManualClock::new(at(&format!("{start}T00:00:00Z")));
        let settings = WarehouseSettings {
            url: folder.path().join("warehouse").to_str().unwrap().to_owned(),
            options: BTreeMap::new(),
            conditional_writes: ConditionalWrites::ETag,
            raw_archive: true,
            clock: Arc::new(clock.clone()),
        };
        let behaviour = Behaviour {
            total_per_mille: 1000,
            relation: Relation::Equal,
            silent_on_totals: false,
            refuses: false,
            pages_of_totals: 1,
            unanswered: None,
            loses_renditions: false,
        };
        let provider = Bookkeeper {
            datasets: vec![spec.clone()],
            traffic: Traffic::default(),
            behaviour: Mutex::new(behaviour),
            asked: Mutex::default(),
            stop_at: Mutex::default(),
        };
        Self {
            warehouse: Warehouse::open(settings).await.unwrap(),
            _folder: folder,
            provider: Arc::new(provider),
            clock,
            source: SourceName::new("main").unwrap(),
            start,
            scope_digest: highwater_transform::scope_digest(&spec),
        }
    }

    pub(crate) fn spec(&self) -> &DatasetSpec {
        &self.provider.datasets[0]
    }

    pub(crate) async fn checkpoint(&self) -> Checkpoint {
        self.warehouse.checkpoint(&self.source, &self.spec().name).await.unwrap()
    }

    pub(crate) fn state<'a>(&'a self, checkpoint: &'a Checkpoint) -> DatasetState<'a> {
        DatasetState {
            provider: "any",
            source: &self.source,
            spec: self.spec(),
            start: Some(self.start.parse().unwrap()),
            checkpoint,
            extractor: Some(&*self.provider),
            requests_per_second: 1.0,
            scope_digest: &self.scope_digest,
        }
    }

    pub(crate) fn ledger<'a>(&'a self, checkpoint: &'a Checkpoint) -> Ledger<'a> {
        Ledger { dataset: self.state(checkpoint), warehouse: &self.warehouse }
    }

    pub(crate) fn options(&self) -> RunOptions {
        RunOptions {
            run_id: RunId::new("run"),
            clock: Arc::new(self.clock.clone()),
            shrink_tolerance: 0.10,
            max_requests: None,
            cancel: CancellationToken::new(),
            grace: Duration::from_secs(30),
            progress: Arc::new(Unwatched),
        }
    }

    /// One pass over all that is due at `now`.
    pub(crate) async fn pass(&self, now: &str) -> RunSummary {
        self.pass_with(now, &self.options()).await
    }

    pub(crate) async fn pass_with(&self, now: &str, options: &RunOptions) -> RunSummary {
        self.set_time(now);
        let plan = self.plan(Reprocess::Missing).await;
        self.run(&plan, options).await
    }

    /// What is due by now.
    pub(crate) async fn plan(&self, reprocess: Reprocess) -> Plan {
        let (now, order) = (self.clock.now(), PlanOrder::OldestFirst);
        let checkpoint = self.checkpoint().await;
        let request = PlanRequest { now, range: None, reprocess, order, live: true };
        plan(&[self.state(&checkpoint)], &request)
    }

    pub(crate) async fn run(&self, plan: &Plan, options: &RunOptions) -> RunSummary {
        run(plan, &self.sources(), &self.warehouse, options).await.unwrap()
    }

    pub(crate) async fn audit(&self, range: Option<Window>) -> AuditReport {
        let options = AuditOptions {
            run_id: RunId::new("audit"),
            clock: Arc::new(self.clock.clone()),
            range,
            cancel: CancellationToken::new(),
        };
        let checkpoint = self.checkpoint().await;
        audit(&[self.state(&checkpoint)], &self.sources(), &self.warehouse, &options).await.unwrap()
    }

    pub(crate) fn set_time(&self, now: &str) {
        self.clock.advance((at(now) - self.clock.now()).to_std().unwrap());
    }

    fn sources(&self) -> Vec<Source> {
        let extractor = Arc::clone(&self.provider) as Arc<dyn Extractor>;
        vec![Source { provider: "any".to_owned(), name: self.source.clone(), extractor }]
    }
}
