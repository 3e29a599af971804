//! Highwater as a user runs it: the release binary, a configuration, a folder for the warehouse.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::bench::Bench;

/// The rate of sources that are not to be slowed down: far above what any server here can answer.
pub const UNLIMITED: u32 = 100_000;

/// The variables that sources here take their secrets from.
const SECRETS: [(&str, &str); 2] = [("BENCH_ID", "bench-id"), ("BENCH_SECRET", "bench-secret")];

/// A configured Highwater with an empty warehouse.
#[derive(Debug)]
pub struct Subject {
    program: PathBuf,
    folder: tempfile::TempDir,
}

impl Subject {
    /// Writes the configuration: `warehouse` is what stands in that section beside the url, `sources` are whole tables.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn new(bench: &Bench, warehouse: &str, sources: &str) -> Outcome<Self> {
        let folder = bench.scratch("highwater-")?;
        let root = folder.path().join("warehouse");
        Self::write(folder.path(), &format!("url = {root:?}\n{warehouse}"), sources)?;
        Ok(Self { program: bench.highwater.clone(), folder })
    }

    /// As [`new`](Self::new), with a warehouse elsewhere: `warehouse` is the whole section.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn elsewhere(bench: &Bench, warehouse: &str, sources: &str) -> Outcome<Self> {
        let folder = bench.scratch("highwater-")?;
        Self::write(folder.path(), warehouse, sources)?;
        Ok(Self { program: bench.highwater.clone(), folder })
    }

    fn write(folder: &Path, warehouse: &str, sources: &str) -> Outcome {
        let text = format!("[warehouse]\n{warehouse}\n{sources}");
        Ok(std::fs::write(folder.join("highwater.toml"), text)?)
    }

    /// The local warehouse.
    #[must_use]
    pub fn warehouse(&self) -> PathBuf {
        self.folder.path().join("warehouse")
    }

    /// A command of it, as if it were `now`.
    #[must_use]
    pub fn command(&self, now: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--quiet").arg("--config").arg(self.folder.path().join("highwater.toml"));
        command.args(["--now", now]).args(arguments).envs(SECRETS);
        command
    }
}

/// A Mux source at `url`, from `start` on.
#[must_use]
pub fn mux_source(name: &str, url: &str, requests_per_second: u32, start: &str) -> String {
    format!(
        "[[source]]\nname = \"{name}\"\nprovider = \"mux\"\nbase_url = \"{url}\"\nrequests_per_second = {requests_per_second}\n\
         start = \"{start}\"\ntoken_id = {{ env = \"BENCH_ID\" }}\ntoken_secret = {{ env = \"BENCH_SECRET\" }}\n"
    )
}

/// The bytes of all files below `folder` whose name ends in `suffix`; nothing when there is no such folder.
#[must_use]
pub fn bytes_below(folder: &Path, suffix: &str) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| {
        let path = entry.path();
        match entry.metadata() {
            Ok(kind) if kind.is_dir() => bytes_below(&path, suffix),
            Ok(file) if path.to_string_lossy().ends_with(suffix) => file.len(),
            _ => 0,
        }
    });
    sizes.sum()
}
