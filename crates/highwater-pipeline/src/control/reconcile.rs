//! After a run: the control totals of the units that became final.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use futures::{StreamExt, stream};
use highwater_core::{
    Checkpoint, DatasetSpec, Disposition, Error, ErrorKind, Figure, PageRequest, Result, SealedUnit, Window,
    WindowRecord,
};

use super::inquiry::{compare, table_totals};
use super::{Check, Inquiry, StoredCheck, Totals, Verdict, record, store, stored, worst};
use crate::coverage::Dates;
use crate::kept_step::{KeptSteps, with_step};
use crate::ledger::Ledger;

/// Units in a row whose figures could not be had, after which the others are left to the next run.
const FAILURES_IN_A_ROW: u32 = 3;
/// Units whose figures are asked for side by side: enough to keep to the pace where each page names the next.
const UNITS_AT_ONCE: usize = 8;

/// What a reconciliation came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reconciled {
    /// The dates that were looked at.
    pub(crate) dates: BTreeSet<NaiveDate>,
    /// How many of them do not agree.
    pub(crate) mismatched: u64,
}

/// One final unit whose figures are wanted.
struct Unit {
    date: NaiveDate,
    spec: DatasetSpec,
    requests: Vec<PageRequest>,
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
    Figures(Vec<Figure>),
    /// Past retention, or not to be asked any more.
    NotAsked,
    /// The figures could not be had.
    Failed(Error),
}

/// Fetches the control totals of every sealed unit that has none of its final content yet, keeps them, and records the
/// verdicts. Nothing is asked that `may_ask` does not allow, by the number of requests. A figure that cannot be had is
/// left to the next run.
///
/// # Errors
/// `Storage`, `NewerFormat`.
pub(crate) async fn reconcile(
    ledger: &Ledger<'_>,
    inquiry: &Inquiry,
    now: DateTime<Utc>,
    dates: &Dates,
    may_ask: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Reconciled> {
    let checkpoint = ledger.checkpoint().await?;
    let mut verdicts = BTreeMap::new();
    let mut failures = 0;
    let wanted = wanted(ledger, inquiry, &checkpoint, dates);
    let mut inquiries =
        stream::iter(wanted).map(|unit| inquire(ledger, inquiry, now, may_ask, unit)).buffered(UNITS_AT_ONCE);
    while let Some(inquired) = inquiries.next().await {
        let Inquired { unit, records, answer } = inquired?;
        let checks = match answer {
            Answer::Known(checks) => checks,
            Answer::Figures(figures) => {
                let checks = compare_unit(ledger, &unit, &figures).await?;
                store(ledger, unit.date, &checks, now).await?;
                failures = 0;
                checks
            }
            Answer::NotAsked => continue,
            Answer::Failed(error) => {
                let unit = ledger.unit(unit.date);
                tracing::warn!(%unit, hint = error.hint(), "no control totals: {}", error.chain());
                failures += 1;
                let is_refused = error.kind().disposition() == Disposition::StopSource;
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
    if !verdicts.is_empty() {
        record(ledger, &verdicts).await?;
    }
    let mismatched = verdicts.values().filter(|verdict| **verdict == Verdict::Mismatch).count();
    Ok(Reconciled { dates: verdicts.into_keys().collect(), mismatched: mismatched as u64 })
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
    let known = current(stored(ledger, unit.date).await?, unit.date, &records);
    let is_lost = unit.spec.expires_at(day).is_some_and(|at| at < now);
    let answer = match known {
        Some(checks) => Answer::Known(checks),
        None if is_lost || !may_ask(unit.requests.len() as u64) => Answer::NotAsked,
        None => match inquiry.figures(&unit.spec, day, &unit.requests).await {
            Ok(figures) => Answer::Figures(figures),
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

/// The sealed units that may lack a verdict and whose totals the provider reports, the newest first.
fn wanted(ledger: &Ledger<'_>, inquiry: &Inquiry, checkpoint: &Checkpoint, dates: &Dates) -> Vec<Unit> {
    let steps = KeptSteps::new(&ledger.at(checkpoint));
    let lacks_one = |date: &NaiveDate, unit: &SealedUnit| {
        let touched = dates.touched.contains(date);
        let open = matches!(Verdict::of(unit.verdict.as_ref()), None | Some(Verdict::Held));
        touched || (open && !dates.only_touched)
    };
    let sealed = checkpoint.sealed.iter().rev();
    sealed
        .filter(|(date, unit)| lacks_one(date, unit) && unit.windows.covers(Window::day(**date)))
        .filter_map(|(date, _)| {
            let spec = with_step(ledger.dataset.spec, steps.on(*date));
            let requests = inquiry.requests(&spec, Window::day(*date));
            (!requests.is_empty()).then_some(Unit { date: *date, spec, requests })
        })
        .collect()
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
