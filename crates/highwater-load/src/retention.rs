//! Retention of the raw archive: bodies leave it when they are old, and only those of final windows.

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use highwater_core::{DatasetName, Result, SourceName, WindowSet};
use object_store::ObjectStoreExt;

use crate::layout::{archive_prefix, parse_archive_path};
use crate::object::cannot;
use crate::warehouse::Warehouse;

impl Warehouse {
    /// Removes the bodies of all pulls of windows that start before `before` and lie in `finals`. Returns how many files
    /// went.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn sweep_raw(
        &self,
        source: &SourceName,
        dataset: &DatasetName,
        before: DateTime<Utc>,
        finals: &WindowSet,
    ) -> Result<u64> {
        let (store, prefix) = (&self.shared.store, archive_prefix(source, dataset));
        let listed: Vec<_> =
            store.list(Some(&prefix)).try_collect().await.map_err(|error| cannot("list", &prefix, error))?;
        let mut removed = 0;
        for found in listed {
            let Some((_, start, _)) = parse_archive_path(&found.location) else { continue };
            if start >= before || !finals.contains(start) {
                continue;
            }
            match store.delete(&found.location).await {
                Ok(()) => removed += 1,
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(cannot("remove", &found.location, error)),
            }
        }
        Ok(removed)
    }
}
