//! Admission: how many requests of one source are on their way at once. The first goes alone, so that refused
//! credentials cost one request; a refusal stops all others.

use std::sync::atomic::{AtomicBool, Ordering};

use highwater_core::{Error, ErrorKind, Extractor, PageRequest, RawPage, Result};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;

/// Lets the requests of one source pass, in the order in which they ask.
#[derive(Debug)]
pub struct Admission {
    at_once: usize,
    pages: Semaphore,
    first: Mutex<()>,
    answered: AtomicBool,
    stop: CancellationToken,
}

impl Admission {
    /// At most `pages` requests at once, and none any more once `stop` is cancelled.
    #[must_use]
    pub fn new(pages: usize, stop: CancellationToken) -> Self {
        let (first, answered) = (Mutex::new(()), AtomicBool::new(false));
        Self { at_once: pages, pages: Semaphore::new(pages), first, answered, stop }
    }

    /// As [`new`](Self::new), for a source that has answered before: no request goes alone.
    #[must_use]
    pub fn of_answering(pages: usize, stop: CancellationToken) -> Self {
        Self { answered: AtomicBool::new(true), ..Self::new(pages, stop) }
    }

    /// How many requests there may be at once.
    #[must_use]
    pub fn at_once(&self) -> usize {
        self.at_once
    }

    /// Fetches one page once its turn has come. A refusal of credentials cancels `stop`.
    ///
    /// # Errors
    /// As [`Extractor::fetch`], and `Interrupted` when `stop` is cancelled before the answer is there.
    pub async fn fetch(&self, extractor: &dyn Extractor, request: &PageRequest) -> Result<RawPage> {
        let _turn = self.pages.acquire().await.map_err(|_| stopped())?;
        if !self.answered.load(Ordering::Acquire) {
            let _alone = self.first.lock().await;
            if !self.answered.load(Ordering::Acquire) {
                let answer = self.send(extractor, request).await;
                self.answered.store(true, Ordering::Release);
                return answer;
            }
        }
        self.send(extractor, request).await
    }

    async fn send(&self, extractor: &dyn Extractor, request: &PageRequest) -> Result<RawPage> {
        let answer = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(stopped()),
            answer = extractor.fetch(request) => answer,
        };
        if answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Auth) {
            self.stop.cancel();
        }
        answer
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Interrupted, "the source was stopped")
}
