//! Highwater measured beside what people would use instead, on the same data in the same run.
//!
//! `cargo xtask bench` builds all that is needed and runs this program, which plays every part: it measures, it serves
//! the pages, and it stands between itself and each measured command.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool speaks on its terminal")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use highwater_bench::bench::Bench;
use highwater_bench::pages::World;
use highwater_bench::{Outcome, measured, page_server, report, workloads};

#[derive(Debug, Parser)]
#[command(about = "Measures Highwater beside its peers")]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Run workloads and keep their results in the README.
    Run(RunArguments),
    /// Serve pages from memory.
    Serve {
        #[arg(long)]
        page_size: u64,
        #[arg(long)]
        assets: u64,
        #[arg(long)]
        hours: u64,
    },
    /// Run one command and report what it used.
    Measure {
        #[arg(long)]
        report: PathBuf,
        #[arg(last = true)]
        command: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
struct RunArguments {
    /// The release binary of highwater.
    #[arg(long)]
    highwater: PathBuf,
    /// The interpreter that has the peers.
    #[arg(long)]
    python: PathBuf,
    /// This crate's folder: its scripts and the README.
    #[arg(long)]
    home: PathBuf,
    /// Where to write.
    #[arg(long)]
    work: PathBuf,
    /// The commit that is measured.
    #[arg(long, default_value = "")]
    commit: String,
    /// How often what takes seconds is repeated; the median counts.
    #[arg(long, default_value_t = 3)]
    repeat: usize,
    /// Print the results and leave the README alone.
    #[arg(long)]
    dry_run: bool,
    /// The workloads; all of them when none is named.
    workloads: Vec<String>,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().part {
        Part::Run(arguments) => run(&arguments),
        Part::Serve { page_size, assets, hours } => serve(World { assets, hours }, page_size),
        Part::Measure { report, command } => measured::measure(&report, &command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(world: World, page_size: u64) -> Outcome {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(page_server::serve(world, page_size))
}

fn run(arguments: &RunArguments) -> Outcome {
    let bench = Bench {
        highwater: arguments.highwater.clone(),
        python: arguments.python.clone(),
        scripts: arguments.home.join("python"),
        work: arguments.work.clone(),
        repeat: arguments.repeat.max(1),
    };
    let all = workloads::ALL.iter().map(|workload| workload.name);
    let unknown = arguments.workloads.iter().find(|name| !all.clone().any(|known| known == **name));
    if let Some(name) = unknown {
        return Err(format!("no workload `{name}`; there are: {}", all.collect::<Vec<_>>().join(", ")).into());
    }
    let wanted =
        |name: &str| arguments.workloads.is_empty() || arguments.workloads.iter().any(|word| word == name);
    for workload in workloads::ALL.iter().filter(|workload| wanted(workload.name)) {
        eprintln!("{} …", workload.name);
        let results = (workload.run)(&bench)?;
        let text = format!(
            "\n{}\n\n{}\n",
            report::circumstances(workload.name, &arguments.commit)?,
            results.trim_end()
        );
        println!("{text}");
        if !arguments.dry_run {
            report::keep(&arguments.home.join("README.md"), workload.name, &format!("{text}\n"))?;
        }
    }
    Ok(())
}
