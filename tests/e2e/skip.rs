//! Skipping a test for want of something on this machine. The test program would count it as passed and swallow what
//! it prints, so the skip is written to the list that `cargo xtask test` counts and shows.

use std::{
    env,
    fs::OpenOptions,
    io::{self, Write},
};

/// Leaves the test that this stands in, recording that it was skipped and why.
macro_rules! skip {
    ($reason:expr) => {{
        fn here() {}
        crate::skip::record(std::any::type_name_of_val(&here), $reason);
        return;
    }};
}
pub(crate) use skip;

/// What [`skip!`] calls, with the full name of a function inside the test.
pub(crate) fn record(inside: &str, reason: &str) {
    // One write a line, so that tests that run side by side do not mix theirs.
    let line = format!("{}\n", line(inside, reason));
    // Past the test program's capture, so that a plain `cargo test` shows it too.
    io::stdout().write_all(line.as_bytes()).expect("standard output can be written");
    if let Some(list) = env::var_os("HIGHWATER_SKIPS") {
        let mut list = OpenOptions::new().append(true).open(list).expect("the list of skips can be written");
        list.write_all(line.as_bytes()).expect("the list of skips can be written");
    }
}

fn line(inside: &str, reason: &str) -> String {
    let path = inside.trim_end_matches("::here").trim_end_matches("::{{closure}}");
    let test = path.split_once("::").map_or(path, |(_program, test)| test);
    format!("SKIPPED {test}: {reason}")
}

#[test]
fn a_skip_names_its_test_as_the_test_program_does() {
    assert_eq!(line("e2e::shop::opens::here", "no key"), "SKIPPED shop::opens: no key");
    assert_eq!(line("e2e::shop::opens::{{closure}}::here", "no key"), "SKIPPED shop::opens: no key");
}
