//! What is deployed agrees with what is built: names in alert rules, flags in units and manifests.

use std::{collections::BTreeSet, fs, path::Path};

use crate::{place::root, process::Invocation, skip::skip};

fn read(path: &str) -> String {
    fs::read_to_string(root().join("deploy").join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every word that looks like the name of a metric.
fn metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
    words.filter(|word| word.starts_with("highwater_") && *word != "highwater_").map(str::to_owned).collect()
}

#[test]
fn alerts_ask_for_metrics_that_are_documented() {
    let documented = metrics(&read("METRICS.md"));
    let asked: Vec<String> = read("prometheus/highwater.rules.yaml")
        .lines()
        .filter(|line| line.contains("expr:"))
        .map(str::to_owned)
        .collect();
    assert!(asked.len() > 10, "{asked:?}");
    let unknown: Vec<_> =
        asked.iter().flat_map(|line| metrics(line)).filter(|name| !documented.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_systemd_unit_is_accepted_by_systemd() {
    const VERIFY: &str = "/usr/bin/systemd-analyze";
    if !Path::new(VERIFY).exists() {
        skip!("systemd-analyze is not installed");
    }
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let unit = folder.path().join("highwater.service");
    // Whatever stands for the binary must be there.
    let verify = |text: &str| {
        fs::write(&unit, text.replace("/usr/bin/highwater", "/bin/true")).expect("the unit can be written");
        Invocation::of(VERIFY, folder.path()).args(["verify"]).args([&unit]).run()
    };
    let text = read("systemd/highwater.service");
    let outcome = verify(&text);
    assert_eq!(
        (outcome.code, outcome.stderr.contains("highwater.service")),
        (Some(0), false),
        "{}",
        outcome.stderr
    );
    let broken = verify(&text.replace("ProtectSystem=strict", "ProtectSystem=very"));
    assert!(broken.stderr.contains("Failed to parse"), "a mistake would be found: {}", broken.stderr);
}

#[test]
fn every_grace_outlasts_the_daemons_own() {
    let seconds = |text: &str, key: &str| -> u64 {
        let (_, rest) = text.split_once(key).unwrap_or_else(|| panic!("{key} is not there"));
        let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or_else(|_| panic!("{key} has no number"))
    };
    for (text, key) in [
        (read("systemd/highwater.service"), "TimeoutStopSec="),
        (read("kubernetes/daemon.yaml"), "terminationGracePeriodSeconds:"),
        (read("compose.yaml"), "stop_grace_period:"),
    ] {
        assert!(seconds(&text, key) > 30, "{key}");
    }
}
