//! Stores that want their conditional writes in another form, or have none.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    UpdateVersion,
};

/// How the inner store is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The ETag goes without its quotes.
    Unquoted,
    /// Conditions are checked here, one write after the other: they hold within this process alone.
    OneWriter,
}

/// A store whose conditional writes are put into another form.
#[derive(Debug)]
pub(crate) struct Conditions {
    inner: Arc<dyn ObjectStore>,
    form: Form,
    turn: tokio::sync::Mutex<()>,
}

impl Conditions {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, form: Form) -> Self {
        Self { inner, form, turn: tokio::sync::Mutex::new(()) }
    }

    async fn put_alone(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let _turn = self.turn.lock().await;
        let path = location.to_string();
        let current = match self.inner.head(location).await {
            Ok(found) => Some(found.e_tag),
            Err(StoreError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        match (&options.mode, current) {
            (PutMode::Create, Some(_)) => {
                return Err(StoreError::AlreadyExists { path, source: "the object exists".into() });
            }
            (PutMode::Update(seen), current) if current != Some(seen.e_tag.clone()) => {
                return Err(StoreError::Precondition { path, source: "the object has changed".into() });
            }
            _ => {}
        }
        self.inner.put_opts(location, payload, PutOptions { mode: PutMode::Overwrite, ..options }).await
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Conditions {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        match (self.form, options.mode) {
            (Form::OneWriter, mode) => {
                self.put_alone(location, payload, PutOptions { mode, ..options }).await
            }
            (Form::Unquoted, PutMode::Update(seen)) => {
                let e_tag = seen.e_tag.map(|tag| tag.trim_matches('"').to_owned());
                let mode = PutMode::Update(UpdateVersion { e_tag, ..seen });
                self.inner.put_opts(location, payload, PutOptions { mode, ..options }).await
            }
            (Form::Unquoted, mode) => {
                self.inner.put_opts(location, payload, PutOptions { mode, ..options }).await
            }
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;

    #[tokio::test]
    async fn one_writer_keeps_its_own_updates_apart() {
        let store = Arc::new(Conditions::new(Arc::new(InMemory::new()), Form::OneWriter));
        let key = Path::from("k");
        store.put_opts(&key, "0".into(), PutMode::Create.into()).await.unwrap();
        assert!(store.put_opts(&key, "0".into(), PutMode::Create.into()).await.is_err());
        let tasks = (0..8).map(|_| {
            let (store, key) = (Arc::clone(&store), key.clone());
            tokio::spawn(async move {
                let mut done = 0;
                while done < 10 {
                    let found = store.get(&key).await.unwrap();
                    let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: None };
                    let text = String::from_utf8(found.bytes().await.unwrap().to_vec()).unwrap();
                    let next = (text.parse::<u32>().unwrap() + 1).to_string();
                    tokio::task::yield_now().await;
                    let put = store.put_opts(&key, next.into(), PutMode::Update(version).into()).await;
                    done += u32::from(put.is_ok());
                }
            })
        });
        futures::future::try_join_all(tasks).await.unwrap();
        assert_eq!(store.get(&key).await.unwrap().bytes().await.unwrap(), "80");
    }
}
