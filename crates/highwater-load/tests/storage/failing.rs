//! A store that fails at a chosen write, before or after it has taken effect: what a writer that dies there leaves.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Passes everything on to `inner`, until the write that is to fail; from there on nothing works, as for a writer that
/// has died.
#[derive(Debug)]
pub(crate) struct FailingStore {
    inner: Arc<dyn ObjectStore>,
    left: AtomicI64,
    applied: bool,
    pub(crate) writes: AtomicU64,
}

impl FailingStore {
    /// The write after `left` others fails; after it was applied, if `applied`.
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, left: i64, applied: bool) -> Self {
        Self { inner, left: AtomicI64::new(left), applied, writes: AtomicU64::new(0) }
    }

    fn dead(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }
}

fn gone() -> Error {
    Error::Generic { store: "FailingStore", source: "the writer is dead".into() }
}

impl fmt::Display for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailingStore")
    }
}

#[async_trait]
impl ObjectStore for FailingStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if self.dead() {
            return Err(gone());
        }
        let fails = self.left.fetch_sub(1, Ordering::SeqCst) == 0;
        if fails && !self.applied {
            return Err(gone());
        }
        self.writes.fetch_add(1, Ordering::SeqCst);
        let done = self.inner.put_opts(location, payload, options).await;
        if fails { Err(gone()) } else { done }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if self.dead() { Err(gone()) } else { self.inner.get_opts(location, options).await }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
