//! The probe: whether the store does what commits rely on.

use highwater_core::{Error, ErrorKind, Result};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt, PutMode, PutPayload, UpdateVersion};
use uuid::Uuid;

use crate::object::cannot;
use crate::warehouse::{ConditionalWrites, Shared, Warehouse};

/// What a probe found. Writing, reading and removing worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreProbe {
    /// Whether conditional writes hold; `None` where they are not used.
    pub conditional_writes: Option<bool>,
    /// Whether the file system keeps locks; `None` where the warehouse is no folder.
    pub locks: Option<bool>,
}

impl Warehouse {
    /// Writes, reads and removes a scratch object, and tries what a commit relies on: that a second creation and a stale
    /// update are refused, that a fresh update is not, and that a folder's lock keeps others out.
    ///
    /// # Errors
    /// `Storage`, with what to do, when any of it fails.
    pub async fn probe(&self) -> Result<StoreProbe> {
        let path = Path::from(format!("tmp/probe-{}", Uuid::new_v4()));
        let tried = self.shared.try_out(&path).await;
        let removed = self.shared.store.delete(&path).await;
        let conditional_writes = tried?;
        removed.map_err(|error| cannot("remove", &path, error))?;
        let locks = match self.shared.folder.clone() {
            Some(folder) => Some(keeps_locks(folder).await?),
            None => None,
        };
        Ok(StoreProbe { conditional_writes, locks })
    }
}

async fn keeps_locks(folder: crate::local::LocalFolder) -> Result<bool> {
    let kept = crate::object::blocking(move || {
        folder.keeps_locks().map_err(|error| {
            Error::new(ErrorKind::Storage, "cannot lock the warehouse folder").with_source(error)
        })
    })
    .await?;
    if kept {
        return Ok(true);
    }
    Err(Error::new(ErrorKind::Storage, "the file system of the warehouse does not keep locks")
        .with_hint("keep the warehouse on a local file system or on S3"))
}

impl Shared {
    async fn try_out(&self, path: &Path) -> Result<Option<bool>> {
        let put = async |content: &'static str, mode: PutMode| {
            self.store.put_opts(path, PutPayload::from_static(content.as_bytes()), mode.into()).await
        };
        put("first", PutMode::Create).await.map_err(|error| cannot("write", path, error))?;
        let first = self.version_with(path, "first").await?;
        if self.conditional_writes == ConditionalWrites::Disabled {
            return Ok(None);
        }
        match put("second", PutMode::Create).await {
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {}
            Ok(_) => return Err(ignored("a second creation (`If-None-Match: *`)")),
            Err(error) => return Err(cannot("conditionally create", path, error)),
        }
        match put("second", PutMode::Update(first.clone())).await {
            Ok(_) => {}
            Err(error @ StoreError::Precondition { .. }) => return Err(never_matches(error)),
            Err(error) => return Err(cannot("conditionally update", path, error)),
        }
        self.version_with(path, "second").await?;
        match put("third", PutMode::Update(first)).await {
            Err(StoreError::Precondition { .. }) => Ok(Some(true)),
            Ok(_) => Err(ignored("a stale update (`If-Match`)")),
            Err(error) => Err(cannot("conditionally update", path, error)),
        }
    }

    async fn version_with(&self, path: &Path, content: &str) -> Result<UpdateVersion> {
        match self.read(path).await? {
            Some(found) if found.bytes == content.as_bytes() => Ok(found.version),
            _ => {
                let message = format!("the store does not give back what was just written key=`{path}`");
                Err(Error::new(ErrorKind::Storage, message)
                    .with_hint("the warehouse needs a store with read-after-write consistency"))
            }
        }
    }
}

fn ignored(what: &str) -> Error {
    Error::new(ErrorKind::Storage, format!("the store ignores conditional writes: it accepted {what}")).with_hint(
        "use a store with conditional writes, or set `conditional_writes = \"disabled\"` and let one process write",
    )
}

fn never_matches(error: StoreError) -> Error {
    Error::new(ErrorKind::Storage, "the store refuses an update with the ETag that it gave itself")
        .with_source(error)
        .with_hint("try `conditional_writes = \"etag-unquoted\"`")
}
