//! The lock of a local warehouse: held for one write, by one process on one machine, and gone with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// An exclusive advisory lock. Dropping it releases it; so does the end of the process, however it ends.
#[derive(Debug)]
pub(crate) struct CommitLock {
    _file: File,
}

impl CommitLock {
    /// Waits for the lock.
    pub(crate) fn acquire(tmp: &Path) -> io::Result<Self> {
        loop {
            let (file, path) = open(tmp)?;
            file.lock()?;
            if is_still(&file, &path)? {
                return Ok(Self { _file: file });
            }
        }
    }

    /// The lock, unless somebody holds it.
    pub(crate) fn try_acquire(tmp: &Path) -> io::Result<Option<Self>> {
        loop {
            let (file, path) = open(tmp)?;
            match file.try_lock() {
                Ok(()) if is_still(&file, &path)? => return Ok(Some(Self { _file: file })),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

fn open(tmp: &Path) -> io::Result<(File, PathBuf)> {
    std::fs::create_dir_all(tmp)?;
    let path = tmp.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
    Ok((file, path))
}

/// Whether `path` still names `file`: a lock on a file that was deleted meanwhile keeps nobody out.
#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let held = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn is_still(_file: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let held = CommitLock::acquire(folder.path()).unwrap();
        assert!(CommitLock::try_acquire(folder.path()).unwrap().is_none());
        drop(held);
        assert!(CommitLock::try_acquire(folder.path()).unwrap().is_some());
    }

    #[test]
    fn a_lock_file_that_was_deleted_keeps_nobody_out_and_is_not_taken_for_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = open(folder.path()).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(!is_still(&file, &path).unwrap());
        let held = CommitLock::acquire(folder.path()).unwrap();
        assert!(path.exists());
        drop(held);
    }
}
