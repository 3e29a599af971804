//! What all workloads share: the program under test, the peers, where to write, how often to repeat.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde::Deserialize;

use crate::Outcome;
use crate::measured::{self, Used};

/// The surroundings of a workload.
#[derive(Debug)]
pub struct Bench {
    /// The release binary.
    pub highwater: PathBuf,
    /// The interpreter that has the peers.
    pub python: PathBuf,
    /// The folder of the scripts.
    pub scripts: PathBuf,
    /// Where to write: the file system that warehouses and pages are on.
    pub work: PathBuf,
    /// How often what takes seconds is repeated; the median counts.
    pub repeat: usize,
}

/// What a script says of the rows at hand.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Found {
    /// Provider records.
    pub rows: u64,
    /// The sum of `delivered_seconds`, in microseconds.
    pub micros: u64,
    /// Seconds that the script's work took, without the start of its interpreter.
    #[serde(default)]
    pub seconds: f64,
}

impl Bench {
    /// A folder that vanishes with its handle.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn scratch(&self, prefix: &str) -> Outcome<tempfile::TempDir> {
        std::fs::create_dir_all(&self.work)?;
        Ok(tempfile::Builder::new().prefix(prefix).tempdir_in(&self.work)?)
    }

    /// A script of ours with the peers at hand.
    #[must_use]
    pub fn script(&self, name: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(self.scripts.join(name)).env("RUNTIME__DLTHUB_TELEMETRY", "false");
        command
    }

    /// Runs a script that ends with a line of JSON about what it found.
    ///
    /// # Errors
    /// When it fails or says something else.
    pub fn found<T: for<'de> Deserialize<'de>>(&self, command: &Command) -> Outcome<(Used, T)> {
        let (used, said) = measured::run(command)?;
        let last = said.lines().last().ok_or("a script said nothing")?;
        Ok((used, serde_json::from_str(last)?))
    }
}

/// A server in a process of its own, stopped when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens: the first line that it says.
    pub url: String,
}

impl Server {
    /// Starts this program in the role `arguments`.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(arguments: &[String]) -> Outcome<Self> {
        let mut child =
            Command::new(std::env::current_exe()?).args(arguments).stdout(Stdio::piped()).spawn()?;
        let mut url = String::new();
        let output = child.stdout.take().ok_or("a server without output")?;
        BufReader::new(output).read_line(&mut url)?;
        Ok(Self { child, url: url.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, or ends now: either way it is gone.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
