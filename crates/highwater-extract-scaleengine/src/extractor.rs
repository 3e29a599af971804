//! The extractor of one account.

use std::sync::Arc;

use chrono::Days;
use futures::FutureExt;
use futures::future::BoxFuture;
use highwater_core::{
    Clock, Context, DatasetSpec, Extractor, Grain, OperationSpec, PageFacts, PageRequest, Probe, RawPage,
    Result, Role, Sink, Traffic, Window,
};

use crate::apps::Apps;
use crate::calendar;
use crate::client::Api;
use crate::datasets::{GETAPPS, OPERATIONS};
use crate::decode;
use crate::paging;
use crate::settings::Account;

/// One account at the provider.
#[derive(Debug)]
pub(crate) struct ScaleEngineExtractor {
    api: Api,
    datasets: Vec<DatasetSpec>,
    clock: Arc<dyn Clock>,
    traffic: Arc<Traffic>,
}

impl ScaleEngineExtractor {
    pub(crate) fn new(account: Account, context: Context) -> Result<Self> {
        let traffic = Arc::<Traffic>::default();
        let api = Api::new(account, &context, Arc::clone(&traffic))?;
        Ok(Self { api, datasets: context.datasets, clock: context.clock, traffic })
    }

    /// The requests that open a pull of one day or month: one an application, or one for the list of them.
    fn openings(&self, window: Window, role: Role) -> Vec<PageRequest> {
        let account = self.api.account();
        match &account.apps {
            Apps::Named(apps) => {
                apps.iter().map(|app| paging::first(app, window, role, account.page_size)).collect()
            }
            Apps::All => {
                let role = if role == Role::Control { role } else { Role::List };
                vec![PageRequest::new(GETAPPS, window).with_role(role)]
            }
        }
    }

    async fn probe_account(&self) -> Result<Probe> {
        let today = self.clock.now().date_naive();
        let yesterday = Window::day(today.checked_sub_days(Days::new(1)).unwrap_or(today));
        let opening = self.openings(yesterday, Role::Rows).into_iter().next();
        let request = opening.unwrap_or_else(|| PageRequest::new(GETAPPS, yesterday)).with_param("limit", 1);
        let answer = self.api.ask(&request).await?;
        decode::require_answer(&request.operation, &answer.body)?;
        Ok(Probe { server_time: answer.server_time })
    }

    async fn fetch_page(&self, request: &PageRequest) -> Result<RawPage> {
        let answer = self.api.ask(request).await?;
        Ok(RawPage { request: request.clone(), body: answer.body, fetched_at: answer.received_at })
    }
}

impl Extractor for ScaleEngineExtractor {
    fn datasets(&self) -> &[DatasetSpec] {
        &self.datasets
    }

    fn operations(&self) -> &'static [OperationSpec] {
        OPERATIONS
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe>> {
        self.probe_account().boxed()
    }

    fn first(&self, _dataset: &DatasetSpec, window: Window) -> Vec<PageRequest> {
        window.buckets(Grain::Day).flat_map(|day| self.openings(day, Role::Rows)).collect()
    }

    /// The provider reports whole months: their figures must be the sums of their days.
    fn control_requests(&self, _dataset: &DatasetSpec, span: Window) -> Vec<PageRequest> {
        let months = calendar::months(span).unwrap_or_default();
        months.into_iter().flat_map(|month| self.openings(month, Role::Control)).collect()
    }

    fn fetch<'a>(&'a self, request: &'a PageRequest) -> BoxFuture<'a, Result<RawPage>> {
        self.fetch_page(request).boxed()
    }

    fn decode(&self, _dataset: &DatasetSpec, page: &RawPage, sink: &mut dyn Sink) -> Result<PageFacts> {
        decode::decode(page, self.api.account().page_size, sink)
    }

    fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}
