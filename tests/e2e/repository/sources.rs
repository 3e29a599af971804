//! What stands in the sources, and where alone it may stand.

use std::collections::BTreeSet;

use super::{expect_none, source::Source};

/// The crates that know no provider by name.
const NAMELESS: [&str; 5] =
    ["highwater-core", "highwater-http", "highwater-transform", "highwater-load", "highwater-pipeline"];

const LONGEST_FILE_LINES: usize = 500;

/// Every file of Rust in the workspace.
fn all() -> Vec<Source> {
    let mut sources = Source::below("crates");
    sources.extend(Source::below("tests"));
    sources
}

/// `path:line` of each line of code that holds one of the needles, as a whole path segment or more.
fn lines_with(sources: &[Source], needles: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for (number, line) in source.code_lines() {
            found.extend(
                needles
                    .iter()
                    .filter(|needle| contains_word(line, needle))
                    .map(|needle| format!("{}:{number}: {needle}", source.path)),
            );
        }
    }
    found
}

/// Whether the text holds the word and no letter, digit or underscore stands right before or after it.
fn contains_word(text: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

/// The provider that a line names, as a word or as part of an identifier (`MuxClient`, `mux_usage`, but not `demux`).
fn provider_named(line: &str) -> Option<&'static str> {
    let lower = line.to_lowercase();
    if let Some(name) = ["wowza", "scaleengine"].into_iter().find(|name| lower.contains(name)) {
        return Some(name);
    }
    words(line).iter().any(|word| word == "mux").then_some("mux")
}

/// The words of a line in lower case: identifiers fall apart at underscores, digits and capitals.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let letters: Vec<char> = line.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let previous_is_lower = at > 0 && letters[at - 1].is_lowercase();
        let next_is_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let starts_word = letter.is_uppercase() && (previous_is_lower || next_is_lower);
        if !letter.is_alphabetic() || starts_word {
            words.push(String::new());
        }
        if letter.is_alphabetic() {
            let word = words.last_mut().expect("there is a word from the start");
            word.extend(letter.to_lowercase());
        }
    }
    words
}

#[test]
fn no_provider_is_named_outside_its_extractor_the_simulators_and_the_binary() {
    let mut findings = Vec::new();
    for source in NAMELESS.iter().flat_map(|name| Source::below(&format!("crates/{name}/src"))) {
        let named = source
            .product_lines()
            .into_iter()
            .filter_map(|(number, line)| Some((number, provider_named(line)?)));
        findings.extend(named.map(|(number, name)| format!("{}:{number}: names {name}", source.path)));
    }
    expect_none(findings);
}

#[test]
fn only_the_real_clock_asks_for_the_time_or_sleeps() {
    let needles = [
        "Utc::now",
        "Local::now",
        "Instant::now",
        "SystemTime::now",
        "time::sleep",
        "time::sleep_until",
        "time::timeout",
        "time::interval",
        "thread::sleep",
    ];
    let mut sources = Source::below("crates");
    sources.retain(|source| source.path != "crates/highwater-http/src/real_clock.rs");
    expect_none(lines_with(&sources, &needles));
}

/// The files of our crates that use another crate, by path.
fn users_of(name: &str) -> BTreeSet<String> {
    let sources = Source::below("crates").into_iter();
    let users = sources.filter(|source| source.code_lines().any(|(_, line)| uses_crate(line, name)));
    users.map(|source| source.path).collect()
}

/// Whether a line imports a crate or holds a path that begins with it: `backoff::`, not `crate::backoff::`.
fn uses_crate(line: &str, name: &str) -> bool {
    let starts_path = |(at, _): (usize, &str)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    };
    line.match_indices(&format!("{name}::")).any(starts_path) || contains_word(line, &format!("use {name}"))
}

#[test]
fn backoff_stays_behind_one_file() {
    assert_eq!(users_of("backoff"), BTreeSet::from(["crates/highwater-http/src/retry.rs".to_owned()]));
}

#[test]
fn the_cron_scheduler_stays_behind_one_file() {
    let users = users_of("tokio_cron_scheduler");
    assert!(users.len() <= 1, "{users:?}");
}

#[test]
fn providers_are_registered_in_one_file() {
    let mut users = BTreeSet::new();
    for source in Source::below("crates/highwater/src") {
        if source.code_lines().any(|(_, line)| line.contains("highwater_extract_")) {
            users.insert(source.path);
        }
    }
    assert!(users.len() == 1, "{users:?}");
}

#[test]
fn every_file_opens_with_what_lives_in_it() {
    let silent = all().into_iter().filter(|source| !source.text.starts_with("//! "));
    expect_none(silent.map(|source| format!("{} does not open with `//!`", source.path)));
}

#[test]
fn no_file_is_too_long_to_read() {
    let long = all().into_iter().map(|source| (source.text.lines().count(), source.path));
    let long = long.filter(|(lines, _)| *lines > LONGEST_FILE_LINES);
    expect_none(long.map(|(lines, path)| format!("{path} has {lines} lines")));
}

#[test]
fn a_provider_is_found_in_any_spelling() {
    for line in
        ["struct MuxClient;", "let mux_usage = 1;", "/// as Mux says", "const MUX: u8", "HTTPMux", "\"mux\""]
    {
        assert_eq!(provider_named(line), Some("mux"), "{line}");
    }
    assert_eq!(provider_named("ScaleEngineApi"), Some("scaleengine"));
    assert_eq!(provider_named("let x = WOWZA_URL;"), Some("wowza"));
    for line in ["demux(stream)", "Multiplexer", "tmux", "muxed"] {
        assert_eq!(provider_named(line), None, "{line}");
    }
}

#[test]
fn a_path_into_a_crate_is_told_from_a_module_of_ours() {
    assert!(uses_crate("let b = backoff::Error::permanent(e);", "backoff"));
    assert!(uses_crate("use backoff;", "backoff"));
    assert!(!uses_crate("use crate::backoff::Policy;", "backoff"));
    assert!(!uses_crate("my_backoff::x()", "backoff"));
    assert!(!uses_crate("let backoff = 3;", "backoff"));
    assert!(contains_word("x = Utc::now();", "Utc::now"));
    assert!(!contains_word("x = Utc::nowhere();", "Utc::now"));
}
