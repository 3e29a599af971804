//! Log lines on standard error, as text or JSON.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;

use crate::args::{Command, Global, LogFormat};

/// Starts logging. Without flags: warnings where a person looks at results or a bar, else one line a unit.
pub(crate) fn start(global: &Global, command: &Command) {
    let is_watched = match command {
        Command::Daemon(_) | Command::Simulate(_) => false,
        Command::Demo(_) => true,
        _ => crate::progress::is_terminal(),
    };
    let ours = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) if is_watched => "warn",
        (false, 0) => "info",
        (false, 1) => "debug",
        (false, _) => "trace",
    };
    let others = if global.verbose >= 2 { "debug" } else { "warn" };
    let ours_crates =
        ["highwater", "highwater_http", "highwater_load", "highwater_pipeline", "highwater_simulator"];
    let ours_directives = ours_crates.map(|name| format!("{name}={ours}")).join(",");
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(format!("{others},tokio_cron_scheduler=warn,{ours_directives}")));
    let writer = crate::progress::log_writer.with_max_level(tracing::Level::TRACE);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(false);
    let started = match global.log_format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Text => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging was started before");
    }
}
