//! After a run: the control totals of the units that became final, as the plan has them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use futures::{StreamExt, stream};
use highwater_core::{
    Checkpoint, DatasetSpec, Disposition, Error, ErrorKind, Figure, PageRequest, Result, Window, WindowRecord,
};

use super::inquiry::{Told, compare, table_totals};
use super::{Check, Inquiry, StoredCheck, Totals, Verdict, record, store, stored, worst};
use crate::kept_step::{KeptSteps, with_step};
use crate::ledger::Ledger;
use crate::plan::TotalsDue;

/// Units in a row whose figures could not be had, after which the others are left to the next run.
const FAILURES_IN_A_ROW: u32 = 3;
/// Units whose figures are asked for side by side: enough to keep to the pace where each page names the next.
const UNITS_AT_ONCE: usize = 8;

/// What a reconciliation came to.
#[derive(Debug, Default)]
pub(crate) struct Reconciled {
    /// How many units were looked at and do not agree.
    pub(crate) mismatched: u64,
    /// The error by which the provider refused to answer, if it did.
    pub(crate) refused: Option<Error>,
}

/// One final unit whose figures are wanted.
struct Unit {
    date: NaiveDate,
    spec: DatasetSpec,
    requests: Vec<PageRequest>,
    /// How many they come to, as far as the plan knows.
    expected: u64,
    /// Whether what was told before of the content that is published holds.
    may_be_known: bool,
}

/// What is to be known before a unit can be compared.
struct Inquired {
    unit: Unit,
    records: Vec<WindowRecord>,
    answer: Answer,
}

enum Answer {
    /// Compared already.
    Known(Vec<Check>),
    /// The provider's figures.
    Told(Told),
    /// Past retention, or not to be asked any more.
    NotAsked,
    /// The figures could not be had.
    Failed(Error),
}

/// Fetches the control totals of the units that are sealed by now and that `planned` has them due for, by date, keeps
/// them, and records the verdicts. Nothing is asked that `may_ask` does not allow, by the number of requests. A figure
/// that cannot be had is left to the next run, and so is a unit that time has made final since it was planned.
///
/// # Errors
/// `Storage`, `NewerFormat`.
pub(crate) async fn reconcile(
    ledger: &Ledger<'_>,
    inquiry: &Inquiry,
    now: DateTime<Utc>,
    planned: &BTreeMap<NaiveDate, TotalsDue>,
    may_ask: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Reconciled> {
    let checkpoint = ledger.checkpoint().await?;
    let (mut verdicts, mut requests) = (BTreeMap::new(), BTreeMap::new());
    let (mut failures, mut refused) = (0, None);
    let wanted = wanted(ledger, inquiry, &checkpoint, planned);
    let mut inquiries =
        stream::iter(wanted).map(|unit| inquire(ledger, inquiry, now, may_ask, unit)).buffered(UNITS_AT_ONCE);
    while let Some(inquired) = inquiries.next().await {
        let Inquired { unit, records, answer } = inquired?;
        let checks = match answer {
            Answer::Known(checks) => {
                requests.insert(unit.date, unit.expected);
                checks
            }
            Answer::Told(told) => {
                let checks = compare_unit(ledger, &unit, &told.figures).await?;
                store(ledger, unit.date, &checks, now).await?;
                requests.insert(unit.date, told.requests);
                failures = 0;
                checks
            }
            Answer::NotAsked => continue,
            Answer::Failed(error) => {
                let unit = ledger.unit(unit.date);
                tracing::warn!(%unit, hint = error.hint(), "no control totals: {}", error.chain());
                failures += 1;
                let is_refused = error.kind().disposition() == Disposition::StopSource;
                refused = is_refused.then_some(error);
                if is_refused || failures == FAILURES_IN_A_ROW {
                    break;
                }
                continue;
            }
        };
        let around = stored(ledger, first_of_month(unit.date)).await?;
        let all = checks.iter().chain(around.iter().map(|stored| &stored.check));
        verdicts.extend(worst(unit.date, all, &records).map(|verdict| (unit.date, verdict)));
        warn_of_mismatches(&checks);
    }
    drop(inquiries);
    record(ledger, &verdicts, &requests).await?;
    let mismatched = verdicts.values().filter(|verdict| **verdict == Verdict::Mismatch).count();
    Ok(Reconciled { mismatched: mismatched as u64, refused })
}

async fn inquire(
    ledger: &Ledger<'_>,
    inquiry: &Inquiry,
    now: DateTime<Utc>,
    may_ask: &(dyn Fn(u64) -> bool + Sync),
    unit: Unit,
) -> Result<Inquired> {
    let day = Window::day(unit.date);
    let records = ledger.records(unit.date).await?;
    let known = current(stored(ledger, unit.date).await?, unit.date, &records).filter(|_| unit.may_be_known);
    let is_lost = unit.spec.expires_at(day).is_some_and(|at| at < now);
    let answer = match known {
        Some(checks) => Answer::Known(checks),
        None if is_lost || !may_ask(unit.expected) => Answer::NotAsked,
        None => match inquiry.figures(&unit.spec, day, &unit.requests).await {
            Ok(told) => Answer::Told(told),
            Err(error) if error.kind() == ErrorKind::Interrupted => Answer::NotAsked,
            Err(error) => Answer::Failed(error),
        },
    };
    Ok(Inquired { unit, records, answer })
}

/// Rows are read one unit and one table at a time: a day may have a million.
async fn compare_unit(ledger: &Ledger<'_>, unit: &Unit, figures: &[Figure]) -> Result<Vec<Check>> {
    let mut ours = Totals::new();
    let tables: BTreeSet<_> = figures.iter().map(|figure| figure.table).collect();
    for table in tables {
        ours.extend(table_totals(ledger, unit.date, table).await?);
    }
    Ok(compare(ledger, Window::day(unit.date), figures, &ours))
}

/// The sealed units whose totals are to be asked for, the newest first.
fn wanted(
    ledger: &Ledger<'_>,
    inquiry: &Inquiry,
    checkpoint: &Checkpoint,
    planned: &BTreeMap<NaiveDate, TotalsDue>,
) -> Vec<Unit> {
    let steps = KeptSteps::new(&ledger.at(checkpoint));
    let unit = |(date, totals): (&NaiveDate, &TotalsDue)| {
        let sealed = checkpoint.sealed.get(date)?;
        let is_told = checkpoint.costs.sealed.get(date).is_some_and(|known| known.totals.is_some());
        let differs = Verdict::of(sealed.verdict.as_ref()) == Some(Verdict::Mismatch);
        let is_due = *totals != TotalsDue::No && (!is_told || differs);
        if !is_due || !sealed.windows.covers(Window::day(*date)) {
            return None;
        }
        let spec = with_step(ledger.dataset.spec, steps.on(*date));
        let requests = inquiry.requests(&spec, Window::day(*date));
        let expected = totals.requests().max(requests.len() as u64);
        (!requests.is_empty()).then_some(Unit {
            date: *date,
            spec,
            requests,
            expected,
            may_be_known: !is_told,
        })
    };
    planned.iter().rev().filter_map(unit).collect()
}

/// What is known already of the content that is published, unless it differed and may have been settled since.
fn current(known: Vec<StoredCheck>, date: NaiveDate, records: &[WindowRecord]) -> Option<Vec<Check>> {
    let day = Window::day(date);
    let pulled_at = records.iter().map(|record| record.pulled_at).max()?;
    let known: Vec<StoredCheck> = known.into_iter().filter(|known| known.check.window == day).collect();
    let holds =
        |known: &StoredCheck| known.checked_at >= pulled_at && known.check.verdict() != Verdict::Mismatch;
    (!known.is_empty() && known.iter().all(holds))
        .then(|| known.into_iter().map(|known| known.check).collect())
}

/// The date that comparisons of a whole month stand under.
pub(crate) fn first_of_month(date: NaiveDate) -> NaiveDate {
    chrono::Datelike::with_day(&date, 1).expect("every month has a first day")
}

/// Says in the log what differs.
pub(crate) fn warn_of_mismatches(checks: &[Check]) {
    for check in checks.iter().filter(|check| check.verdict() == Verdict::Mismatch) {
        tracing::warn!("does not reconcile: {check}");
    }
}
