//! The cron scheduler of the running daemon. It decides nothing: each of its jobs rings the bell, and whoever hears it
//! plans from state.
//!
//! The library fires late by up to half a second, may fire twice, forgets what it missed and lets jobs overlap; none of
//! that can matter to a job that only rings. A job each minute bounds what a missed tick costs.

use std::collections::BTreeSet;
use std::fmt;

use highwater_core::{Error, ErrorKind, Result};
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use super::wake::Wake;
use crate::schedule::Schedule;

/// Every minute: the longest that a lost tick goes unnoticed.
const EVERY_MINUTE: &str = "0 * * * * *";

/// The running scheduler. There is one a process, since the library leaves tasks behind.
pub(super) struct Scheduler(JobScheduler);

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scheduler")
    }
}

impl Scheduler {
    /// Rings `wake` at every activation of each of `schedules`, UTC, until it is stopped.
    ///
    /// # Errors
    /// `Internal` when the library takes a schedule otherwise than the configuration did.
    pub(super) async fn start(schedules: impl IntoIterator<Item = &Schedule>, wake: &Wake) -> Result<Self> {
        let mut expressions: BTreeSet<String> = schedules.into_iter().map(Schedule::six_fields).collect();
        expressions.insert(EVERY_MINUTE.to_owned());
        let scheduler = JobScheduler::new().await.map_err(refused)?;
        for expression in &expressions {
            let wake = wake.clone();
            let job = Job::new(expression.as_str(), move |_, _| wake.ring()).map_err(refused)?;
            scheduler.add(job).await.map_err(refused)?;
        }
        scheduler.start().await.map_err(refused)?;
        Ok(Self(scheduler))
    }

    /// Stops ringing.
    pub(super) async fn stop(mut self) {
        if let Err(error) = self.0.shutdown().await {
            tracing::warn!(%error, "the scheduler did not stop in order");
        }
    }
}

fn refused(source: JobSchedulerError) -> Error {
    Error::new(ErrorKind::Internal, "the scheduler refuses a schedule").with_source(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_schedule_rings_the_bell() {
        let wake = Wake::new();
        let mut wakes = wake.listen();
        let every_second = Schedule::parse("* * * * * *").unwrap();
        let five_fields = Schedule::parse("10 * * * *").unwrap();
        let scheduler = Scheduler::start([&every_second, &five_fields], &wake).await.unwrap();
        wakes.heard().await;
        wakes.heard().await;
        scheduler.stop().await;
    }
}
