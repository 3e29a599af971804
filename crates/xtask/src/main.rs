//! `cargo xtask`: the project's own tasks. What a contributor types, and what CI runs, is the same code.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a task speaks on its terminal")]

mod advisories;
mod bench;
mod cargo;
mod checks;
mod licences;
mod python;
mod suite;
mod system;
mod totals;

use std::{env, process::ExitCode};

const USAGE: &str = "\
usage: cargo xtask TASK

  test [ARGUMENTS]  install what the tests need, then test the workspace; ARGUMENTS go to `cargo test`
  ci                formatting, lints, licences, documentation, then `test`
  licences          whether every crate we build on has a licence, and a standing, that we accept
  setup             only the installation part of `test`
  bench [WORKLOAD…] measure beside the peers, all workloads or those named; results go to crates/highwater-bench/README.md";

/// What a task returns: nothing, or why it failed.
type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((task, rest)) => perform(task, rest),
        None => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is::<suite::NotPassed>() {
                eprintln!("{error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn perform(task: &str, rest: &[String]) -> Outcome {
    if !matches!(task, "test" | "bench") && !rest.is_empty() {
        return Err(format!("`{task}` takes no arguments\n\n{USAGE}").into());
    }
    match task {
        "test" => suite::test(rest),
        "bench" => bench::bench(rest),
        "ci" => checks::ci(),
        "licences" => checks::licences(),
        "setup" => {
            system::setup();
            python::setup(&cargo::workspace()?).map(|_| ())
        }
        "help" | "-h" | "--help" => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(format!("there is no task `{task}`\n\n{USAGE}").into()),
    }
}
