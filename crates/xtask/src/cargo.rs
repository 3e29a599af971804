//! Cargo, as the tasks use it: where the workspace is, and commands whose output goes to the terminal.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use cargo_metadata::MetadataCommand;

use crate::Outcome;

/// Where things are.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

/// Asks cargo for the folders of this workspace.
pub(crate) fn workspace() -> Result<Workspace, Box<dyn std::error::Error>> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    Ok(Workspace {
        root: metadata.workspace_root.into_std_path_buf(),
        target: metadata.target_directory.into_std_path_buf(),
    })
}

/// A command of the cargo that runs this task, in the root of the workspace.
pub(crate) fn cargo(workspace: &Workspace, arguments: &[&str]) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(&workspace.root).args(arguments);
    command
}

/// Runs a command with its output on the terminal; fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let spoken = spoken(command);
    println!("$ {spoken}");
    let status = command.status().map_err(|error| format!("{spoken}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{spoken}: {status}").into()) }
}

/// The command as a person would type it.
fn spoken(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
