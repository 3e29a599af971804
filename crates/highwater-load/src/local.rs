//! A warehouse in a local folder: an object store with compare-and-swap of its own.
//!
//! Every write goes to `<root>/tmp` first, under a lock that dies with the process: the content at the key is compared
//! with what the writer has seen, the new content is flushed to disk and renamed into place, and the folder is flushed
//! too. A reader sees the old content or the new one, and nothing but live data ever stands at a key.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Cursor, Write};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result as StoreResult,
};
use uuid::Uuid;

use crate::commit_lock::CommitLock;
use crate::digest::version_tag;

const STAGED: &str = "put-";

/// An [`ObjectStore`] over a folder, with conditional writes. An ETag comes from the content (of a large object, from its
/// footer, which differs in each version), whatever the file system does with times and inodes. Ranged reads carry none.
#[derive(Clone, Debug)]
pub struct LocalFolder {
    root: Arc<PathBuf>,
    files: Arc<LocalFileSystem>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl LocalFolder {
    /// Opens `root`, makes it where it does not exist, and removes what writers that died have left in its `tmp`.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(root: &FilePath) -> io::Result<Self> {
        let root = std::path::absolute(root)?;
        make_folder_durably(&root)?;
        let root = root.canonicalize()?;
        let files = LocalFileSystem::new_with_prefix(&root).map_err(io::Error::other)?;
        let folder = Self {
            root: Arc::new(root),
            files: Arc::new(files.with_automatic_cleanup(false)),
            turn: Arc::new(tokio::sync::Mutex::new(())),
        };
        folder.sweep()?;
        Ok(folder)
    }

    /// Whether the file system keeps a lock against a second holder.
    pub(crate) fn keeps_locks(&self) -> io::Result<bool> {
        let _held = CommitLock::acquire(&self.tmp())?;
        Ok(CommitLock::try_acquire(&self.tmp())?.is_none())
    }

    fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Staged files exist only while their writer holds the lock, so whoever holds it knows that all others are left
    /// over. When somebody is writing, the next start will sweep.
    fn sweep(&self) -> io::Result<()> {
        let tmp = self.tmp();
        let _lock = match CommitLock::try_acquire(&tmp) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Ok(()),
            // A warehouse that may only be read is read; whoever wants to write will be told.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for entry in fs::read_dir(&tmp)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(STAGED) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Runs `work` on a blocking thread, in turn with the other writes of this process. The turn ends with the work,
    /// also when nobody waits for it any more.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let (folder, turn) = (self.clone(), Arc::clone(&self.turn).lock_owned().await);
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&folder)
        });
        task.await.map_err(generic)?
    }

    fn put(&self, location: &Path, payload: &PutPayload, mode: &PutMode) -> StoreResult<PutResult> {
        let target = self.files.path_to_filesystem(location)?;
        let _lock = CommitLock::acquire(&self.tmp()).map_err(generic)?;
        check(location, mode, || current_e_tag(&target))?;
        let staged = self.tmp().join(format!("{STAGED}{}", Uuid::new_v4()));
        let placed = write_durably(&staged, payload).and_then(|()| move_durably(&staged, &target));
        if placed.is_err() {
            // It may be gone already; what cannot be removed now is swept at the next start.
            fs::remove_file(&staged).ok();
        }
        placed.map_err(generic)?;
        // Who goes on from a version reads it first: to tell its tag here would be to read each file again.
        Ok(PutResult { e_tag: None, version: None, extensions: Default::default() })
    }

    fn delete(&self, location: &Path) -> StoreResult<()> {
        let target = self.files.path_to_filesystem(location)?;
        if !target.try_exists().map_err(generic)? {
            return Err(not_found(location, io::ErrorKind::NotFound.into()));
        }
        let _lock = CommitLock::acquire(&self.tmp()).map_err(generic)?;
        match fs::remove_file(&target) {
            Ok(()) => target.parent().map_or(Ok(()), sync_folder).map_err(generic),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(not_found(location, error)),
            Err(error) => Err(generic(error)),
        }
    }
}

fn check(
    location: &Path,
    mode: &PutMode,
    current: impl Fn() -> io::Result<Option<String>>,
) -> StoreResult<()> {
    let path = || location.to_string();
    match mode {
        PutMode::Overwrite => Ok(()),
        PutMode::Create => match current().map_err(generic)? {
            None => Ok(()),
            Some(_) => Err(StoreError::AlreadyExists { path: path(), source: "the file exists".into() }),
        },
        PutMode::Update(seen) => {
            let current = current().map_err(generic)?;
            if current.is_some() && current == seen.e_tag {
                return Ok(());
            }
            Err(StoreError::Precondition { path: path(), source: "the content has changed".into() })
        }
    }
}

fn current_e_tag(target: &FilePath) -> io::Result<Option<String>> {
    match File::open(target) {
        Ok(mut file) => version_tag(&mut file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write_durably(staged: &FilePath, payload: &PutPayload) -> io::Result<()> {
    let mut file = File::create_new(staged)?;
    payload.iter().try_for_each(|chunk| file.write_all(chunk))?;
    file.sync_all()
}

fn move_durably(staged: &FilePath, target: &FilePath) -> io::Result<()> {
    let parent = target.parent().ok_or_else(|| io::Error::other("a key without a folder"))?;
    make_folder_durably(parent)?;
    fs::rename(staged, target)?;
    sync_folder(parent)
}

/// Makes `folder` and those above it that are missing, and flushes the entry of each.
fn make_folder_durably(folder: &FilePath) -> io::Result<()> {
    let (true, Some(above)) = (!folder.is_dir(), folder.parent()) else { return Ok(()) };
    make_folder_durably(above)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(above),
    }
}

#[cfg(unix)]
fn sync_folder(folder: &FilePath) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &FilePath) -> io::Result<()> {
    Ok(())
}

fn generic(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Generic { store: "LocalFolder", source: source.into() }
}

fn not_found(location: &Path, source: io::Error) -> StoreError {
    StoreError::NotFound { path: location.to_string(), source: source.into() }
}

fn not_implemented(operation: &str) -> StoreError {
    StoreError::NotImplemented { operation: operation.to_owned(), implementer: "LocalFolder".to_owned() }
}

impl fmt::Display for LocalFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalFolder({})", self.root.display())
    }
}

#[async_trait]
impl ObjectStore for LocalFolder {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> StoreResult<PutResult> {
        let location = location.clone();
        self.in_turn(move |folder| folder.put(&location, &payload, &options.mode)).await
    }

    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _options: PutMultipartOptions,
    ) -> StoreResult<Box<dyn MultipartUpload>> {
        Err(not_implemented("put_multipart"))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> StoreResult<GetResult> {
        if options.range.is_some() && options.if_match.is_none() && options.if_none_match.is_none() {
            let mut found = self.files.get_opts(location, options).await?;
            found.meta.e_tag = None;
            return Ok(found);
        }
        let whole = GetOptions { range: None, if_match: None, if_none_match: None, ..options.clone() };
        let found = self.files.get_opts(location, whole).await?;
        let (mut meta, attributes) = (found.meta.clone(), found.attributes.clone());
        let content = found.bytes().await?;
        meta.e_tag = Some(version_tag(&mut Cursor::new(&content)).map_err(generic)?);
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            Some(range) => range.as_range(meta.size).map_err(generic)?,
            None => 0..meta.size,
        };
        let wanted = content.slice(in_memory(&range));
        let payload = GetResultPayload::Stream(futures::stream::iter([Ok(wanted)]).boxed());
        Ok(GetResult { payload, meta, range, attributes, extensions: Default::default() })
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, StoreResult<Path>>,
    ) -> BoxStream<'static, StoreResult<Path>> {
        let folder = self.clone();
        let deleted = locations.then(move |location| {
            let folder = folder.clone();
            async move {
                let location = location?;
                let target = location.clone();
                folder.in_turn(move |folder| folder.delete(&target)).await?;
                Ok(location)
            }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, StoreResult<ObjectMeta>> {
        let without_tag =
            |found: StoreResult<ObjectMeta>| found.map(|meta| ObjectMeta { e_tag: None, ..meta });
        self.files.list(prefix).map(without_tag).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> StoreResult<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> StoreResult<()> {
        Err(not_implemented("copy"))
    }
}

fn in_memory(range: &Range<u64>) -> Range<usize> {
    let bound = |offset: u64| usize::try_from(offset).expect("an offset into content in memory");
    bound(range.start)..bound(range.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::{GetRange, ObjectStoreExt, UpdateVersion};

    fn key() -> Path {
        Path::from("data/t/provider=p/a.parquet")
    }

    fn update(e_tag: Option<String>) -> PutOptions {
        PutMode::Update(UpdateVersion { e_tag, version: None }).into()
    }

    fn files_in(folder: &FilePath) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.to_string_lossy().into_owned()).collect()
    }

    #[tokio::test]
    async fn a_stale_update_and_a_second_create_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = LocalFolder::open(root.path()).unwrap();
        folder.put_opts(&key(), "one".into(), PutMode::Create.into()).await.unwrap();
        let again = folder.put_opts(&key(), "two".into(), PutMode::Create.into()).await.unwrap_err();
        assert!(matches!(again, StoreError::AlreadyExists { .. }));
        let first = folder.get(&key()).await.unwrap().meta.e_tag;
        folder.put_opts(&key(), "two".into(), update(first.clone())).await.unwrap();
        let stale = folder.put_opts(&key(), "three".into(), update(first)).await.unwrap_err();
        assert!(matches!(stale, StoreError::Precondition { .. }));
        assert_eq!(folder.get(&key()).await.unwrap().bytes().await.unwrap(), "two");
        assert_eq!(files_in(&root.path().join("tmp")), ["lock"]);
    }

    #[tokio::test]
    async fn an_update_of_what_is_not_there_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = LocalFolder::open(root.path()).unwrap();
        let refused = folder.put_opts(&key(), "x".into(), update(None)).await.unwrap_err();
        assert!(matches!(refused, StoreError::Precondition { .. }));
        assert!(!root.path().join("data").exists());
    }

    #[tokio::test]
    async fn what_a_dead_writer_left_is_swept_and_what_a_live_one_holds_is_not() {
        let root = tempfile::tempdir().unwrap();
        let tmp = root.path().join("tmp");
        fs::create_dir_all(&tmp).unwrap();
        fs::write(tmp.join("put-left-over"), "half").unwrap();
        let live = CommitLock::acquire(&tmp).unwrap();
        LocalFolder::open(root.path()).unwrap();
        assert!(tmp.join("put-left-over").exists());
        drop(live);
        LocalFolder::open(root.path()).unwrap();
        assert_eq!(files_in(&tmp), ["lock"]);
    }

    #[tokio::test]
    async fn a_write_that_cannot_be_placed_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let folder = LocalFolder::open(root.path()).unwrap();
        fs::write(root.path().join("data"), "a file where a folder should be").unwrap();
        folder.put(&key(), &"x".into(), &PutMode::Overwrite).unwrap_err();
        assert_eq!(files_in(&root.path().join("tmp")), ["lock"]);
    }

    #[tokio::test]
    async fn a_suffix_longer_than_the_file_is_the_file() {
        let root = tempfile::tempdir().unwrap();
        let folder = LocalFolder::open(root.path()).unwrap();
        folder.put_opts(&key(), "0123456789".into(), PutMode::Create.into()).await.unwrap();
        for (suffix, expected) in [(4, "6789"), (100, "0123456789")] {
            let options = GetOptions { range: Some(GetRange::Suffix(suffix)), ..GetOptions::default() };
            let found = folder.get_opts(&key(), options).await.unwrap();
            assert_eq!((found.meta.size, found.meta.e_tag.clone()), (10, None));
            assert_eq!(found.bytes().await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn writers_through_many_handles_lose_no_update() {
        let root = tempfile::tempdir().unwrap();
        let tasks = (0..4).map(|_| {
            let folder = LocalFolder::open(root.path()).unwrap();
            tokio::spawn(async move {
                let mut done = 0;
                while done < 10 {
                    let (number, options) = match folder.get(&key()).await {
                        Ok(found) => {
                            let e_tag = found.meta.e_tag.clone();
                            let text = String::from_utf8(found.bytes().await.unwrap().to_vec()).unwrap();
                            (text.parse::<u32>().unwrap(), update(e_tag))
                        }
                        Err(_) => (0, PutMode::Create.into()),
                    };
                    done += u32::from(
                        folder.put_opts(&key(), (number + 1).to_string().into(), options).await.is_ok(),
                    );
                }
            })
        });
        futures::future::try_join_all(tasks).await.unwrap();
        assert_eq!(folder_content(root.path()), "40");
    }

    fn folder_content(root: &FilePath) -> String {
        fs::read_to_string(root.join("data/t/provider=p/a.parquet")).unwrap()
    }
}
