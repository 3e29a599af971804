//! Replaying one pull: its pages decoded, normalised and held against what they say of themselves, as when it was made.

use std::sync::Arc;

use highwater_core::{DatasetSpec, Extractor, RawPage, Result, SourceName, WindowRecord};
use highwater_transform::{Normalised, Staging, StagingContext, Tally};

/// The rows of the pull that `record` names. They carry its time and its run: nothing was pulled since.
///
/// # Errors
/// `Drift` where a page is not as the decoder knows it, `Mismatch` where the pages contradict themselves.
pub(super) fn replay(
    decoder: &dyn Extractor,
    source: &SourceName,
    spec: &Arc<DatasetSpec>,
    record: &WindowRecord,
    pages: &[RawPage],
) -> Result<Normalised> {
    let mut staging = Staging::new(StagingContext {
        source: source.clone(),
        spec: Arc::clone(spec),
        window: record.window,
        extracted_at: record.pulled_at,
        run_id: record.run_id.clone(),
        check_buckets: true,
    });
    let mut tally = Tally::new(record.window);
    for page in pages {
        staging.start_page(&page.request.operation);
        let facts = decoder.decode(spec, page, &mut staging)?;
        tally.add(&page.request, &facts)?;
    }
    let normalised = staging.finish()?;
    tally.check(&normalised)?;
    Ok(normalised)
}
