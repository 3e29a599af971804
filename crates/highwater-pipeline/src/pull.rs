//! One pull: the pages of a span of windows, fetched side by side, decoded as they arrive, and held against what they
//! say of themselves.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use highwater_core::{
    Clock, DatasetSpec, Error, ErrorKind, Extractor, Figure, PageRequest, RawPage, Result, RunId, SourceName,
    Window,
};
use highwater_load::{Keep, PulledPages};
use highwater_transform::{Normalised, Staging, StagingContext, Tally};

use crate::admission::Admission;

/// Pulls spans of one dataset of one source.
#[derive(Clone, Debug)]
pub struct Puller {
    /// The source's extractor.
    pub extractor: Arc<dyn Extractor>,
    /// The source.
    pub source: SourceName,
    /// The dataset.
    pub spec: Arc<DatasetSpec>,
    /// The run that pulls.
    pub run_id: RunId,
    /// For the time of the pull.
    pub clock: Arc<dyn Clock>,
    /// What lets the source's requests pass.
    pub admission: Arc<Admission>,
    /// Whether every row must speak about a bucket of the dataset's grain inside the span. Off where rows are only
    /// looked at and the span was asked for freely.
    pub check_buckets: bool,
}

/// A pull that is complete and agrees with itself.
#[derive(Debug)]
pub struct Pulled {
    /// The span.
    pub window: Window,
    /// When the pull began.
    pub extracted_at: DateTime<Utc>,
    /// Its pages.
    pub pages: PulledPages,
    /// Its rows.
    pub normalised: Normalised,
    /// The provider's own totals that its pages reported.
    pub figures: Vec<Figure>,
    /// The requests it took; retries not counted.
    pub requests: u64,
    /// Requests about resources that the provider no longer has, in their order.
    pub gone: Vec<PageRequest>,
}

/// A pull that failed.
#[derive(Debug)]
pub struct PullFailure {
    /// Why.
    pub error: Error,
    /// The pages received before, the one that failed included.
    pub pages: PulledPages,
}

/// What a pull has received.
struct Received {
    staging: Staging,
    tally: Tally,
    pages: PulledPages,
    figures: Vec<Figure>,
    gone: Vec<PageRequest>,
}

impl Puller {
    /// Pulls `window`, with its pages kept as `keep` says. An answer that contradicts itself is asked for again once, as a
    /// whole.
    ///
    /// # Errors
    /// The first error of a page, other than that a resource is gone; `Mismatch` when the second attempt contradicts
    /// itself too.
    pub async fn pull(&self, window: Window, keep: Keep) -> Result<Pulled, PullFailure> {
        self.follow(window, &self.extractor.first(&self.spec, window), keep).await
    }

    /// As [`pull`](Self::pull), from `first` on instead of the requests that open a pull of the dataset.
    ///
    /// # Errors
    /// As [`pull`](Self::pull).
    pub async fn follow(
        &self,
        window: Window,
        first: &[PageRequest],
        keep: Keep,
    ) -> Result<Pulled, PullFailure> {
        match self.attempt(window, first, keep).await {
            Err(failure) if failure.error.kind() == ErrorKind::Mismatch => {
                tracing::info!(%window, cause = %failure.error.chain(), "pulling again");
                drop(failure);
                self.attempt(window, first, keep).await
            }
            outcome => outcome,
        }
    }

    async fn attempt(
        &self,
        window: Window,
        first: &[PageRequest],
        keep: Keep,
    ) -> Result<Pulled, PullFailure> {
        let extracted_at = self.clock.now();
        let mut received = self.nothing_yet(window, extracted_at, keep);
        let outcome = self.receive(first, &mut received).await;
        let requests = (received.pages.len() + received.gone.len()) as u64;
        let pulled = finish(received, window, extracted_at, outcome).await?;
        Ok(Pulled { requests, ..pulled })
    }

    /// `pulled` with `recalled` beside its pages: what the provider told, when it still did, about resources that are
    /// gone by now. Its requests stay as they were counted. Its pages must have been kept.
    ///
    /// # Errors
    /// `Drift` and `Mismatch`, as of a pull that answered with all these pages; `Internal` when its own were given up.
    pub async fn with_pages(&self, pulled: Pulled, recalled: Vec<RawPage>) -> Result<Pulled, PullFailure> {
        let Pulled { window, extracted_at, pages, requests, gone, .. } = pulled;
        let Some(pages) = pages.into_pages() else {
            let message =
                format!("a pull about single resources gave its pages up dataset=`{}`", self.spec.name);
            let error = Error::new(ErrorKind::Internal, message);
            return Err(PullFailure { error, pages: PulledPages::new(Keep::Nothing) });
        };
        let mut received = self.nothing_yet(window, extracted_at, Keep::Pages);
        received.gone = gone;
        let taken = self.take_all(pages.into_iter().chain(recalled), &mut received).await;
        let pulled = finish(received, window, extracted_at, taken).await?;
        Ok(Pulled { requests, ..pulled })
    }

    fn nothing_yet(&self, window: Window, extracted_at: DateTime<Utc>, keep: Keep) -> Received {
        let context = StagingContext {
            source: self.source.clone(),
            spec: Arc::clone(&self.spec),
            window,
            extracted_at,
            run_id: self.run_id.clone(),
            check_buckets: self.check_buckets,
        };
        Received {
            staging: Staging::new(context),
            tally: Tally::new(window),
            pages: PulledPages::new(keep),
            figures: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// Fetches `first` and all that their pages name, several at a time, each once.
    async fn receive(&self, first: &[PageRequest], received: &mut Received) -> Result<()> {
        let mut asked = HashSet::new();
        let mut next: VecDeque<PageRequest> = first.iter().cloned().collect();
        let mut on_their_way = FuturesUnordered::new();
        loop {
            // No more than may pass at once: requests pass in the order in which they ask, and pulls take turns.
            while on_their_way.len() < self.admission.at_once()
                && let Some(request) = next.pop_front()
            {
                if !asked.insert(request.clone()) {
                    continue;
                }
                on_their_way.push(async move {
                    let answer = self.admission.fetch(&*self.extractor, &request).await;
                    (request, answer)
                });
            }
            let Some((request, answer)) = on_their_way.next().await else { return Ok(()) };
            match answer {
                Ok(page) => next.extend(self.take(page, received).await?),
                Err(error) if error.kind() == ErrorKind::Gone && request.id.is_some() => {
                    tracing::info!(
                        operation = request.operation,
                        id = request.id,
                        "the resource is gone: {error}"
                    );
                    received.gone.push(request);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn take_all(&self, pages: impl Iterator<Item = RawPage>, received: &mut Received) -> Result<()> {
        for page in pages {
            self.take(page, received).await?;
        }
        Ok(())
    }

    async fn take(&self, page: RawPage, received: &mut Received) -> Result<Vec<PageRequest>> {
        received.staging.start_page(&page.request.operation);
        let facts = self.extractor.decode(&self.spec, &page, &mut received.staging);
        let counted = facts.and_then(|facts| received.tally.add(&page.request, &facts).map(|()| facts));
        received.pages.add(page).await?;
        let facts = counted?;
        received.figures.extend(facts.figures);
        Ok(facts.next)
    }
}

/// Normalises what was received, unless `outcome` says that it broke off.
async fn finish(
    received: Received,
    window: Window,
    extracted_at: DateTime<Utc>,
    outcome: Result<()>,
) -> Result<Pulled, PullFailure> {
    let Received { staging, tally, pages, figures, mut gone } = received;
    if let Err(error) = outcome {
        return Err(PullFailure { error, pages });
    }
    gone.sort_unstable();
    let finished = tokio::task::spawn_blocking(move || {
        let normalised = staging.finish()?;
        tally.check(&normalised).map(|()| normalised)
    });
    match finished.await.map_err(panicked).flatten() {
        Ok(normalised) => Ok(Pulled { window, extracted_at, pages, normalised, figures, requests: 0, gone }),
        Err(error) => Err(PullFailure { error, pages }),
    }
}

fn panicked(error: tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::Internal, "normalising the rows of a pull failed").with_source(error)
}
