//! Source files as text: where they are, and which of their lines are product code.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::place::root;

/// One file of Rust.
#[derive(Debug)]
pub(super) struct Source {
    /// Its path from the root of the workspace, with forward slashes.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// Every file of Rust below a folder of the workspace. Panics when there is none: a rule over nothing holds always.
    pub(super) fn below(folder: &str) -> Vec<Self> {
        let mut paths = Vec::new();
        collect(&root().join(folder), &mut paths);
        paths.sort();
        assert!(!paths.is_empty(), "there is no Rust below {folder}");
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let relative = path.strip_prefix(root()).expect("it was found below the root");
        Self {
            path: relative.display().to_string(),
            text: fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        }
    }

    /// Whether the whole file is compiled for tests alone: a module file that its parent declares so.
    pub(super) fn is_test_module(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The lines, with their numbers, that are not compiled for tests alone; comments and documentation included.
    pub(super) fn product_lines(&self) -> Vec<(usize, &str)> {
        if self.is_test_module() { Vec::new() } else { without_tests(&self.text) }
    }

    /// The lines, with their numbers, that are more than a comment.
    pub(super) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// Leaves out every item under `#[cfg(test)]`. Formatted code ends an item on a line indented like its first, and
/// clippy holds that nothing follows a test module at the top level of a file.
fn without_tests(text: &str) -> Vec<(usize, &str)> {
    let mut kept = Vec::new();
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    while let Some((number, line)) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push((number, line));
            continue;
        }
        let indent = indent_of(line);
        let mut item =
            lines.by_ref().map(|(_, line)| line).skip_while(|line| line.trim_start().starts_with("#["));
        let first = item.next().unwrap_or_default();
        if indent == 0 && first.starts_with("mod ") && first.ends_with('{') {
            break;
        }
        if !ends_item(first) {
            item.find(|line| indent_of(line) == indent && ends_item(line));
        }
    }
    kept
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn ends_item(line: &str) -> bool {
    [";", "}", "},", "};"].iter().any(|end| line.trim_end().ends_with(end))
}

#[test]
fn the_lines_of_tests_are_left_out() {
    let text = "use a;\n#[cfg(test)]\nuse b;\nfn c() {\n    d();\n}\n#[cfg(test)]\n#[derive(Debug)]\nstruct E {\n    f: u8,\n}\n\
                impl G {\n    #[cfg(test)]\n    fn h() {\n        i();\n    }\n    fn j() {}\n}\n#[cfg(test)]\nmod tests {\n    k();\n}\n";
    let kept: Vec<&str> = without_tests(text).into_iter().map(|(_, line)| line.trim()).collect();
    assert_eq!(kept, ["use a;", "fn c() {", "d();", "}", "impl G {", "fn j() {}", "}"]);
}
