//! A pull of one window, driven as the runner drives it, one page after the other.

use std::collections::{BTreeSet, VecDeque};

use highwater_core::{
    DatasetSpec, Error, ErrorKind, Extractor, PageFacts, PageRequest, RawPage, Result, Window,
};

use super::recording_sink::RecordingSink;

const MOST_PAGES: usize = 2000;

/// All that came out of a pull.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pull {
    /// The pages, in the order in which they were fetched.
    pub pages: Vec<RawPage>,
    /// What each said beside its rows.
    pub facts: Vec<PageFacts>,
    /// Requests about resources that are gone, in the order in which they were made.
    pub gone: Vec<PageRequest>,
    /// The rows of all pages.
    pub sink: RecordingSink,
}

/// Pulls `window`: the first requests, then those that pages name, none twice. A resource that is gone is passed over.
///
/// # Errors
/// The first error of a fetch or a decode; `Internal` when the pages do not come to an end.
pub async fn pull(extractor: &dyn Extractor, spec: &DatasetSpec, window: Window) -> Result<Pull> {
    let mut pull = Pull::default();
    let mut waiting = VecDeque::from(extractor.first(spec, window));
    let mut asked: BTreeSet<_> = waiting.iter().cloned().collect();
    while let Some(request) = waiting.pop_front() {
        let page = match extractor.fetch(&request).await {
            Ok(page) => page,
            Err(error) if error.kind() == ErrorKind::Gone && request.id.is_some() => {
                pull.gone.push(request);
                continue;
            }
            Err(error) => return Err(error),
        };
        let facts = extractor.decode(spec, &page, &mut pull.sink)?;
        waiting.extend(facts.next.iter().filter(|next| asked.insert((*next).clone())).cloned());
        pull.pages.push(page);
        pull.facts.push(facts);
        if pull.pages.len() > MOST_PAGES {
            return Err(Error::new(ErrorKind::Internal, "the pages do not come to an end"));
        }
    }
    Ok(pull)
}
