//! Running the tests: build once, stream what the test programs say, close with the totals.

use std::{
    env::consts::EXE_SUFFIX,
    fmt, fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::{
    Outcome,
    cargo::{Workspace, cargo, run, workspace},
    python, system,
    totals::Totals,
};

/// Installs, builds and runs the tests. The last line on standard output is the totals alone. `arguments` are for
/// `cargo test`; the whole workspace is tested unless they name packages.
pub(crate) fn test(arguments: &[String]) -> Outcome {
    let workspace = workspace()?;
    system::setup();
    let interpreter = python::setup(&workspace)?;
    let skips = skip_list(&workspace)?;
    let mut command = cargo(&workspace, &["test", "--no-fail-fast"]);
    command.env("HIGHWATER_PYTHON", interpreter).env("HIGHWATER_SKIPS", &skips);
    if !names_packages(arguments) {
        // Built with the same choice of targets as it is tested with: with another, cargo would settle on other
        // features and build dependencies twice. Where packages are named, the tests build the binary if they need it.
        run(&mut cargo(&workspace, &["build", "--workspace", "--bins", "--tests"]))?;
        let binary = workspace.target.join("debug").join(format!("highwater{EXE_SUFFIX}"));
        command.arg("--workspace").env("HIGHWATER_BIN", binary);
    }
    let (mut totals, succeeded) = stream(command.args(arguments))?;
    totals.read_skips(&fs::read_to_string(&skips)?);
    report(&totals, succeeded)
}

fn names_packages(arguments: &[String]) -> bool {
    let for_cargo = arguments.iter().take_while(|argument| *argument != "--");
    for_cargo.into_iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"))
}

/// An empty file for tests to write their skips to.
fn skip_list(workspace: &Workspace) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let path = workspace.target.join("skipped-tests.txt");
    fs::write(&path, "")?;
    Ok(path)
}

/// Runs a command that runs tests, repeating its lines as they come; returns the totals and whether it succeeded.
fn stream(command: &mut Command) -> Result<(Totals, bool), Box<dyn std::error::Error>> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut totals = Totals::default();
    let output = child.stdout.take().ok_or("cargo test has no standard output")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        totals.read(&line);
    }
    Ok((totals, child.wait()?.success()))
}

/// The tests have not passed, and the totals, the last thing to be printed, have said so.
#[derive(Debug)]
pub(crate) struct NotPassed;

impl fmt::Display for NotPassed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tests have not passed")
    }
}

impl std::error::Error for NotPassed {}

/// Prints the totals and decides.
fn report(totals: &Totals, succeeded: bool) -> Outcome {
    let passed = succeeded && totals.good();
    if totals.lost() > 0 {
        eprintln!("a test program ended before it had reported {} of its tests", totals.lost());
    }
    if totals.ran() == 0 {
        eprintln!("no test ran");
    }
    if !passed {
        eprintln!("{NotPassed}");
    }
    for line in totals.skips() {
        println!("{line}");
    }
    println!("{totals}");
    if passed { Ok(()) } else { Err(NotPassed.into()) }
}
