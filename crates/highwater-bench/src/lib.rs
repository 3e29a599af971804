//! The parts of the benchmark: pages, servers, contenders, workloads, and the stages that the micro-benchmarks time.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool speaks on its terminal")]

pub mod bench;
pub mod measured;
pub mod page_server;
pub mod pages;
pub mod providers;
pub mod report;
pub mod stages;
pub mod subject;
pub mod transport;
pub mod workloads;

/// What went wrong.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
/// What most of this crate returns.
pub type Outcome<T = ()> = Result<T, Failure>;
