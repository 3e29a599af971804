//! The steps of CI: everything that can fail without running a test, the cheapest first, then the tests.

use cargo_metadata::MetadataCommand;

use crate::{
    Outcome, advisories,
    cargo::{cargo, run, workspace},
    licences, suite,
};

/// Everything a change must pass.
pub(crate) fn ci() -> Outcome {
    let workspace = workspace()?;
    run(&mut cargo(&workspace, &["fmt", "--all", "--check"]))?;
    licences()?;
    run(&mut cargo(&workspace, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    run(cargo(&workspace, &["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    suite::test(&[])
}

/// Every crate's licence and standing, over what cargo resolved for all platforms.
pub(crate) fn licences() -> Outcome {
    println!("$ cargo xtask licences");
    let metadata = MetadataCommand::new().exec()?;
    let mut findings = licences::findings(&metadata.packages);
    findings.extend(advisories::findings(&metadata));
    if findings.is_empty() {
        println!("{} crates, every one with an accepted licence", metadata.packages.len());
        return Ok(());
    }
    Err(findings.join("\n").into())
}
