//! The `highwater` command: configuration, commands, and the only place that names providers.

mod analyst;
mod args;
mod cells;
mod commands;
mod config;
mod daemon;
mod logging;
mod output;
mod progress;
mod providers;
mod rehearsal;
mod report;
mod schedule;
mod session;
mod signals;

use std::process::ExitCode;

use clap::Parser;

/// Gives back what a large day took; set up in `.cargo/config.toml` for one arena.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    logging::start(&cli.global, &cli.command);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return report::failure(
                &highwater_core::Error::new(
                    highwater_core::ErrorKind::Internal,
                    "cannot start the async runtime",
                )
                .with_source(error),
            );
        }
    };
    let outcome = runtime.block_on(commands::dispatch(cli));
    runtime.shutdown_background();
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => report::failure(&error),
    }
}
