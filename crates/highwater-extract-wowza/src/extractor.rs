//! The extractor of one source.

use std::sync::Arc;

use futures::future::BoxFuture;
use highwater_core::{
    Clock, Context, DatasetSpec, Extractor, Grain, OperationSpec, PageFacts, PageRequest, Probe, RawPage,
    Result, Settings, Sink, SourceName, Traffic, Window,
};
use highwater_http::read_json;

use crate::client::UsageClient;
use crate::decode;
use crate::settings;
use crate::wire::Envelope;
use crate::{datasets, operations};

/// One account.
#[derive(Debug)]
pub(crate) struct WowzaExtractor {
    source: SourceName,
    datasets: Vec<DatasetSpec>,
    page_size: i64,
    client: UsageClient,
    clock: Arc<dyn Clock>,
    traffic: Arc<Traffic>,
}

impl WowzaExtractor {
    /// The extractor of a source. Sends nothing.
    ///
    /// # Errors
    /// `Config` when a credential was not read.
    pub(crate) fn new(settings: &Settings, context: Context) -> Result<Self> {
        let traffic = Arc::new(Traffic::default());
        let client = UsageClient::new(settings, &context, Arc::clone(&traffic))?;
        let Context { source, datasets, clock, .. } = context;
        Ok(Self { source, datasets, page_size: settings::page_size(settings), client, clock, traffic })
    }

    /// One row of an hour whose data are there.
    fn cheap_request(&self) -> PageRequest {
        let end = Grain::Hour.floor(self.clock.now()) - chrono::TimeDelta::hours(3);
        let hour = Window::of(end - Grain::Hour.duration(), end);
        PageRequest::new("transcoders", hour).with_param("page", 1).with_param("per_page", 1)
    }
}

impl Extractor for WowzaExtractor {
    fn datasets(&self) -> &[DatasetSpec] {
        &self.datasets
    }

    fn operations(&self) -> &'static [OperationSpec] {
        &operations::SPECS
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe>> {
        Box::pin(async {
            let answer = self.client.send(&self.cheap_request()).await?;
            read_json::<Envelope<'_>>("transcoders", &answer.body)?;
            Ok(Probe { server_time: answer.server_time })
        })
    }

    fn first(&self, dataset: &DatasetSpec, window: Window) -> Vec<PageRequest> {
        datasets::definition(dataset)
            .map_or_else(Vec::new, |definition| definition.first(window, self.page_size))
    }

    fn control_requests(&self, dataset: &DatasetSpec, span: Window) -> Vec<PageRequest> {
        datasets::definition(dataset).map_or_else(Vec::new, |definition| definition.control(span))
    }

    fn fetch<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<RawPage>> {
        Box::pin(async move {
            let answer = self.client.send(request).await?;
            Ok(RawPage { request: request.clone(), body: answer.body, fetched_at: answer.received_at })
        })
    }

    fn decode(&self, dataset: &DatasetSpec, page: &RawPage, sink: &mut dyn Sink) -> Result<PageFacts> {
        decode::decode(&self.source, dataset, page, sink)
    }

    fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}
