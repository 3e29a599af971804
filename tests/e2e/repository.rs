//! The rules that the repository keeps, over what cargo knows of it and over its sources.

mod dependencies;
mod manifests;
mod source;
mod sources;
mod tracked;

/// Fails with one line for each finding.
#[track_caller]
fn expect_none(findings: impl IntoIterator<Item = String>) {
    let findings: Vec<String> = findings.into_iter().collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// The crates that are delivered to nobody: they may see everything.
const TOOLS: [&str; 4] = ["highwater-bench", "highwater-s3-testserver", "highwater-tests", "xtask"];
