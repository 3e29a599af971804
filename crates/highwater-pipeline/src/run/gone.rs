//! Resources that are gone: what a revisit can no longer ask about, the published pull was told.

use std::collections::BTreeSet;

use highwater_core::{Result, WindowRecord, WindowSet};
use highwater_transform::mentions;

use super::unit_run::{PublishedUnit, UnitRun};
use crate::pull::Pulled;

/// A pull, after resources were found gone.
#[derive(Debug)]
pub(super) enum Recalled {
    /// With the pages of the published pull for resources that are gone by now, where it had any.
    Whole(Box<Pulled>),
    /// It lacks published rows that nothing can bring back: what is published stays, pulled once more.
    Lost(WindowRecord),
}

/// Adds to `pulled` what the pull that is published says of resources that are gone by now. A resource that was deleted
/// after it was counted keeps its usage, and the archive of the new pull holds all of its rows again.
///
/// # Errors
/// `Storage`; `Drift` and `Mismatch` when the pages contradict each other.
pub(super) async fn recall(unit: &UnitRun, published: &PublishedUnit, pulled: Pulled) -> Result<Recalled> {
    let Some(known) = published.record(pulled.window).filter(|_| !pulled.gone.is_empty()) else {
        return Ok(Recalled::Whole(Box::new(pulled)));
    };
    let warehouse = &unit.dataset.warehouse;
    let pages = match warehouse.read_archive(&unit.unit, pulled.window, &known.pull_digest).await {
        Ok(pages) => pages,
        Err(error) => {
            tracing::debug!(window = %pulled.window, "no archived pages to recall: {}", error.chain());
            Vec::new()
        }
    };
    let recalled: Vec<_> = pages.into_iter().filter(|page| pulled.gone.contains(&page.request)).collect();
    if !recalled.is_empty() {
        let whole = unit.puller.with_pages(pulled, recalled).await.map_err(|failure| failure.error)?;
        return Ok(Recalled::Whole(Box::new(whole)));
    }
    if !is_published(unit, &pulled).await? {
        return Ok(Recalled::Whole(Box::new(pulled)));
    }
    tracing::warn!(
        window = %pulled.window,
        "resources are gone whose usage is published, and the archive has no page of theirs: what is published stays"
    );
    let pulls = published.pulls(pulled.window) + 1;
    Ok(Recalled::Lost(WindowRecord { pulled_at: pulled.extracted_at, pulls, ..known.clone() }))
}

/// Whether a published row of the window is about one of the resources that are gone.
async fn is_published(unit: &UnitRun, pulled: &Pulled) -> Result<bool> {
    let gone: BTreeSet<&str> = pulled.gone.iter().filter_map(|request| request.id.as_deref()).collect();
    let windows = WindowSet::from(pulled.window);
    for table in unit.spec().tables() {
        let (warehouse, provider) = (&unit.dataset.warehouse, &unit.dataset.provider);
        let rows = warehouse.read_windows(provider, &unit.unit, table, &windows).await?;
        if mentions(&rows, &gone) {
            return Ok(true);
        }
    }
    Ok(false)
}
