//! What came over the wire: counters, and a log of the latest requests for tests to read.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::request::Parts;
use bytes::Bytes;
use chrono::{DateTime, Utc};

const LOG_CAPACITY: usize = 200_000;

/// Counts since the server started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests whose head and body have arrived.
    pub requests: u64,
    /// Answers with status 429, whether from the rate limit or from a fault.
    pub answered_429: u64,
    /// Requests that at least one fault struck.
    pub faulted: u64,
    /// The most requests that were in hand at one moment.
    pub most_in_flight: u64,
    /// Requests by path, without the query.
    pub by_path: BTreeMap<String, u64>,
}

/// One request as it arrived and what became of it.
#[derive(Clone, Debug)]
pub struct LoggedRequest {
    /// The method, upper case.
    pub method: String,
    /// Path and query, as received.
    pub target: String,
    /// The request's body.
    pub body: Bytes,
    /// When it arrived, by the real clock.
    pub arrived_at: DateTime<Utc>,
    /// When it arrived, by the real clock's monotonic reading: for pacing.
    pub arrived: Duration,
    /// What the data clock said when it arrived.
    pub data_time: DateTime<Utc>,
    /// Requests in hand when it arrived, itself among them.
    pub in_flight: u64,
    /// The status of the answer. `None` while it is in hand, and for ever when the client or a fault ended the
    /// connection.
    pub status: Option<u16>,
    /// The names of the faults that struck it.
    pub faults: Vec<&'static str>,
}

#[derive(Debug, Default)]
struct State {
    traffic: Traffic,
    log: VecDeque<LoggedRequest>,
    dropped: u64,
    in_flight: u64,
}

/// The shared record of a server. Of the log, the latest 200,000 requests are kept.
#[derive(Debug, Default)]
pub(crate) struct Record {
    state: Mutex<State>,
}

/// A request in hand; dropping it without an answer leaves its status open.
#[derive(Debug)]
pub(crate) struct InHand<'a> {
    record: &'a Record,
    number: u64,
}

/// When a request arrived, on every clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) real: DateTime<Utc>,
    pub(crate) monotonic: Duration,
    pub(crate) data: DateTime<Utc>,
}

impl Record {
    pub(crate) fn arrived(&self, request: &Parts, body: Bytes, arrival: Arrival) -> InHand<'_> {
        let mut state = self.lock();
        state.in_flight += 1;
        let in_flight = state.in_flight;
        state.traffic.requests += 1;
        state.traffic.most_in_flight = state.traffic.most_in_flight.max(in_flight);
        *state.traffic.by_path.entry(request.uri.path().to_owned()).or_default() += 1;
        if state.log.len() == LOG_CAPACITY {
            state.log.pop_front();
            state.dropped += 1;
        }
        state.log.push_back(LoggedRequest {
            method: request.method.to_string(),
            target: request.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            body,
            arrived_at: arrival.real,
            arrived: arrival.monotonic,
            data_time: arrival.data,
            in_flight,
            status: None,
            faults: Vec::new(),
        });
        let number = state.traffic.requests - 1;
        InHand { record: self, number }
    }

    pub(crate) fn traffic(&self) -> Traffic {
        self.lock().traffic.clone()
    }

    pub(crate) fn log(&self) -> Vec<LoggedRequest> {
        self.lock().log.iter().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn entry(&mut self, number: u64) -> Option<&mut LoggedRequest> {
        let index = usize::try_from(number.checked_sub(self.dropped)?).ok()?;
        self.log.get_mut(index)
    }
}

impl InHand<'_> {
    pub(crate) fn struck_by(&self, faults: Vec<&'static str>) {
        let mut state = self.record.lock();
        state.traffic.faulted += u64::from(!faults.is_empty());
        if let Some(entry) = state.entry(self.number) {
            entry.faults = faults;
        }
    }

    pub(crate) fn answered(&self, status: u16) {
        let mut state = self.record.lock();
        state.traffic.answered_429 += u64::from(status == 429);
        if let Some(entry) = state.entry(self.number) {
            entry.status = Some(status);
        }
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.record.lock().in_flight -= 1;
    }
}
