//! Verdicts: what comparisons come to, from the best to the worst, and where they are kept.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use highwater_core::{Checkpoint, Result, Window, WindowRecord, WindowSet};
use serde::Serialize;

use super::Check;
use crate::HELD_VERDICT;
use crate::ledger::Ledger;

/// The outcome of a comparison with the provider's own figures, in order of gravity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The same, within the tolerance.
    Match,
    /// Ours is less than a whole that the provider does not itemise completely.
    NotItemised,
    /// The newest content was held back for good: what is published before it stays. Never of a comparison.
    Held,
    /// They differ.
    Mismatch,
}

impl Verdict {
    /// The word in the tables `coverage` and `control_totals` and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NotItemised => "not_itemised",
            Self::Held => HELD_VERDICT,
            Self::Mismatch => "mismatch",
        }
    }

    /// The verdict of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Match, Self::NotItemised, Self::Held, Self::Mismatch];
        all.into_iter().find(|verdict| verdict.as_str() == word)
    }

    /// The verdict that a word of a checkpoint stands for, if it is one.
    pub(crate) fn of(word: Option<&String>) -> Option<Self> {
        word.and_then(|word| Self::parse(word))
    }
}

/// The windows of `checkpoint` that do not agree with the provider's own figures: what a month must not be closed with.
#[must_use]
pub fn mismatched(checkpoint: &Checkpoint) -> WindowSet {
    let is_mismatch = |word: Option<&String>| Verdict::of(word) == Some(Verdict::Mismatch);
    let sealed = checkpoint.sealed.values().filter(|unit| is_mismatch(unit.verdict.as_ref()));
    let open = checkpoint.open.iter().filter(|record| is_mismatch(record.verdict.as_ref()));
    sealed.flat_map(|unit| unit.windows.iter()).chain(open.map(|record| record.window)).collect()
}

/// The worst verdict of `checks` on `date`, those of spans around it included, and of its windows that were held.
pub(crate) fn worst<'c>(
    date: NaiveDate,
    checks: impl IntoIterator<Item = &'c Check>,
    records: &[WindowRecord],
) -> Option<Verdict> {
    let day = Window::day(date);
    let checked = checks.into_iter().filter(|check| check.window.covers(day)).map(Check::verdict);
    let is_held = |record: &&WindowRecord| Verdict::of(record.verdict.as_ref()) == Some(Verdict::Held);
    checked.chain(records.iter().find(is_held).map(|_| Verdict::Held)).max()
}

/// Writes `verdicts`, by date, into the checkpoint, and the `requests` that the totals of final units took. Windows that
/// were held keep their own verdict.
///
/// # Errors
/// `Storage`, `NewerFormat`.
pub(crate) async fn record(
    ledger: &Ledger<'_>,
    verdicts: &BTreeMap<NaiveDate, Verdict>,
    requests: &BTreeMap<NaiveDate, u64>,
) -> Result<()> {
    if verdicts.is_empty() && requests.is_empty() {
        return Ok(());
    }
    let change = |checkpoint: &mut Checkpoint| {
        for (date, requests) in requests.iter().filter(|(date, _)| checkpoint.sealed.contains_key(date)) {
            checkpoint.costs.sealed.entry(*date).or_default().totals = Some(*requests);
        }
        for (date, verdict) in verdicts {
            if let Some(unit) = checkpoint.sealed.get_mut(date) {
                unit.verdict = Some(verdict.as_str().to_owned());
            }
        }
        for known in &mut checkpoint.open {
            // A window that may still be pulled is never held for good.
            let verdict = verdicts.get(&known.window.date()).filter(|verdict| **verdict != Verdict::Held);
            if verdict.is_some() && Verdict::of(known.verdict.as_ref()) != Some(Verdict::Held) {
                known.verdict = verdict.map(|verdict| verdict.as_str().to_owned());
            }
        }
    };
    ledger.update(change).await.map(|_| ())
}
