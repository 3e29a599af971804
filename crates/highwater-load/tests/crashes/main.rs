//! The crash matrix: a writer in a process of its own meets each fault at each of its steps; what stands there then, and
//! after the next run, is written down in `CRASHES.md`, which must be as it is.
//! Before that, several such processes write the same objects at once.
//!
//! The writer is this same program, told by its environment to be it. Nothing in the product knows of faults: the
//! test's S3 server holds a write back while the writer is killed, and a limit of the operating system fills its disk.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it expects")]

mod matrix;
mod meeting;
mod outcome;
#[path = "../storage/support.rs"]
#[allow(dead_code, reason = "the other storage tests use the rest")]
mod support;
mod writer;

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match writer::Target::from_environment() {
        Some(target) => runtime.block_on(writer::write_as_told(target)),
        None => runtime.block_on(async {
            meeting::check().await;
            matrix::check().await;
        }),
    }
}
