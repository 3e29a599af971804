//! The raw archive: the bodies of one pull as received, in one file that is written once.

use highwater_core::{Error, ErrorKind, RawPage, Result, Unit, Window};

use crate::archive_lines::decode;
use crate::layout::archive_path;
use crate::object::{Put, blocking, cannot};
use crate::pulled_pages::PulledPages;
use crate::warehouse::Warehouse;

impl Warehouse {
    /// Keeps the bodies of a pull of `window`, unless the archive is switched off. The same pull again is no error and
    /// writes nothing. Durable when it returns; the pages are given up before anything is sent. Returns the digest of the
    /// pull.
    ///
    /// # Errors
    /// `Storage`; `Internal` when the pages were not kept for it.
    pub async fn archive(&self, unit: &Unit, window: Window, pages: PulledPages) -> Result<String> {
        let digest = pages.digest();
        if !self.shared.raw_archive {
            return Ok(digest);
        }
        let content = pages.into_file().await?.finish(unit, window, &digest).await?;
        let path = archive_path(unit, window, &digest);
        match self.shared.put(&path, content, None).await {
            Put::Done | Put::Refused(object_store::Error::AlreadyExists { .. }) => Ok(digest),
            Put::Refused(error) | Put::Failed(error) => match self.shared.read_suffix(&path, 1).await {
                Ok(Some(_)) => Ok(digest),
                _ => Err(cannot("archive", &path, error)),
            },
        }
    }

    /// Whether pulls are archived.
    #[must_use]
    pub fn archives(&self) -> bool {
        self.shared.raw_archive
    }

    /// The pages of a pull of `window`, in the order of their requests.
    ///
    /// # Errors
    /// `Storage` when the pull is not in the archive, or its bodies are not those its name says; `NewerFormat`.
    pub async fn read_archive(&self, unit: &Unit, window: Window, pull_digest: &str) -> Result<Vec<RawPage>> {
        let path = archive_path(unit, window, pull_digest);
        let Some(found) = self.shared.read(&path).await? else {
            let message = format!("the raw archive has no such pull key=`{path}`");
            return Err(Error::new(ErrorKind::Storage, message).with_hint(
                "raw bodies are kept only with `raw_archive = true`, and no longer than `raw_retention`",
            ));
        };
        let digest = pull_digest.to_owned();
        blocking(move || decode(&found.bytes, &digest, &path)).await
    }
}
