//! The one-way graph: who may build on what.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, Package, PackageId};

use super::{TOOLS, expect_none};
use crate::place::metadata;

/// What is known of storage and its formats.
const STORAGE: [&str; 3] = ["arrow", "parquet", "object_store"];

/// Every package of the workspace, by name.
fn members() -> BTreeMap<&'static str, &'static Package> {
    metadata().workspace_packages().into_iter().map(|package| (package.name.as_str(), package)).collect()
}

/// The crates that are delivered.
fn product() -> impl Iterator<Item = &'static str> {
    members().into_keys().filter(|name| !TOOLS.contains(name))
}

/// What a crate of ours names in its manifest, of the kinds asked for.
fn direct(name: &str, kinds: &[DependencyKind]) -> BTreeSet<&'static str> {
    let package = members().get(name).copied().unwrap_or_else(|| panic!("there is no crate {name}"));
    let named = package.dependencies.iter().filter(|wanted| kinds.contains(&wanted.kind));
    named.map(|wanted| wanted.name.as_str()).collect()
}

/// What a crate of ours needs in order to be built, and what that needs, and so on; without what only its tests need.
fn tree(name: &str) -> BTreeSet<&'static str> {
    let package = members().get(name).copied().unwrap_or_else(|| panic!("there is no crate {name}"));
    let mut reached = BTreeSet::new();
    reach(metadata(), &package.id, &mut reached);
    reached.remove(&package.id);
    reached.into_iter().map(|id| metadata()[id].name.as_str()).collect()
}

fn reach(metadata: &'static Metadata, id: &'static PackageId, reached: &mut BTreeSet<&'static PackageId>) {
    if !reached.insert(id) {
        return;
    }
    let resolve = metadata.resolve.as_ref().expect("cargo metadata has resolved");
    let node = resolve.nodes.iter().find(|node| node.id == *id).expect("every package has a node");
    for dependency in &node.deps {
        if dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal) {
            reach(metadata, &dependency.pkg, reached);
        }
    }
}

/// The members of `seen` that are one of `forbidden`, or one of its parts (`arrow` forbids `arrow-array`).
fn trespasses(of: &str, seen: &BTreeSet<&str>, forbidden: &[&str]) -> Vec<String> {
    let is_forbidden =
        |name: &&&str| forbidden.iter().any(|no| **name == *no || name.starts_with(&format!("{no}-")));
    seen.iter().filter(is_forbidden).map(|name| format!("{of} sees {name}")).collect()
}

const ALL_KINDS: [DependencyKind; 3] =
    [DependencyKind::Normal, DependencyKind::Development, DependencyKind::Build];

#[test]
fn the_core_sees_no_runtime_no_network_and_no_storage() {
    let forbidden = [&STORAGE[..], &["tokio", "reqwest", "hyper"]].concat();
    expect_none(trespasses("highwater-core", &tree("highwater-core"), &forbidden));
}

#[test]
fn extractors_see_no_arrow_and_no_storage() {
    let forbidden = [&STORAGE[..], &["highwater-load", "highwater-transform"]].concat();
    let extractors: Vec<_> = product().filter(|name| name.starts_with("highwater-extract-")).collect();
    assert!(!extractors.is_empty(), "there is no extractor");
    expect_none(extractors.iter().flat_map(|name| trespasses(name, &tree(name), &forbidden)));
}

#[test]
fn transform_and_load_see_no_http_of_ours() {
    // Storage brings an HTTP client of its own along, so this is about what they name themselves.
    let forbidden = ["reqwest", "hyper", "axum", "http"];
    let normal = [DependencyKind::Normal];
    expect_none(["highwater-transform", "highwater-load"].iter().flat_map(|name| {
        let own = trespasses(name, &direct(name, &normal), &forbidden);
        own.into_iter().chain(trespasses(name, &tree(name), &["highwater-http"]))
    }));
}

#[test]
fn only_the_loader_names_storage() {
    let forbidden = ["parquet", "object_store"];
    let others = product().filter(|name| *name != "highwater-load");
    expect_none(
        others.flat_map(|name| trespasses(name, &direct(name, &[DependencyKind::Normal]), &forbidden)),
    );
}

#[test]
fn only_the_binary_knows_the_extractors() {
    let others = product().filter(|name| *name != "highwater");
    expect_none(others.flat_map(|name| trespasses(name, &direct(name, &ALL_KINDS), &["highwater-extract"])));
}

#[test]
fn only_the_binary_ships_the_simulators() {
    let others = product().filter(|name| *name != "highwater");
    let normal = [DependencyKind::Normal, DependencyKind::Build];
    expect_none(others.flat_map(|name| trespasses(name, &direct(name, &normal), &["highwater-simulator"])));
}

#[test]
fn the_crates_build_on_one_another_in_one_direction() {
    let allowed: &[(&str, &[&str])] = &[
        ("highwater-core", &[]),
        ("highwater-http", &["highwater-core"]),
        ("highwater-transform", &["highwater-core"]),
        ("highwater-load", &["highwater-core"]),
        ("highwater-simulator", &["highwater-core"]),
        ("highwater-pipeline", &["highwater-core", "highwater-transform", "highwater-load"]),
    ];
    let extractor: &[&str] = &["highwater-core", "highwater-http"];
    let allowed_of = |name: &str| match name {
        name if name.starts_with("highwater-extract-") => Some(extractor),
        _ => allowed.iter().find(|(of, _)| *of == name).map(|(_, may)| *may),
    };
    let mut findings = Vec::new();
    for name in product().filter(|name| *name != "highwater") {
        let Some(may) = allowed_of(name) else {
            findings.push(format!("{name} has no place in the graph"));
            continue;
        };
        let named = direct(name, &[DependencyKind::Normal]);
        let ours = named.iter().filter(|other| members().contains_key(**other));
        findings.extend(
            ours.filter(|other| !may.contains(other)).map(|other| format!("{name} builds on {other}")),
        );
    }
    expect_none(findings);
}

#[test]
fn a_part_of_a_forbidden_crate_is_found() {
    let seen = BTreeSet::from(["arrow-array", "arrowhead", "serde"]);
    assert_eq!(trespasses("x", &seen, &["arrow"]), ["x sees arrow-array"]);
}

#[test]
fn the_tree_reaches_what_is_needed_through_others() {
    assert!(tree("highwater-http").contains("tokio"));
    assert!(tree("highwater-pipeline").contains("parquet"), "it comes with highwater-load");
}
