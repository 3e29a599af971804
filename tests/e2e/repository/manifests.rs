//! What every `Cargo.toml` of the workspace says.

use std::fs;

use toml_edit::{Document, Item};

use super::expect_none;
use crate::place::metadata;

/// The manifest of each crate of the workspace, with the crate's name.
fn manifests() -> Vec<(&'static str, Document<String>)> {
    let packages = metadata().workspace_packages();
    let parse = |package: &'static cargo_metadata::Package| {
        let text = fs::read_to_string(&package.manifest_path).expect("cargo has read it too");
        (package.name.as_str(), Document::parse(text).expect("cargo has parsed it too"))
    };
    packages.into_iter().map(parse).collect()
}

fn says_workspace(item: &Item) -> bool {
    item.get("workspace").and_then(Item::as_bool) == Some(true)
}

/// The dependencies that a manifest declares by itself, instead of taking them from the workspace's table.
fn declared_alone(manifest: &Item) -> Vec<String> {
    let mut alone = Vec::new();
    for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let dependencies = manifest.get(table).and_then(Item::as_table_like);
        let wanted = dependencies.into_iter().flat_map(|dependencies| dependencies.iter());
        alone.extend(wanted.filter(|(_, item)| !says_workspace(item)).map(|(name, _)| name.to_owned()));
    }
    let platforms = manifest.get("target").and_then(Item::as_table_like);
    let platforms = platforms.into_iter().flat_map(|platforms| platforms.iter());
    alone.extend(platforms.flat_map(|(_, platform)| declared_alone(platform)));
    alone
}

#[test]
fn every_crate_takes_its_lints_from_the_workspace() {
    let findings = manifests()
        .into_iter()
        .filter(|(_, manifest)| manifest.get("lints").is_none_or(|lints| !says_workspace(lints)));
    expect_none(findings.map(|(name, _)| format!("{name} does not say `[lints] workspace = true`")));
}

#[test]
fn every_dependency_is_declared_once_at_the_top() {
    expect_none(manifests().into_iter().flat_map(|(name, manifest)| {
        let alone = declared_alone(manifest.as_item());
        alone.into_iter().map(move |dependency| format!("{name} declares {dependency} by itself"))
    }));
}

#[test]
fn a_dependency_declared_alone_is_found_in_every_table() {
    let manifest = "[dependencies]\na.workspace = true\nb = \"1\"\n\
                    [dev-dependencies]\nc = { version = \"1\" }\nd = { workspace = true, features = [] }\n\
                    [target.'cfg(unix)'.dependencies]\ne = \"1\"\n";
    let manifest = Document::parse(manifest).expect("it is TOML");
    assert_eq!(declared_alone(manifest.as_item()), ["b", "c", "e"]);
}
