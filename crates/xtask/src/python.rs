//! The Python packages that the tests read our warehouse with: a virtual environment below the target folder, made
//! anew when what it should hold has changed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Outcome, cargo, cargo::Workspace};

/// The name of the last file written: what the environment holds, so that an unfinished one is never mistaken for whole.
const CONTENTS: &str = "contents.txt";

/// Makes the environment unless it stands, and returns its interpreter.
pub(crate) fn setup(workspace: &Workspace) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let folder = workspace.target.join("python");
    let interpreter = folder.join("bin").join("python");
    let wanted = contents(workspace)?;
    if fs::read_to_string(folder.join(CONTENTS)).is_ok_and(|held| held == wanted) && interpreter.exists() {
        println!("{}: up to date", folder.display());
        return Ok(interpreter);
    }
    create(&folder)?;
    install(workspace, &interpreter)?;
    fs::write(folder.join(CONTENTS), wanted)?;
    Ok(interpreter)
}

/// The interpreter's version and the two files that say what is installed.
fn contents(workspace: &Workspace) -> Result<String, Box<dyn std::error::Error>> {
    let output = Command::new(system_python()).arg("--version").output().map_err(|error| {
        format!("python3 does not run ({error}); install it with its venv module (Debian: apt-get install python3-venv)")
    })?;
    let mut contents = String::from_utf8(output.stdout)?;
    for file in requirement_files(workspace) {
        contents += &fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(contents)
}

fn requirement_files(workspace: &Workspace) -> [PathBuf; 2] {
    let folder = workspace.root.join("tests").join("python");
    [folder.join("requirements.txt"), folder.join("constraints.txt")]
}

fn system_python() -> String {
    env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn create(folder: &Path) -> Outcome {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    cargo::run(Command::new(system_python()).args(["-m", "venv"]).arg(folder)).map_err(|error| {
        format!("{error}\nthe venv module of python3 is needed (Debian: apt-get install python3-venv)").into()
    })
}

fn install(workspace: &Workspace, interpreter: &Path) -> Outcome {
    let [requirements, constraints] = requirement_files(workspace);
    let mut pip = Command::new(interpreter);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    pip.arg("--requirement").arg(requirements).arg("--constraint").arg(constraints);
    // Root is who runs this in a container, and the environment is our own.
    cargo::run(pip.env("PIP_ROOT_USER_ACTION", "ignore"))
}
