//! Counting: what the lines of the test programs, and the list of skipped tests, come to.

use std::{collections::BTreeMap, fmt};

/// What has been counted so far. A test that skipped itself is seen as passed by the test program; it is taken out
/// of the passed when the list of the skipped comes in.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    announced: usize,
    passed: usize,
    failed: usize,
    ignored: usize,
    skipped: BTreeMap<String, String>,
}

impl Totals {
    /// Takes in one line that a test program printed.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("running ") {
            self.announced += announced(rest).unwrap_or(0);
        } else if let Some(rest) = line.strip_prefix("test result: ") {
            self.passed += count_of(rest, "passed");
            self.failed += count_of(rest, "failed");
            self.ignored += count_of(rest, "ignored");
        } else if let Some((test, reason)) = ignored_test(line) {
            self.skipped.insert(test.to_owned(), reason.to_owned());
        }
    }

    /// Takes in the list that skipped tests wrote: lines of `SKIPPED <test>: <reason>`.
    pub(crate) fn read_skips(&mut self, list: &str) {
        for line in list.lines() {
            let Some((test, reason)) = line.strip_prefix("SKIPPED ").and_then(|rest| rest.split_once(": "))
            else {
                continue;
            };
            if self.skipped.insert(test.to_owned(), reason.to_owned()).is_none() {
                self.passed = self.passed.saturating_sub(1);
                self.ignored += 1;
            }
        }
    }

    /// One line a skipped test, with its reason.
    pub(crate) fn skips(&self) -> Vec<String> {
        self.skipped.iter().map(|(test, reason)| format!("SKIPPED {test}: {reason}")).collect()
    }

    /// Tests that were announced and never reported: their program died.
    pub(crate) fn lost(&self) -> usize {
        self.announced.saturating_sub(self.ran() + self.ignored)
    }

    /// Tests that ran to a result.
    pub(crate) fn ran(&self) -> usize {
        self.passed + self.failed
    }

    /// Whether at least one test ran, and all that ran passed.
    pub(crate) fn good(&self) -> bool {
        self.passed > 0 && self.failed == 0 && self.lost() == 0
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed + self.lost(), self.ignored)
    }
}

/// `12 tests` → 12.
fn announced(text: &str) -> Option<usize> {
    text.strip_suffix(" tests").or_else(|| text.strip_suffix(" test"))?.parse().ok()
}

/// The number before a word in `ok. 12 passed; 0 failed; 1 ignored; …`; zero when there is none.
fn count_of(text: &str, word: &str) -> usize {
    let words: Vec<&str> = text.split([' ', ';', '.']).filter(|part| !part.is_empty()).collect();
    words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

/// The name and reason in `test NAME ... ignored, REASON`.
fn ignored_test(line: &str) -> Option<(&str, &str)> {
    let (test, rest) = line.strip_prefix("test ")?.split_once(" ... ignored")?;
    let reason = rest.strip_prefix(", ").unwrap_or("ignored without a reason");
    Some((test.trim(), reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(lines: &[&str]) -> Totals {
        let mut totals = Totals::default();
        lines.iter().for_each(|line| totals.read(line));
        totals
    }

    const RESULT: &str =
        "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";

    #[test]
    fn the_results_of_several_programs_add_up() {
        let totals = counted(&["running 4 tests", RESULT, "running 4 tests", RESULT]);
        assert_eq!(totals.to_string(), "6 passed, 0 failed, 2 skipped");
        assert!(totals.good());
    }

    #[test]
    fn a_test_that_skipped_itself_is_not_a_pass() {
        let mut totals = counted(&["running 4 tests", RESULT]);
        totals.read_skips("SKIPPED shop::opens: no key\nSKIPPED shop::opens: no key\n");
        assert_eq!(totals.to_string(), "2 passed, 0 failed, 2 skipped");
        assert_eq!(totals.skips(), ["SKIPPED shop::opens: no key"]);
    }

    #[test]
    fn an_ignored_test_is_named_with_its_reason() {
        let totals =
            counted(&["test shop::closes ... ignored, takes an hour", "test shop::rests ... ignored"]);
        assert_eq!(
            totals.skips(),
            ["SKIPPED shop::closes: takes an hour", "SKIPPED shop::rests: ignored without a reason"]
        );
    }

    #[test]
    fn tests_of_a_program_that_died_have_failed() {
        let totals = counted(&["running 4 tests", RESULT, "running 5 tests", "test shop::opens ... ok"]);
        assert_eq!(totals.to_string(), "3 passed, 5 failed, 1 skipped");
        assert!(!totals.good());
    }

    #[test]
    fn no_test_at_all_is_not_good() {
        assert!(!counted(&["running 0 tests", "test result: ok. 0 passed; 0 failed; 0 ignored"]).good());
    }

    #[test]
    fn a_failure_is_not_good() {
        let totals = counted(&["running 2 tests", "test result: FAILED. 1 passed; 1 failed; 0 ignored"]);
        assert_eq!(totals.to_string(), "1 passed, 1 failed, 0 skipped");
        assert!(!totals.good());
    }
}
