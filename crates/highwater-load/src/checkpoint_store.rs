//! Checkpoints on storage: one small JSON object a dataset, changed by compare-and-swap.

use bytes::Bytes;
use highwater_core::{CHECKPOINT_FORMAT, Checkpoint, DatasetName, Error, ErrorKind, Result, SourceName};
use object_store::UpdateVersion;
use object_store::path::Path;
use serde::Deserialize;

use crate::layout::checkpoint_path;
use crate::object::{ATTEMPTS, Put, cannot, too_many_races};
use crate::object_record::newer_format;
use crate::warehouse::{Shared, Warehouse};

#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl Warehouse {
    /// What has been loaded of `dataset`; empty where nothing was.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`.
    pub async fn checkpoint(&self, source: &SourceName, dataset: &DatasetName) -> Result<Checkpoint> {
        let (checkpoint, _) = self.shared.read_checkpoint(&checkpoint_path(source, dataset)).await?;
        Ok(checkpoint)
    }

    /// Applies `change` to the newest checkpoint, as often as other writers come in between, and writes it unless it is
    /// as before. `change` must give the same when it is applied to its own result. Returns what now stands there.
    ///
    /// # Errors
    /// `Storage`, `NewerFormat`.
    pub async fn update_checkpoint(
        &self,
        source: &SourceName,
        dataset: &DatasetName,
        change: impl Fn(&mut Checkpoint) + Send + Sync,
    ) -> Result<Checkpoint> {
        let path = checkpoint_path(source, dataset);
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                self.shared.back_off(attempt).await;
            }
            let (known, seen) = self.shared.read_checkpoint(&path).await?;
            let mut next = known.clone();
            change(&mut next);
            if next == known {
                return Ok(known);
            }
            if self.shared.put_checkpoint(&path, &next, seen).await? {
                return Ok(next);
            }
        }
        Err(too_many_races(&path))
    }
}

impl Shared {
    pub(crate) async fn read_checkpoint(&self, path: &Path) -> Result<(Checkpoint, Option<UpdateVersion>)> {
        let Some(found) = self.read(path).await? else { return Ok((Checkpoint::default(), None)) };
        Ok((parse(&found.bytes, path)?, Some(found.version)))
    }

    /// Writes `next`; false when another writer was first, or may have been: the change is then applied again, which
    /// finds its own result where the answer alone was lost.
    pub(crate) async fn put_checkpoint(
        &self,
        path: &Path,
        next: &Checkpoint,
        seen: Option<UpdateVersion>,
    ) -> Result<bool> {
        let text = serde_json::to_vec(next).expect("a checkpoint is plain data");
        match self.put(path, Bytes::from(text.clone()), seen).await {
            Put::Done => Ok(true),
            Put::Refused(_) => Ok(false),
            Put::Failed(error) => match self.read(path).await {
                Ok(Some(found)) if found.bytes == text => Ok(true),
                _ => Err(cannot("write", path, error)),
            },
        }
    }
}

fn parse(bytes: &[u8], path: &Path) -> Result<Checkpoint> {
    let broken = |error: serde_json::Error| {
        Error::new(ErrorKind::Storage, format!("a checkpoint cannot be read key=`{path}`"))
            .with_source(error)
            .with_hint("`highwater checkpoint rebuild` restores it from the data")
    };
    let Format { format } = serde_json::from_slice(bytes).map_err(broken)?;
    if format > CHECKPOINT_FORMAT {
        return Err(newer_format(path.as_ref(), format, CHECKPOINT_FORMAT));
    }
    serde_json::from_slice(bytes).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_checkpoint_is_refused_before_its_fields_are_looked_at() {
        let path = Path::from("state/s/d.json");
        let error = parse(br#"{"format":2,"open":"of another shape"}"#, &path).unwrap_err();
        assert_eq!((error.kind(), error.hint()), (ErrorKind::NewerFormat, "upgrade highwater"));
        let error = parse(b"{}", &path).unwrap_err();
        assert!(error.hint().contains("checkpoint rebuild"));
    }
}
