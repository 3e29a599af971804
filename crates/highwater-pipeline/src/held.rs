//! The operator's word on restatements that the shrink guard holds.

use chrono::{DateTime, Utc};
use highwater_core::{DatasetName, HeldWindow, Result, SourceName, Unit, Window};
use highwater_load::Warehouse;
use serde::Serialize;

use crate::dataset_state::DatasetState;
use crate::plan::instant;

/// What an operator says to a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Nothing yet: an equal answer publishes it.
    Waiting,
    /// The next pull publishes whatever it finds.
    Accepted,
    /// What is published stays.
    Refused,
}

/// A hold as `held` shows it. Its JSON form is that of an entry of `held --format json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// The unit.
    pub unit: Unit,
    /// The source.
    pub source: SourceName,
    /// The dataset.
    pub dataset: DatasetName,
    /// The window.
    pub window: Window,
    /// When it was held.
    #[serde(serialize_with = "instant")]
    pub held_at: DateTime<Utc>,
    /// When it is pulled again.
    #[serde(serialize_with = "instant")]
    pub due_at: DateTime<Utc>,
    /// What it would change.
    pub reason: String,
    /// What the operator said.
    pub decision: Decision,
}

impl Hold {
    fn of(source: &SourceName, dataset: &DatasetName, held: &HeldWindow) -> Self {
        let decision = match held {
            held if held.accepted => Decision::Accepted,
            held if held.refused => Decision::Refused,
            _ => Decision::Waiting,
        };
        Self {
            unit: Unit { source: source.clone(), dataset: dataset.clone(), date: held.window.date() },
            source: source.clone(),
            dataset: dataset.clone(),
            window: held.window,
            held_at: held.held_at,
            due_at: held.due_at,
            reason: held.reason.clone(),
            decision,
        }
    }
}

/// The holds of `datasets`, dataset by dataset in order of time.
#[must_use]
pub fn holds(datasets: &[DatasetState<'_>]) -> Vec<Hold> {
    let of = |state: &DatasetState<'_>| {
        let (source, dataset) = (state.source.clone(), state.spec.name.clone());
        let held = state.checkpoint.held.iter().map(move |held| Hold::of(&source, &dataset, held));
        held.collect::<Vec<_>>()
    };
    datasets.iter().flat_map(of).collect()
}

/// Writes `decision` to every hold of `unit` and returns them as they now stand; none where the unit has none. A decision
/// may be changed until the hold is over.
///
/// # Errors
/// `Storage`, `NewerFormat`.
pub async fn decide(warehouse: &Warehouse, unit: &Unit, decision: Decision) -> Result<Vec<Hold>> {
    let Unit { source, dataset, date } = unit;
    let checkpoint = warehouse
        .update_checkpoint(source, dataset, |checkpoint| {
            for held in checkpoint.held.iter_mut().filter(|held| held.window.date() == *date) {
                held.accepted = decision == Decision::Accepted;
                held.refused = decision == Decision::Refused;
            }
        })
        .await?;
    let ours = checkpoint.held.iter().filter(|held| held.window.date() == *date);
    Ok(ours.map(|held| Hold::of(source, dataset, held)).collect())
}
