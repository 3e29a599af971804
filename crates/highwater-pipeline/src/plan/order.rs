//! The order of units: what would be lost first, revisits and control totals last, and no dataset waiting for another.

use std::cmp::Reverse;
use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

use super::{PlanOrder, PlannedUnit, Reason};

/// What is not loaded and expires within this time goes first.
pub(super) const EXPIRES_SOON: TimeDelta = TimeDelta::days(7);

/// A unit and when the first of its unpublished windows is lost.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) unit: PlannedUnit,
    pub(super) deadline: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    ExpiresSoon,
    Due,
    Revisit,
}

type Key = (Class, Option<DateTime<Utc>>, Result<chrono::NaiveDate, Reverse<chrono::NaiveDate>>);

fn key(candidate: &Candidate, now: DateTime<Utc>, order: PlanOrder) -> Key {
    let soon = candidate.deadline.filter(|deadline| *deadline <= now + EXPIRES_SOON);
    let waits = |reason: &Reason| matches!(reason, Reason::Revisit | Reason::Held | Reason::Totals);
    let class = match soon {
        Some(_) => Class::ExpiresSoon,
        None if candidate.unit.reasons.iter().all(waits) => Class::Revisit,
        None => Class::Due,
    };
    let date = candidate.unit.unit.date;
    let by_date = match order {
        PlanOrder::OldestFirst => Ok(date),
        PlanOrder::NewestFirst => Err(Reverse(date)),
    };
    (class, soon, by_date)
}

/// The units of one source, given by dataset, in the order in which they are taken: the datasets take turns, and in
/// each turn the most urgent goes first.
pub(super) fn take_turns(
    datasets: Vec<Vec<Candidate>>,
    now: DateTime<Utc>,
    order: PlanOrder,
) -> Vec<PlannedUnit> {
    let mut queues: Vec<VecDeque<Candidate>> = datasets
        .into_iter()
        .map(|mut candidates| {
            candidates.sort_by_key(|candidate| key(candidate, now, order));
            candidates.into()
        })
        .collect();
    let mut taken = Vec::new();
    while queues.iter().any(|queue| !queue.is_empty()) {
        let mut turn: Vec<Candidate> = queues.iter_mut().filter_map(VecDeque::pop_front).collect();
        turn.sort_by_key(|candidate| key(candidate, now, order));
        taken.extend(turn.into_iter().map(|candidate| candidate.unit));
    }
    taken
}
