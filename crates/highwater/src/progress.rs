//! Progress: bars on a terminal, plain lines elsewhere; log lines never tear a bar.

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use highwater_pipeline::{Outcome, Plan, Progress, ProgressEvent};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

static BARS: OnceLock<MultiProgress> = OnceLock::new();

/// The bars of this process, on standard error.
pub(crate) fn bars() -> &'static MultiProgress {
    BARS.get_or_init(MultiProgress::new)
}

/// Whether standard error is a terminal that bars can be drawn on.
pub(crate) fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// A writer for log lines.
pub(crate) fn log_writer() -> LogWriter {
    LogWriter
}

/// Writes to standard error above the bars.
#[derive(Debug)]
pub(crate) struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        bars().suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Prints a line for the person at the terminal.
pub(crate) fn print_line(line: &str) {
    // Nobody is left to tell when standard error is gone.
    let _ = bars().suspend(|| writeln!(io::stderr(), "{line}"));
}

/// The progress of one run: a bar of its pulls on a terminal; elsewhere the log's one line a unit says enough.
#[derive(Debug)]
pub(crate) struct RunProgress {
    bar: Option<ProgressBar>,
}

impl RunProgress {
    /// Progress of `plan`; none when `is_quiet` or when nobody looks.
    pub(crate) fn new(plan: &Plan, is_quiet: bool) -> Self {
        let pulls: usize = plan.units.iter().map(|unit| unit.windows.len()).sum();
        let wanted = !is_quiet && is_terminal() && pulls > 0;
        Self { bar: wanted.then(|| bars().add(styled(ProgressBar::new(pulls as u64)))) }
    }
}

fn styled(bar: ProgressBar) -> ProgressBar {
    const TEMPLATE: &str = "{bar:30.cyan} {pos}/{len} windows  {per_sec}  {eta} left  {wide_msg}";
    bar.with_style(ProgressStyle::with_template(TEMPLATE).expect("a literal template"))
}

impl Progress for RunProgress {
    fn event(&self, event: &ProgressEvent<'_>) {
        let Some(bar) = &self.bar else { return };
        match event {
            ProgressEvent::UnitStarted { unit, .. } => bar.set_message(unit.to_string()),
            ProgressEvent::Settled { outcome, window, .. } => {
                bar.inc(1);
                if matches!(outcome, Outcome::Failed | Outcome::Held) {
                    bar.set_message(format!("{window} {outcome:?}").to_lowercase());
                }
            }
            ProgressEvent::UnitFinished { .. } | ProgressEvent::SourceStopped { .. } => {}
        }
    }
}

impl Drop for RunProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
