//! Waking: what tells the reconcilers to look again. A wake carries nothing but that it came, so that a missed, doubled
//! or late one costs time at most.

use std::sync::Arc;

use tokio::sync::watch;

/// The bell. Cloning it gives another rope to the same one.
#[derive(Clone, Debug)]
pub(super) struct Wake(Arc<watch::Sender<()>>);

/// One listener.
#[derive(Debug)]
pub(super) struct Wakes {
    receiver: watch::Receiver<()>,
    /// Keeps the bell alive for as long as somebody listens.
    _wake: Wake,
}

impl Wake {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(())))
    }

    /// Wakes every listener. One that has not yet answered the last wake hears both as one.
    pub(super) fn ring(&self) {
        self.0.send_replace(());
    }

    /// Listens from now on.
    pub(super) fn listen(&self) -> Wakes {
        Wakes { receiver: self.0.subscribe(), _wake: self.clone() }
    }
}

impl Wakes {
    /// Waits for a wake that was not yet heard. Dropping the future loses none.
    pub(super) async fn heard(&mut self) {
        self.receiver.changed().await.expect("the bell lives as long as its listeners");
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn wakes_that_come_together_are_heard_as_one_and_none_is_lost() {
        let wake = Wake::new();
        let mut wakes = wake.listen();
        assert!(wakes.heard().now_or_never().is_none());
        wake.ring();
        wake.ring();
        assert!(wakes.heard().now_or_never().is_some());
        assert!(wakes.heard().now_or_never().is_none());
    }
}
