//! The benchmark: builds the released programs, installs the peers that they are measured beside, and runs it.

use std::{
    env,
    env::consts::EXE_SUFFIX,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Outcome,
    cargo::{Workspace, cargo, run, workspace},
};

/// Runs the workloads that `arguments` name, or all of them, and keeps the results in the README of the bench.
pub(crate) fn bench(arguments: &[String]) -> Outcome {
    let workspace = workspace()?;
    let packages = ["--package", "highwater", "--package", "highwater-bench"];
    run(cargo(&workspace, &["build", "--release", "--bins"]).args(packages))?;
    let home = workspace.root.join("crates").join("highwater-bench");
    let interpreter = peers(&workspace, &home.join("python"))?;
    let program = |name: &str| workspace.target.join("release").join(format!("{name}{EXE_SUFFIX}"));
    let mut bench = Command::new(program("highwater-bench"));
    bench.arg("run").arg("--highwater").arg(program("highwater")).arg("--python").arg(interpreter);
    bench.arg("--home").arg(home).arg("--work").arg(workspace.target.join("bench").join("work"));
    run(bench.arg("--commit").arg(commit(&workspace)).args(arguments))
}

/// The environment with the peers, made anew when what it should hold has changed; its interpreter.
fn peers(workspace: &Workspace, scripts: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let folder = workspace.target.join("bench").join("python");
    let interpreter = folder.join("bin").join("python");
    let contents = folder.join("contents.txt");
    let [requirements, constraints] = ["requirements.txt", "constraints.txt"].map(|name| scripts.join(name));
    let wanted = fs::read_to_string(&requirements)? + &fs::read_to_string(&constraints)?;
    if fs::read_to_string(&contents).is_ok_and(|held| held == wanted) {
        return Ok(interpreter);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let python = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    run(Command::new(python).args(["-m", "venv"]).arg(&folder))?;
    let mut pip = Command::new(&interpreter);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    pip.arg("--requirement").arg(requirements).arg("--constraint").arg(constraints);
    run(pip.env("PIP_ROOT_USER_ACTION", "ignore"))?;
    fs::write(contents, wanted)?;
    Ok(interpreter)
}

/// The commit at hand, for the record; nothing where git cannot say.
fn commit(workspace: &Workspace) -> String {
    let mut git = Command::new("git");
    let output = git.current_dir(&workspace.root).args(["rev-parse", "--short", "HEAD"]).output();
    output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
