//! The audit: our rows held against the provider's own figures, and against what was recorded of them, for every day and
//! month that is loaded as a whole.

mod days;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use futures::future::join_all;
use futures::{StreamExt, stream};
use highwater_core::{
    Clock, DatasetName, Error, ErrorKind, PageRequest, Result, RunId, SourceName, Window, WindowSet,
};
use highwater_load::Warehouse;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::admission::Admission;
use crate::control::{
    Check, Inquiry, PAGES_IN_FLIGHT, Totals, Verdict, compare, own_checks, record, store, stored, worst,
};
use crate::coverage::{Dates, cover};
use crate::dataset_state::DatasetState;
use crate::ledger::Ledger;
use crate::plan::instant;
use crate::run::Source;
use days::{Day, Days, Month};

/// Days of one dataset that are looked at side by side.
const AT_ONCE: usize = 4;

/// How to audit.
#[derive(Clone, Debug)]
pub struct AuditOptions {
    /// The id of this audit, for what it asks.
    pub run_id: RunId,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The days and months to look at are those wholly inside; without a range, all that are loaded.
    pub range: Option<Window>,
    /// Cancelled when the audit is to stop.
    pub cancel: CancellationToken,
}

/// What an audit found. Its JSON form is that of `audit --format json`.
#[derive(Clone, Debug, Serialize)]
pub struct AuditReport {
    /// The instant it was begun at.
    #[serde(serialize_with = "instant")]
    pub as_of: DateTime<Utc>,
    /// All comparisons, dataset by dataset, in order of time.
    pub checks: Vec<Check>,
    /// What could not be compared.
    #[serde(skip)]
    pub unchecked: Vec<Unchecked>,
    /// Whether a source refused our credentials.
    #[serde(skip)]
    pub auth_refused: bool,
}

/// A span that could not be compared with the provider's figures, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    /// The source.
    pub source: SourceName,
    /// The dataset.
    pub dataset: DatasetName,
    /// The span.
    pub window: Window,
    /// Why; `None` where nothing was to be compared, because not all of it is loaded.
    pub error: Option<String>,
}

impl AuditReport {
    /// The comparisons that came to `verdict`.
    pub fn with_verdict(&self, verdict: Verdict) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.verdict() == verdict)
    }

    /// Whether everything that is loaded was compared, and nothing differs.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.with_verdict(Verdict::Mismatch).next().is_none()
            && self.unchecked.iter().all(|unchecked| unchecked.error.is_none())
    }
}

/// Audits `datasets`, sources side by side. What is found is kept in `control_totals`, recorded in the checkpoints and
/// shown in `coverage`. A figure that cannot be had is reported, and stops no other.
///
/// # Errors
/// `Storage`, `NewerFormat`; `Config` when a dataset's source is not among `sources`; `Interrupted`.
pub async fn audit(
    datasets: &[DatasetState<'_>],
    sources: &[Source],
    warehouse: &Warehouse,
    options: &AuditOptions,
) -> Result<AuditReport> {
    let as_of = options.clock.now();
    let mut by_source: Vec<(&Source, Vec<Ledger<'_>>)> = Vec::new();
    for dataset in datasets {
        let ledger = Ledger { dataset: *dataset, warehouse };
        if let Some((_, ledgers)) = by_source.iter_mut().find(|(source, _)| source.name == *dataset.source) {
            ledgers.push(ledger);
            continue;
        }
        let source = sources.iter().find(|source| source.name == *dataset.source).ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("an unknown source source=`{}`", dataset.source))
        })?;
        by_source.push((source, vec![ledger]));
    }
    let audits = by_source.iter().map(async |(source, ledgers)| {
        let admission = Admission::new(PAGES_IN_FLIGHT, options.cancel.child_token());
        let inquiry = Inquiry::new(source, &options.run_id, &options.clock, admission);
        let mut found = Vec::new();
        for ledger in ledgers {
            let mut audit = Audit::new(ledger, &inquiry, options, as_of);
            audit.run().await?;
            found.push(audit.findings);
        }
        Ok::<_, Error>(found)
    });
    let mut report = AuditReport { as_of, checks: Vec::new(), unchecked: Vec::new(), auth_refused: false };
    for findings in join_all(audits).await {
        for findings in findings? {
            report.checks.extend(findings.checks);
            report.unchecked.extend(findings.unchecked);
            report.auth_refused |= findings.auth_refused;
        }
    }
    Ok(report)
}

#[derive(Debug, Default)]
struct Findings {
    checks: Vec<Check>,
    unchecked: Vec<Unchecked>,
    auth_refused: bool,
}

/// The audit of one dataset.
struct Audit<'a> {
    ledger: &'a Ledger<'a>,
    inquiry: &'a Inquiry,
    options: &'a AuditOptions,
    as_of: DateTime<Utc>,
    findings: Findings,
}

/// What was found of one day.
struct Found {
    day: Day,
    checks: Vec<Check>,
    totals: Totals,
    failure: Option<Error>,
}

impl<'a> Audit<'a> {
    fn new(
        ledger: &'a Ledger<'a>,
        inquiry: &'a Inquiry,
        options: &'a AuditOptions,
        as_of: DateTime<Utc>,
    ) -> Self {
        Self { ledger, inquiry, options, as_of, findings: Findings::default() }
    }

    async fn run(&mut self) -> Result<()> {
        let checkpoint = self.ledger.checkpoint().await?;
        let Days { whole, months, partial } = Days::of(&self.ledger.at(&checkpoint), self.options.range);
        partial.iter().for_each(|window| self.note(window, None));
        let (mut verdicts, mut totals) = (BTreeMap::new(), BTreeMap::new());
        let mut records = BTreeMap::new();
        let me = &*self;
        let mut looks = stream::iter(whole).map(|day| me.look_at(day)).buffered(AT_ONCE);
        let mut days = Vec::new();
        while let Some(found) = looks.next().await {
            let found = found?;
            store(self.ledger, found.day.date, &found.checks, self.as_of).await?;
            days.push(found);
        }
        drop(looks);
        for found in days {
            let date = found.day.date;
            self.take_failure(Window::day(date), found.failure)?;
            totals.insert(date, found.totals);
            records
                .insert(date, if found.day.sealed { self.ledger.records(date).await? } else { Vec::new() });
            self.findings.checks.extend(found.checks);
        }
        for month in months {
            self.look_at_month(&month, &totals).await?;
        }
        for (date, records) in &records {
            let around = stored(self.ledger, crate::control::first_of_month(*date)).await?;
            let all = self.findings.checks.iter().chain(around.iter().map(|stored| &stored.check));
            verdicts.extend(worst(*date, all, records).map(|verdict| (*date, verdict)));
        }
        record(self.ledger, &verdicts, &BTreeMap::new()).await?;
        let touched: BTreeSet<NaiveDate> = verdicts.into_keys().collect();
        cover(self.ledger, self.options.clock.now(), &Dates { touched, only_touched: false }).await
    }

    async fn look_at(&self, day: Day) -> Result<Found> {
        let window = Window::day(day.date);
        let own = own_checks(self.ledger, day.date, day.recorded_rows).await?;
        let requests = self.inquiry.requests(&day.spec, window);
        let (mut checks, mut failure) = (own.checks, None);
        match self.figures(&day, window, &requests).await {
            Ok(figures) => checks.extend(compare(self.ledger, window, &figures, &own.totals)),
            Err(error) => failure = Some(error),
        }
        Ok(Found { day, checks, totals: own.totals, failure })
    }

    async fn figures(
        &self,
        day: &Day,
        span: Window,
        requests: &[PageRequest],
    ) -> Result<Vec<highwater_core::Figure>> {
        let is_lost = day.spec.expires_at(span).is_some_and(|at| at < self.as_of);
        if requests.is_empty() || is_lost {
            return Ok(Vec::new());
        }
        Ok(self.inquiry.figures(&day.spec, span, requests).await?.figures)
    }

    async fn look_at_month(&mut self, month: &Month, totals: &BTreeMap<NaiveDate, Totals>) -> Result<()> {
        let spec = self.ledger.dataset.spec;
        let requests = self.inquiry.requests(spec, month.window);
        let is_lost = spec.expires_at(month.window).is_some_and(|at| at < self.as_of);
        if requests.is_empty() || is_lost {
            return Ok(());
        }
        let mut ours = Totals::new();
        for day in totals.range(month.window.start().date_naive()..month.window.end().date_naive()) {
            day.1.iter().for_each(|(measure, sum)| *ours.entry(*measure).or_default() += sum);
        }
        match self.inquiry.figures(spec, month.window, &requests).await {
            Ok(told) => {
                let checks = compare(self.ledger, month.window, &told.figures, &ours);
                store(self.ledger, month.window.date(), &checks, self.as_of).await?;
                self.findings.checks.extend(checks);
                Ok(())
            }
            Err(error) => self.take_failure(month.window, Some(error)),
        }
    }

    /// Takes note of figures that could not be had.
    fn take_failure(&mut self, window: Window, failure: Option<Error>) -> Result<()> {
        let Some(error) = failure else { return Ok(()) };
        match error.kind() {
            ErrorKind::Storage | ErrorKind::NewerFormat => return Err(error),
            ErrorKind::Interrupted if !self.findings.auth_refused => return Err(error),
            ErrorKind::Auth => self.findings.auth_refused = true,
            _ => {}
        }
        self.note(window, Some(error.chain()));
        Ok(())
    }

    fn note(&mut self, window: Window, error: Option<String>) {
        let (source, dataset) = (self.ledger.dataset.source.clone(), self.ledger.dataset.spec.name.clone());
        self.findings.unchecked.push(Unchecked { source, dataset, window, error });
    }
}

/// What of `range`, or of all, is loaded.
fn loaded(dataset: &DatasetState<'_>, range: Option<Window>) -> WindowSet {
    let loaded = dataset.checkpoint.loaded();
    range.map_or(loaded.clone(), |range| loaded.within(range))
}
