//! Which licences a crate that we build on may carry, and why each is acceptable in an Apache-2.0 program.

use cargo_metadata::Package;
use spdx::{Expression, Licensee, ParseMode};

/// An accepted licence and the reason why it is.
const ACCEPTED: &[(&str, &str)] = &[
    ("Apache-2.0", "our own"),
    ("Apache-2.0 WITH LLVM-exception", "our own, with less asked of those who pass on a binary"),
    ("BSD-2-Clause", "permissive; asks for the notice"),
    ("BSD-3-Clause", "permissive; asks for the notice, lends no name"),
    ("BSL-1.0", "permissive; asks for the notice in source alone"),
    ("CC0-1.0", "dedicated to the public"),
    (
        "CDLA-Permissive-2.0",
        "for data: the root certificates that TLS trusts; asks for its text beside the data",
    ),
    ("ISC", "permissive; asks for the notice"),
    ("MIT", "permissive; asks for the notice"),
    ("Unicode-3.0", "for the tables of Unicode; asks for the notice"),
    ("Unlicense", "dedicated to the public"),
    ("Zlib", "permissive; asks that changed source says so"),
];

/// One line for each crate whose licence is not accepted, unreadable or missing.
pub(crate) fn findings(packages: &[Package]) -> Vec<String> {
    let accepted = accepted();
    let mut findings: Vec<String> = packages
        .iter()
        .filter_map(|package| {
            let reason = objection(package.license.as_deref(), &accepted)?;
            Some(format!("{} {}: {reason}", package.name, package.version))
        })
        .collect();
    findings.sort();
    findings
}

fn accepted() -> Vec<Licensee> {
    let parse = |licence: &str| Licensee::parse(licence).expect("the table names SPDX licences");
    ACCEPTED.iter().map(|(licence, _)| parse(licence)).collect()
}

/// Why a crate with this licence expression may not be used; `None` when it may.
fn objection(licence: Option<&str>, accepted: &[Licensee]) -> Option<String> {
    let Some(licence) = licence else {
        return Some("names no licence".to_owned());
    };
    let expression = match Expression::parse_mode(licence, ParseMode::LAX) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("`{licence}` is not an SPDX expression: {}", error.reason)),
    };
    let satisfied = expression.evaluate(|wanted| accepted.iter().any(|licensee| licensee.satisfies(wanted)));
    (!satisfied).then(|| format!("`{licence}` is not among the accepted licences"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(licence: &str) -> Option<String> {
        objection(Some(licence), &accepted())
    }

    #[test]
    fn one_accepted_alternative_is_enough() {
        assert_eq!(judged("MIT OR GPL-3.0-only"), None);
        assert_eq!(judged("Apache-2.0/MIT"), None);
    }

    #[test]
    fn every_part_of_a_conjunction_must_be_accepted() {
        assert_eq!(judged("MIT AND ISC"), None);
        assert!(judged("MIT AND GPL-3.0-only").is_some());
    }

    #[test]
    fn an_exception_is_not_accepted_with_its_licence_alone() {
        assert_eq!(judged("Apache-2.0 WITH LLVM-exception"), None);
        assert!(judged("MIT WITH Classpath-exception-2.0").is_some());
    }

    #[test]
    fn a_crate_without_a_readable_licence_is_refused() {
        assert!(objection(None, &accepted()).is_some());
        assert!(judged("see the file").is_some());
    }
}
