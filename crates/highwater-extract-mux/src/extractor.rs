//! One configured environment of Mux.

use std::sync::Arc;

use chrono::TimeDelta;
use futures::FutureExt;
use futures::future::BoxFuture;
use highwater_core::{
    Clock, Context, DatasetSpec, Extractor, Grain, OperationSpec, PageFacts, PageRequest, Probe, RawPage,
    Result, Role, Settings, Sink, Traffic, Window,
};

use crate::client::MuxClient;
use crate::datasets::{OPERATION, OPERATIONS};
use crate::decode;

/// Extracts delivery usage.
#[derive(Debug)]
pub(crate) struct MuxExtractor {
    datasets: Vec<DatasetSpec>,
    client: MuxClient,
    clock: Arc<dyn Clock>,
    traffic: Arc<Traffic>,
}

impl MuxExtractor {
    /// # Errors
    /// `Config` when a secret is missing or `base_url` is not a URL.
    pub(crate) fn new(settings: &Settings, context: Context) -> Result<Self> {
        let traffic = Arc::new(Traffic::default());
        let client = MuxClient::new(settings, &context, Arc::clone(&traffic))?;
        Ok(Self { datasets: context.datasets, client, clock: context.clock, traffic })
    }

    fn page(&self, window: Window, limit: u32) -> PageRequest {
        PageRequest::new(OPERATION, window).with_param("page", 1).with_param("limit", limit)
    }
}

impl Extractor for MuxExtractor {
    fn datasets(&self) -> &[DatasetSpec] {
        &self.datasets
    }

    fn operations(&self) -> &'static [OperationSpec] {
        OPERATIONS
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe>> {
        async move {
            // The newest hour that every environment has.
            let end = Grain::Hour.floor(self.clock.now()) - TimeDelta::hours(12);
            let request = self.page(Window::of(end - TimeDelta::hours(1), end), 1);
            let answer = self.client.list(&request).await?;
            decode::check_envelope(&answer.body)?;
            Ok(Probe { server_time: answer.server_time })
        }
        .boxed()
    }

    fn first(&self, _dataset: &DatasetSpec, window: Window) -> Vec<PageRequest> {
        vec![self.page(window, self.client.page_size())]
    }

    /// The same list over the whole span, which the provider adds up itself. A day asked by days has nothing to compare.
    fn control_requests(&self, dataset: &DatasetSpec, span: Window) -> Vec<PageRequest> {
        if dataset.grain != Grain::Hour {
            return Vec::new();
        }
        vec![self.page(span, self.client.page_size()).with_role(Role::Control)]
    }

    fn fetch<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<RawPage>> {
        async move {
            let answer = self.client.list(request).await?;
            Ok(RawPage { request: request.clone(), body: answer.body, fetched_at: answer.received_at })
        }
        .boxed()
    }

    fn decode(&self, _dataset: &DatasetSpec, page: &RawPage, sink: &mut dyn Sink) -> Result<PageFacts> {
        decode::decode(page, sink)
    }

    fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}
