//! Restoring a checkpoint from the objects alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt};
use highwater_core::{Checkpoint, DatasetName, Result, SealedUnit, SourceName, Table, Unit};
use object_store::path::Path;

use crate::commit::agreed;
use crate::layout::{ObjectKey, checkpoint_path, table_prefix};
use crate::object::{ATTEMPTS, cannot, too_many_races};
use crate::object_record::ObjectRecord;
use crate::warehouse::Warehouse;

/// Footers read at once.
const AT_ONCE: usize = 16;

impl Warehouse {
    /// The keys of all objects, or of those of one table and provider, in the order of their places. Files that are no
    /// objects are passed over.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn list_objects(&self, within: Option<(Table, &str)>) -> Result<Vec<ObjectKey>> {
        let prefix =
            within.map_or_else(|| Path::from("data"), |(table, provider)| table_prefix(table, provider));
        let listed = self.shared.store.list(Some(&prefix));
        let keys = listed.try_filter_map(async |found| Ok(ObjectKey::parse(&found.location)));
        let mut keys: Vec<ObjectKey> =
            keys.try_collect().await.map_err(|error| cannot("list", &prefix, error))?;
        keys.sort_unstable();
        Ok(keys)
    }

    /// The dates on which `dataset` has an object of any of `tables`.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn list_units(
        &self,
        provider: &str,
        source: &SourceName,
        dataset: &DatasetName,
        tables: &[Table],
    ) -> Result<BTreeSet<NaiveDate>> {
        let mut dates = BTreeSet::new();
        for table in tables {
            let keys = self.list_objects(Some((*table, provider))).await?;
            let ours = keys
                .into_iter()
                .map(|key| key.unit)
                .filter(|unit| unit.source == *source && unit.dataset == *dataset);
            dates.extend(ours.map(|unit| unit.date));
        }
        Ok(dates)
    }

    /// Replaces the checkpoint by what the objects of `dataset` say, and returns it: exact for sealed units, never ahead
    /// of the data for the others (a revisit that changed nothing was known to the lost checkpoint alone, and may be
    /// asked once more). Failures and holds are forgotten. `progress` is told how many of how many units are read.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`.
    pub async fn rebuild_checkpoint(
        &self,
        provider: &str,
        source: &SourceName,
        dataset: &DatasetName,
        tables: &[Table],
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Checkpoint> {
        let path = checkpoint_path(source, dataset);
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                self.shared.back_off(attempt).await;
            }
            // Read first: what other writers record while the objects are read must not be lost.
            let seen = self.shared.read(&path).await?.map(|found| found.version);
            let rebuilt = self.survey(provider, source, dataset, tables, progress).await?;
            if self.shared.put_checkpoint(&path, &rebuilt, seen).await? {
                return Ok(rebuilt);
            }
        }
        Err(too_many_races(&path))
    }

    async fn survey(
        &self,
        provider: &str,
        source: &SourceName,
        dataset: &DatasetName,
        tables: &[Table],
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Checkpoint> {
        let dates = self.list_units(provider, source, dataset, tables).await?;
        let count = dates.len();
        let units = dates.into_iter().map(|date| {
            let unit = Unit { source: source.clone(), dataset: dataset.clone(), date };
            async move {
                Ok::<_, highwater_core::Error>((date, self.unit_objects(provider, &unit, tables).await?))
            }
        });
        let mut units = futures::stream::iter(units).buffer_unordered(AT_ONCE);
        let mut found = BTreeMap::new();
        while let Some((date, objects)) = units.try_next().await? {
            found.insert(date, objects);
            progress(found.len(), count);
        }
        Ok(checkpoint_of(found))
    }
}

fn checkpoint_of(units: BTreeMap<NaiveDate, Vec<Option<ObjectRecord>>>) -> Checkpoint {
    let mut checkpoint = Checkpoint::default();
    for (date, objects) in units {
        let sealed = objects.iter().all(|object| object.as_ref().is_some_and(|object| object.sealed));
        let named = objects.iter().flatten().map(|object| object.windows.len()).max().unwrap_or_default();
        let records = agreed(objects);
        checkpoint.last_success =
            checkpoint.last_success.max(records.iter().map(|record| record.pulled_at).max());
        if sealed && records.len() == named && named > 0 {
            checkpoint.sealed.insert(date, SealedUnit::of(&records));
        } else {
            checkpoint.open.extend(records);
        }
    }
    checkpoint
}
