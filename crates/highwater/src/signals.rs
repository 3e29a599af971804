//! Signals: the first SIGTERM or SIGINT asks for an orderly stop, the second stops at once.

use highwater_core::{Error, ErrorKind, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that the first SIGTERM or SIGINT cancels. The second ends the process with 130.
///
/// # Errors
/// `Internal` when the system refuses the handlers.
pub(crate) fn stop_token() -> Result<CancellationToken> {
    let refused =
        |source| Error::new(ErrorKind::Internal, "cannot install signal handlers").with_source(source);
    let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        for already in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if already {
                std::process::exit(130);
            }
            tracing::warn!("stopping: finishing what is in hand; a second signal stops at once");
            cancelled.cancel();
        }
    });
    Ok(token)
}
