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

use std::num::NonZero;
use std::process::ExitCode;

use clap::Parser;

/// Gives back what a large day took; set up in `.cargo/config.toml` for one arena.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The fewest threads for what takes its time: normalising, encoding, files. Each keeps memory of its own, so that there
/// are no more than the machine has cores for.
const BLOCKING_THREADS: usize = 4;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    logging::start(&cli.global, &cli.command);
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(cores.max(BLOCKING_THREADS))
        .enable_all()
        .build();
    let runtime = match runtime {
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
