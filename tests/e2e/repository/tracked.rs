//! Every file that git keeps, or would.

use std::{collections::BTreeSet, fs, process::Command};

use super::expect_none;
use crate::{place::root, skip::skip};

/// What stands at the top; tools demand the rest.
const TOP: [&str; 8] =
    ["Cargo.lock", "Cargo.toml", "LICENSE", "README.md", "crates", "deploy", "schemas", "tests"];

const NO_GIT: &str = "this is not a checkout that git can list";

/// The paths of all files that are tracked, or new and not ignored; `None` where git cannot tell.
fn files() -> Option<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().ok().filter(|output| output.status.success())?;
    let list = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let files: Vec<String> = list.split_terminator('\0').map(str::to_owned).collect();
    assert!(!files.is_empty(), "git lists no file");
    Some(files)
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let Some(files) = files() else { skip!(NO_GIT) };
    // In two parts, so that this file does not hold them.
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let mut findings = Vec::new();
    for file in files {
        // Listed and gone: deleted, and not yet committed. Not text: it has no lines.
        let Ok(text) = fs::read_to_string(root().join(&file)) else { continue };
        for (index, line) in text.lines().enumerate() {
            let found = folders.iter().filter(|folder| line.contains(**folder));
            findings.extend(found.map(|folder| format!("{file}:{}: {folder}", index + 1)));
        }
    }
    expect_none(findings);
}

#[test]
fn the_top_level_holds_what_it_is_meant_to_hold() {
    let Some(files) = files() else { skip!(NO_GIT) };
    let top: BTreeSet<&str> = files.iter().filter_map(|file| file.split('/').next()).collect();
    let strays = top.into_iter().filter(|name| !name.starts_with('.') && !TOP.contains(name));
    expect_none(strays.map(|name| format!("{name} does not belong at the top level")));
}
