//! Commands under measurement: wall time, processor time and peak memory of exactly one command and what it starts.
//!
//! The kernel adds up what the children of a process have used, so each command runs below a process of its own.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use highwater_core::Clock;
use highwater_http::SystemClock;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use serde::{Deserialize, Serialize};

use crate::Outcome;

/// What a command took.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Used {
    /// Seconds from start to end.
    pub wall_seconds: f64,
    /// Processor seconds, in user and system mode, of the command and all it started.
    pub cpu_seconds: f64,
    /// The largest resident memory of any one process of it.
    pub peak_bytes: u64,
}

/// Runs `command` and leaves what it used in the file `report`: what the process of its own does.
///
/// # Errors
/// When the command cannot be started or fails, or the report cannot be written.
pub fn measure(report: &Path, command: &[String]) -> Outcome {
    let (program, arguments) = command.split_first().ok_or("no command to measure")?;
    let started = SystemClock.monotonic();
    let status = Command::new(program).args(arguments).status()?;
    let wall = SystemClock.monotonic().saturating_sub(started);
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let used = Used {
        wall_seconds: wall.as_secs_f64(),
        cpu_seconds: cpu(&usage).as_secs_f64(),
        peak_bytes: u64::try_from(usage.max_rss())? * 1024,
    };
    std::fs::write(report, serde_json::to_vec(&used)?)?;
    if status.success() { Ok(()) } else { Err(format!("{program}: {status}").into()) }
}

/// Processor time of this process until now.
///
/// # Errors
/// When the kernel does not say.
pub fn own_cpu() -> Outcome<Duration> {
    Ok(cpu(&getrusage(UsageWho::RUSAGE_SELF)?))
}

/// Processor time of this thread until now.
///
/// # Errors
/// When the kernel does not say.
pub fn thread_cpu() -> Outcome<Duration> {
    Ok(cpu(&getrusage(UsageWho::RUSAGE_THREAD)?))
}

fn cpu(usage: &Usage) -> Duration {
    let seconds = |time: nix::sys::time::TimeVal| {
        let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    };
    seconds(usage.user_time()) + seconds(usage.system_time())
}

/// Runs `command` below a process of its own and returns what it used, with its standard output.
///
/// # Errors
/// When it fails; its standard error goes to the terminal.
pub fn run(command: &Command) -> Outcome<(Used, String)> {
    let folder = tempfile::tempdir()?;
    let report = folder.path().join("used.json");
    let mut measured = Command::new(std::env::current_exe()?);
    measured.arg("measure").arg("--report").arg(&report).arg("--").arg(command.get_program());
    measured.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => measured.env(name, value),
            None => measured.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        measured.current_dir(folder);
    }
    let output = measured.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        let program = command.get_program().to_string_lossy();
        return Err(format!("{program} failed\n{}", String::from_utf8_lossy(&output.stdout)).into());
    }
    Ok((serde_json::from_slice(&std::fs::read(&report)?)?, String::from_utf8(output.stdout)?))
}

/// The run whose wall time is the median of `times` runs of `run`.
///
/// # Errors
/// As `run`.
pub fn median(times: usize, mut run: impl FnMut() -> Outcome<Used>) -> Outcome<Used> {
    let mut runs = (0..times).map(|_| run()).collect::<Outcome<Vec<_>>>()?;
    runs.sort_by(|a, b| a.wall_seconds.total_cmp(&b.wall_seconds));
    runs.get(times / 2).copied().ok_or_else(|| "nothing was measured".into())
}
