//! Retention of the raw archive: once a day, the bodies of windows that are final and old leave it.

use chrono::{DateTime, TimeDelta, Utc};
use highwater_core::{Result, WindowSet};
use highwater_load::Warehouse;

use crate::dataset_state::DatasetState;
use crate::states::{State, states};

/// Removes the bodies of windows that are final at `now` and started longer than `retention` ago, of each dataset at most
/// once a UTC date. Returns how many files went. The checkpoints of `datasets` may be older than those in the warehouse.
///
/// # Errors
/// `Storage`, `NewerFormat`.
pub async fn sweep_raw(
    datasets: &[DatasetState<'_>],
    warehouse: &Warehouse,
    retention: TimeDelta,
    now: DateTime<Utc>,
) -> Result<u64> {
    let mut removed = 0;
    for dataset in datasets {
        let (source, name) = (dataset.source, &dataset.spec.name);
        let checkpoint = warehouse.checkpoint(source, name).await?;
        let swept_today = checkpoint.raw_swept_at.is_some_and(|at| at.date_naive() >= now.date_naive());
        if swept_today || checkpoint.loaded().is_empty() {
            continue;
        }
        let known = states(DatasetState { checkpoint: &checkpoint, ..*dataset }, now, None);
        let finals: WindowSet =
            known.iter().filter(|known| known.state == State::Final).map(|known| known.window).collect();
        removed += warehouse.sweep_raw(source, name, now - retention, &finals).await?;
        let swept = |checkpoint: &mut highwater_core::Checkpoint| checkpoint.raw_swept_at = Some(now);
        warehouse.update_checkpoint(source, name, swept).await?;
    }
    Ok(removed)
}
