//! `status.html` beside `data/`: the status page for those who can reach the warehouse but not the daemon.

use std::path::Path;

use highwater_core::{Error, ErrorKind, Result};

use super::Daemon;

/// Its name in the warehouse.
const NAME: &str = "status.html";

/// Writes `html` into the warehouse, in the place of the last one. A reader sees one or the other, whole.
///
/// # Errors
/// `Storage` when it cannot be written.
pub(super) async fn write(daemon: &Daemon, html: String) -> Result<()> {
    let url = &daemon.session.config.warehouse.url;
    let root = url.strip_prefix("file://").unwrap_or(url);
    let (place, next) = (Path::new(root).join(NAME), Path::new(root).join("tmp").join(NAME));
    let written = async {
        tokio::fs::write(&next, html).await?;
        tokio::fs::rename(&next, &place).await
    };
    written.await.map_err(|source| {
        Error::new(ErrorKind::Storage, format!("cannot write `{}`", place.display())).with_source(source)
    })
}
