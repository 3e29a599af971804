//! How much a plan may hold: a slip in a date must not be planned for minutes, nor asked for over years.

use chrono::{DateTime, Utc};
use highwater_core::{Error, ErrorKind, Result, Window, WindowSet};

use super::PlanRequest;
use crate::dataset_state::DatasetState;
use crate::timeline::Timeline;

/// Windows of one dataset: more than twenty years of hours.
const MOST_WINDOWS: i64 = 200_000;

/// Whether `request` can be planned for `datasets`.
///
/// # Errors
/// `Config` when a dataset would have more windows to load than can be meant. What is loaded, what the provider does not
/// have yet and what it no longer answers for does not count.
pub fn check_extent(datasets: &[DatasetState<'_>], request: &PlanRequest) -> Result<()> {
    for state in datasets.iter().filter(|state| request.live || !state.spec.live) {
        let timeline = Timeline::new(*state, request.now, request.range);
        let kept = state.spec.retention.map_or(DateTime::<Utc>::MIN_UTC, |retention| request.now - retention);
        let open = Window::new(kept, timeline.horizon()).map(WindowSet::from).unwrap_or_default();
        let missing = timeline.wanted.difference(&timeline.loaded).intersection(&open);
        let windows = missing.duration().num_seconds() / state.spec.step.duration().num_seconds();
        if windows <= MOST_WINDOWS {
            continue;
        }
        let message = format!(
            "too much to plan: more windows than can be meant dataset=`{}/{}` windows=`{windows}` most=`{MOST_WINDOWS}`",
            state.source, state.spec.name
        );
        let hint = if request.range.is_some() {
            "name a later --from: a day from which the provider may have data; where more is meant, plan it in parts"
        } else {
            "write a later `start`: the first day from which the provider may have data"
        };
        return Err(Error::new(ErrorKind::Config, message).with_hint(hint));
    }
    Ok(())
}
