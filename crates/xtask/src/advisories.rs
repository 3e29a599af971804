//! Crates with a standing advisory, or with traps of their own, that are used all the same: each stays in one place.

use std::collections::BTreeSet;

use cargo_metadata::Metadata;

/// A crate that only the named ones may depend on, whatever the kind of dependency.
struct Confined {
    name: &'static str,
    dependents: &'static [&'static str],
    reason: &'static str,
}

const CONFINED: &[Confined] = &[
    Confined {
        name: "backoff",
        dependents: &["highwater-http"],
        reason: "unmaintained (RUSTSEC-2025-0012); a given of this project, accepted behind one file that bounds attempts and waits",
    },
    Confined {
        name: "instant",
        dependents: &["backoff"],
        reason: "unmaintained (RUSTSEC-2024-0384); comes with backoff alone and goes with it",
    },
    Confined {
        name: "tokio-cron-scheduler",
        dependents: &["highwater"],
        reason: "a given of this project, kept behind one file: it neither guards against overlap nor waits at shutdown",
    },
];

/// One line for each crate that depends on a confined one and may not.
pub(crate) fn findings(metadata: &Metadata) -> Vec<String> {
    let uses = metadata.packages.iter().flat_map(|package| {
        package.dependencies.iter().map(move |wanted| (package.name.as_str(), wanted.name.as_str()))
    });
    intruders(uses)
}

/// The findings over pairs of (dependent, dependency).
fn intruders<'a>(uses: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let mut findings = BTreeSet::new();
    for (dependent, dependency) in uses {
        for confined in CONFINED {
            if confined.name == dependency && !confined.dependents.contains(&dependent) {
                let dependents = confined.dependents.join(", ");
                findings.insert(format!(
                    "{dependent} depends on {dependency}, which only {dependents} may: {}",
                    confined.reason
                ));
            }
        }
    }
    findings.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confined_crate_is_reported_outside_its_place() {
        let findings = intruders([("highwater-load", "backoff")].into_iter());
        assert_eq!(findings.len(), 1);
        assert!(findings[0].starts_with("highwater-load depends on backoff, which only highwater-http may"));
    }

    #[test]
    fn a_confined_crate_is_accepted_in_its_place() {
        assert_eq!(intruders([("highwater-http", "backoff"), ("backoff", "instant")].into_iter()), [""; 0]);
    }
}
