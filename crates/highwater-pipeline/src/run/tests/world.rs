//! A provider in memory: every hour's usage is a function of the hour, unless a test says otherwise.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use highwater_core::{
    Column, DatasetSpec, Error, ErrorKind, Extractor, Listing, OperationSpec, PageFacts, PageRequest, Probe,
    RawPage, Result, Seconds, Sink, Table, Traffic, Window,
};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// Rows on one page.
const PAGE: usize = 2;

/// What goes wrong with one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Refused,
    Unanswered,
    /// The page is another window's.
    OtherWindow,
    /// The page says that there are more rows than there are.
    WrongTotal,
    NotJson,
    BadRow,
    /// Never answers.
    Silent,
}

/// The provider.
pub(super) struct World {
    datasets: Vec<DatasetSpec>,
    traffic: Traffic,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    revised: BTreeMap<DateTime<Utc>, Vec<(String, i64)>>,
    faults: BTreeMap<DateTime<Utc>, VecDeque<Fault>>,
    every: Option<Fault>,
    gone: Vec<String>,
    asked: Vec<PageRequest>,
    cancel_at: Option<(usize, CancellationToken)>,
}

#[derive(Serialize, Deserialize)]
struct Body {
    window: Window,
    total: usize,
    rows: Vec<(String, serde_json::Value)>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl World {
    pub(super) fn new(datasets: Vec<DatasetSpec>) -> Self {
        Self { datasets, traffic: Traffic::default(), state: Mutex::default() }
    }

    /// The usage of `window` in seconds by resource: that of its hours, added up.
    pub(super) fn usage(&self, window: Window) -> BTreeMap<String, i64> {
        let mut usage = BTreeMap::new();
        for hour in window.buckets(highwater_core::Grain::Hour) {
            let revised = self.lock().revised.get(&hour.start()).cloned();
            for (id, seconds) in revised.unwrap_or_else(|| regular(hour.start())) {
                *usage.entry(id).or_default() += seconds;
            }
        }
        usage
    }

    /// From now on the hour that starts at `hour` has these rows.
    pub(super) fn revise(&self, hour: DateTime<Utc>, rows: &[(&str, i64)]) {
        let rows = rows.iter().map(|(id, seconds)| ((*id).to_owned(), *seconds)).collect();
        self.lock().revised.insert(hour, rows);
    }

    /// The next answers about the window that starts at `start` go wrong like this.
    pub(super) fn fail(&self, start: DateTime<Utc>, faults: &[Fault]) {
        self.lock().faults.insert(start, faults.iter().copied().collect());
    }

    /// All answers go wrong like this; or none any more.
    pub(super) fn fail_always(&self, fault: Option<Fault>) {
        self.lock().every = fault;
    }

    /// The resource `id` cannot be asked about any more.
    pub(super) fn forget(&self, id: &str) {
        self.lock().gone.push(id.to_owned());
    }

    /// Cancels `token` when the `count`-th request from now on arrives.
    pub(super) fn cancel_after(&self, count: usize, token: CancellationToken) {
        let mut state = self.lock();
        let at = state.asked.len() + count;
        state.cancel_at = Some((at, token));
    }

    /// All requests so far.
    pub(super) fn asked(&self) -> Vec<PageRequest> {
        self.lock().asked.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn answer(&self, request: &PageRequest) -> Result<RawPage> {
        let fault = {
            let mut state = self.lock();
            let faults = state.faults.get_mut(&request.window.start());
            faults.and_then(VecDeque::pop_front).or(state.every)
        };
        match fault {
            Some(Fault::Refused) => return Err(Error::new(ErrorKind::Auth, "credentials refused")),
            Some(Fault::Unanswered) => {
                return Err(Error::new(ErrorKind::Transient { retry_after: None }, "no answer"));
            }
            _ => {}
        }
        if let Some(id) = request.id.as_ref().filter(|id| self.lock().gone.contains(id)) {
            return Err(Error::new(ErrorKind::Gone, format!("no such resource id=`{id}`")));
        }
        let usage = self.usage(request.window);
        let page: usize = request.param("page").unwrap().parse().unwrap();
        let rows = usage.iter().skip((page - 1) * PAGE).take(PAGE);
        let rows = rows.map(|(id, seconds)| (id.clone(), serde_json::json!(seconds))).collect();
        let mut body = Body { window: request.window, total: usage.len(), rows };
        match fault {
            Some(Fault::OtherWindow) => {
                body.window = Window::day(request.window.date() + chrono::Days::new(1))
            }
            Some(Fault::WrongTotal) => body.total += 1,
            Some(Fault::BadRow) => body.rows[0].1 = serde_json::json!("a lot"),
            _ => {}
        }
        let body = serde_json::to_vec(&body).unwrap();
        let body = if fault == Some(Fault::NotJson) { b"<html>".to_vec() } else { body };
        self.traffic.count_bytes(body.len() as u64);
        Ok(RawPage { request: request.clone(), body: body.into(), fetched_at: DateTime::UNIX_EPOCH })
    }
}

/// Three resources, and none at all at three in the morning.
fn regular(hour: DateTime<Utc>) -> Vec<(String, i64)> {
    let hours = hour.timestamp() / 3600;
    let resources = if hours % 24 == 3 { 0 } else { 3 };
    (0..resources).map(|index| (format!("r{index}"), 100 + hours % 7 + index)).collect()
}

impl Extractor for World {
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
        let request = PageRequest::new(dataset.operations[0], window).with_param("page", 1);
        vec![request.clone(), request]
    }

    fn control_requests(&self, _dataset: &DatasetSpec, _span: Window) -> Vec<PageRequest> {
        Vec::new()
    }

    fn fetch<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<RawPage>> {
        async move {
            self.traffic.count_request(false);
            let silent = {
                let mut state = self.lock();
                state.asked.push(request.clone());
                let arrived = state.asked.len();
                if let Some((_, token)) = state.cancel_at.take_if(|(at, _)| *at <= arrived) {
                    token.cancel();
                }
                let faults = state.faults.get_mut(&request.window.start());
                faults.and_then(|faults| faults.pop_front_if(|fault| *fault == Fault::Silent)).is_some()
            };
            if silent {
                std::future::pending::<()>().await;
            }
            tokio::task::yield_now().await;
            self.answer(request)
        }
        .boxed()
    }

    fn decode(&self, dataset: &DatasetSpec, page: &RawPage, sink: &mut dyn Sink) -> Result<PageFacts> {
        let drift = |error| Error::new(ErrorKind::Drift, "not as we know it").with_source(error);
        let body: Body = serde_json::from_slice(&page.body).map_err(drift)?;
        for (index, (id, seconds)) in body.rows.iter().enumerate() {
            let Some(seconds) = seconds.as_i64().and_then(Seconds::from_whole) else {
                sink.reject_row("not a number", &format!("rows[{index}]"), &seconds.to_string());
                continue;
            };
            for table in dataset.tables() {
                sink.begin(table, dataset.grain.bucket(page.request.window.start()));
                sink.text(Column::ResourceType, "asset");
                sink.text(Column::ResourceId, id);
                if table == Table::ResourceUsage {
                    sink.seconds(Column::DeliveredSeconds, seconds);
                }
                sink.commit_row();
            }
        }
        let number: usize = page.request.param("page").unwrap().parse().unwrap();
        let next = |number: usize| page.request.clone().with_param("page", number);
        let pages = body.total.div_ceil(PAGE).max(1);
        let mut next: Vec<PageRequest> = (2..=pages).filter(|_| number == 1).map(next).collect();
        if dataset.per_resource && page.request.id.is_none() {
            let operation = dataset.operations[1];
            next.extend(body.rows.iter().map(|(id, _)| {
                PageRequest::new(operation, page.request.window).with_id(id).with_param("page", 99)
            }));
        }
        let listed = page.request.id.is_none();
        let listing =
            Listing { series: "rows".to_owned(), listed: body.rows.len() as u64, total: body.total as u64 };
        Ok(PageFacts {
            echo: Some(body.window),
            listing: listed.then_some(listing),
            next,
            ..PageFacts::default()
        })
    }

    fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}
