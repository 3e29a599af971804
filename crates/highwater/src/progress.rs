//! Progress: bars on a terminal, plain lines elsewhere; log lines never tear a bar.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use highwater_core::{SourceName, Unit};
use highwater_pipeline::{Plan, Progress, ProgressEvent};
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use crate::output::span;

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

/// More bars than this do not fit beside what else is on a screen.
const MOST_BARS: usize = 12;

/// The progress of one run: on a terminal a bar for each source, since sources run side by side; elsewhere the log's
/// one line a unit says enough.
#[derive(Debug)]
pub(crate) struct RunProgress {
    bars: BTreeMap<SourceName, ProgressBar>,
}

impl RunProgress {
    /// Progress of `plan`; none when `is_quiet` or when nobody looks.
    pub(crate) fn new(plan: &Plan, is_quiet: bool) -> Self {
        let mut pulls: BTreeMap<&SourceName, u64> = BTreeMap::new();
        for planned in &plan.units {
            *pulls.entry(&planned.unit.source).or_default() += planned.windows.len() as u64;
        }
        if is_quiet || !is_terminal() {
            return Self { bars: BTreeMap::new() };
        }
        let width = pulls.keys().map(|source| source.as_str().len()).max().unwrap_or_default();
        let bar = |(source, pulls): (&SourceName, u64)| {
            let bar = bars().add(ProgressBar::new(pulls).with_style(style()));
            bar.set_prefix(format!("{:<width$}", source.as_str()));
            (source.clone(), bar)
        };
        Self { bars: pulls.into_iter().take(MOST_BARS).map(bar).collect() }
    }

    fn bar_of(&self, unit: &Unit) -> Option<&ProgressBar> {
        self.bars.get(&unit.source)
    }
}

fn style() -> ProgressStyle {
    const TEMPLATE: &str = "{prefix}  {bar:20.cyan/dim} {pos:>5}/{len:<5} windows  {left:<12} {wide_msg}";
    ProgressStyle::with_template(TEMPLATE).expect("a literal template").with_key("left", left)
}

/// How long it will take, as soon as there is anything to judge by.
fn left(state: &ProgressState, text: &mut dyn fmt::Write) {
    let told = match (state.pos(), state.len()) {
        (0, _) => String::new(),
        (done, Some(all)) if done >= all => "done".to_owned(),
        _ => format!("{} left", span(state.eta().as_secs())),
    };
    // The bar's own buffer takes whatever is written.
    let _ = text.write_str(&told);
}

impl Progress for RunProgress {
    fn event(&self, event: &ProgressEvent<'_>) {
        match event {
            ProgressEvent::UnitStarted { unit, .. } => {
                if let Some(bar) = self.bar_of(unit) {
                    bar.set_message(format!("{} {}", unit.dataset, unit.date));
                }
            }
            ProgressEvent::Settled { unit, .. } => {
                if let Some(bar) = self.bar_of(unit) {
                    bar.inc(1);
                }
            }
            ProgressEvent::SourceStopped { source, .. } => {
                if let Some(bar) = self.bars.get(source) {
                    bar.abandon_with_message("stopped");
                }
            }
            ProgressEvent::UnitFinished { .. } => {}
        }
    }
}

impl Drop for RunProgress {
    fn drop(&mut self) {
        self.bars.values().for_each(ProgressBar::finish_and_clear);
    }
}
