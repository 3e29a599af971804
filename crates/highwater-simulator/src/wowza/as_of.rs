//! When a question is asked, and what the answer leaves out for that.

use chrono::{DateTime, Utc};

use super::behaviour::{Shrink, WowzaBehaviour};

/// The moment a question is asked at, and what the answer leaves out.
#[derive(Clone, Copy, Debug)]
pub(super) struct AsOf {
    now_second: i64,
    /// Age in seconds from which figures are final, and the thousandths told before.
    late: Option<(i64, u64)>,
    kept_permille: u64,
}

impl AsOf {
    /// What is told at `now`.
    pub(super) fn moment(now: DateTime<Utc>, behaviour: &WowzaBehaviour) -> Self {
        let late = behaviour.late_revision;
        Self {
            now_second: now.timestamp(),
            late: late.map(|late| (late.after.num_seconds(), late.early_permille)),
            kept_permille: match behaviour.shrink {
                Shrink::Whole | Shrink::HalfTheRows => 1000,
                Shrink::TenthOfTheValues => 100,
                Shrink::Nothing => 0,
            },
        }
    }

    /// What is told when all is over and final.
    pub(super) fn settled() -> Self {
        Self { now_second: i64::MAX / 2, late: None, kept_permille: 1000 }
    }

    /// How many minutes of an hour are closed.
    pub(super) fn closed_minutes(&self, hour: i64) -> u64 {
        ((self.now_second - hour * 3600) / 60).clamp(0, 60).unsigned_abs()
    }

    /// What is told of a final figure of an hour.
    pub(super) fn told(&self, hour: i64, value: u64) -> u64 {
        let age = self.now_second - (hour + 1) * 3600;
        let revised = match self.late {
            Some((after, early_permille)) if age < after => value * early_permille / 1000,
            _ => value,
        };
        revised * self.kept_permille / 1000
    }
}
