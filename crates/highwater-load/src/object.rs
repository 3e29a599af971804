//! Reading and conditionally writing one key.

use std::time::Duration;

use bytes::Bytes;
use highwater_core::{Error, ErrorKind, Result};
use object_store::path::Path;
use object_store::{
    Error as StoreError, GetOptions, GetRange, ObjectStoreExt, PutMode, PutPayload, UpdateVersion,
};
use uuid::Uuid;

use crate::warehouse::Shared;

/// How often a writer starts over before it gives up.
pub(crate) const ATTEMPTS: u32 = 64;

/// Content, and what a writer must have seen to replace it.
#[derive(Clone, Debug)]
pub(crate) struct Versioned {
    pub(crate) bytes: Bytes,
    pub(crate) version: UpdateVersion,
}

/// What became of a conditional write.
#[derive(Debug)]
pub(crate) enum Put {
    /// It is in place, durably.
    Done,
    /// Somebody else was first, or it was we and the answer was lost: only reading again can tell.
    Refused(StoreError),
    /// It failed, and may nevertheless be in place: only reading again can tell.
    Failed(StoreError),
}

impl Shared {
    pub(crate) async fn read(&self, path: &Path) -> Result<Option<Versioned>> {
        let found = match self.store.get(path).await {
            Ok(found) => found,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(cannot("read", path, error)),
        };
        let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        let bytes = found.bytes().await.map_err(|error| cannot("read", path, error))?;
        Ok(Some(Versioned { bytes, version }))
    }

    /// The last `length` bytes, or all where it has fewer, and its whole size. One version in one piece.
    pub(crate) async fn read_suffix(&self, path: &Path, length: u64) -> Result<Option<(Bytes, u64)>> {
        let options = GetOptions { range: Some(GetRange::Suffix(length)), ..GetOptions::default() };
        let found = match self.store.get_opts(path, options).await {
            Ok(found) => found,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(cannot("read", path, error)),
        };
        let size = found.meta.size;
        let bytes = found.bytes().await.map_err(|error| cannot("read", path, error))?;
        Ok(Some((bytes, size)))
    }

    /// Writes `content` if what stands there is still `seen`; `None` means that there was nothing.
    pub(crate) async fn put(
        &self,
        path: &Path,
        content: impl Into<PutPayload>,
        seen: Option<UpdateVersion>,
    ) -> Put {
        let mode = seen.map_or(PutMode::Create, PutMode::Update);
        match self.store.put_opts(path, content.into(), mode.into()).await {
            Ok(_) => Put::Done,
            Err(error @ (StoreError::AlreadyExists { .. } | StoreError::Precondition { .. })) => {
                Put::Refused(error)
            }
            Err(error) => Put::Failed(error),
        }
    }

    /// Waits before attempt number `attempt` of a write that lost a race: longer each time, and by chance, so that
    /// those who met once do not meet again.
    pub(crate) async fn back_off(&self, attempt: u32) {
        const FIRST_MS: u64 = 20;
        const LONGEST_MS: u64 = 2_000;
        let bound = (FIRST_MS << attempt.min(10)).min(LONGEST_MS);
        let (chance, _) = Uuid::new_v4().as_u64_pair();
        self.clock.sleep(Duration::from_millis(chance % bound)).await;
    }
}

pub(crate) fn cannot(verb: &str, path: &Path, error: StoreError) -> Error {
    Error::new(ErrorKind::Storage, format!("cannot {verb} key=`{path}`")).with_source(error)
}

pub(crate) fn too_many_races(path: &Path) -> Error {
    let message = format!("lost every race for an object attempts=`{ATTEMPTS}` key=`{path}`");
    Error::new(ErrorKind::Storage, message).with_hint("run fewer workers on the same units, then run again")
}

/// Runs `work` on a thread where it may take its time.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(ErrorKind::Internal, "a storage task ended without a result").with_source(error)
    })?
}
