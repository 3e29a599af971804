//! Tracing output of some work, captured at the finest level.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::format::FmtSpan;

use super::verdict::{Breach, ensure};

const MARK: &str = "the capture is at work";

#[derive(Clone, Debug, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that is traced while `work` runs: events and spans of every level, on a thread and a runtime of its own,
/// so that nothing it spawns escapes.
pub(super) async fn at_trace<F>(work: impl FnOnce() -> F + Send + 'static) -> Result<String, Breach>
where
    F: Future<Output = ()>,
{
    let captured = Captured::default();
    let output = captured.clone();
    let traced = tokio::task::spawn_blocking(move || -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(move || output.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!("{MARK}");
            runtime.block_on(work());
        });
        Ok(())
    });
    match traced.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(Breach::new(format!("the capture could not start: {error}"))),
        Err(error) => return Err(Breach::new(format!("the traced work did not end: {error}"))),
    }
    let bytes = captured.0.lock().unwrap_or_else(PoisonError::into_inner);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    ensure(text.contains(MARK), || "the capture took nothing".to_owned())?;
    Ok(text)
}
