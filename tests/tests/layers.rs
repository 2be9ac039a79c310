//! The layer rules: which crate of ours may depend on which, and how.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::BTreeMap;

use cargo_metadata::{Dependency, DependencyKind, Metadata, MetadataCommand, Package};

/// The one crate that knows all others.
const FACADE: &str = "forebay";

/// What each library may depend on; `?` marks an edge that must be optional, behind a feature.
const LAYERS: &[(&str, &[&str])] = &[
    ("forebay-metrics", &[]),
    ("forebay-scope", &[]),
    ("forebay-sql", &[]),
    ("forebay-macros", &[]),
    ("forebay-traffic", &["forebay-metrics"]),
    ("forebay-cache", &["forebay-metrics", "forebay-scope", "forebay-traffic", "forebay-macros?"]),
    ("forebay-pool", &["forebay-metrics", "forebay-scope", "forebay-sql", "forebay-traffic"]),
    ("forebay-plan", &["forebay-metrics", "forebay-sql", "forebay-pool?", "forebay-scope?"]),
    (
        "forebay-query",
        &["forebay-cache", "forebay-pool", "forebay-plan", "forebay-sql", "forebay-scope", "forebay-metrics"],
    ),
    ("forebay-response", &["forebay-metrics", "forebay-scope", "forebay-cache?"]),
    (
        FACADE,
        &[
            "forebay-metrics",
            "forebay-scope",
            "forebay-sql",
            "forebay-traffic",
            "forebay-cache",
            "forebay-macros?",
            "forebay-pool?",
            "forebay-plan?",
            "forebay-query?",
            "forebay-response?",
        ],
    ),
];

/// Programs and tests, which may use every library.
const TOP: &[&str] = &["forebay-cli", "forebay-tests", "forebay-benches", "forebay-docs", "xtask"];

/// A drawer by any of these names collects what belongs elsewhere.
const DRAWERS: &[&str] = &["common", "core", "util", "utils", "helper", "helpers", "misc", "shared"];

fn workspace() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap()
}

fn is_example(package: &Package) -> bool {
    package.manifest_path.components().any(|part| part.as_str() == "examples")
}

fn is_top(package: &Package) -> bool {
    TOP.contains(&package.name.as_str()) || is_example(package)
}

/// The dependencies on packages of this workspace.
fn ours<'a>(package: &'a Package, all: &'a Metadata) -> impl Iterator<Item = &'a Dependency> {
    let names: Vec<&str> = all.packages.iter().map(|package| package.name.as_str()).collect();
    package.dependencies.iter().filter(move |dependency| names.contains(&dependency.name.as_str()))
}

/// Why an edge is not allowed, if it is not.
fn mistake(package: &str, dependency: &Dependency, allowed: &[&str]) -> Option<String> {
    let name = &dependency.name;
    if dependency.kind == DependencyKind::Development {
        return (name == FACADE)
            .then(|| format!("{package} tests with the facade; such a test belongs to forebay-tests"));
    }
    if allowed.contains(&name.as_str()) {
        return None;
    }
    if allowed.contains(&format!("{name}?").as_str()) {
        return (!dependency.optional)
            .then(|| format!("{package} → {name} must be optional, behind a feature"));
    }
    Some(format!("{package} → {name} is not an edge of the layers"))
}

#[test]
fn libraries_depend_only_on_the_layers_below_them() {
    let layers: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let all = workspace();
    let mut mistakes = Vec::new();
    for package in all.packages.iter().filter(|package| !is_top(package)) {
        match layers.get(package.name.as_str()) {
            None => {
                mistakes.push(format!("{} is not in the table of layers: say where it stands", package.name));
            }
            Some(allowed) => {
                mistakes.extend(ours(package, &all).filter_map(|edge| mistake(&package.name, edge, allowed)));
            }
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn only_programs_tests_and_examples_depend_on_the_facade() {
    let all = workspace();
    for package in all.packages.iter().filter(|package| !is_top(package)) {
        let facade = ours(package, &all).find(|dependency| dependency.name == FACADE);
        assert!(facade.is_none(), "{} depends on the facade", package.name);
    }
}

#[test]
fn nothing_depends_on_a_program() {
    let all = workspace();
    for package in &all.packages {
        for dependency in ours(package, &all) {
            let name = dependency.name.as_str();
            let lab = name == "forebay-tests"
                && (is_top(package) || dependency.kind == DependencyKind::Development);
            assert!(lab || !TOP.contains(&name), "{} depends on {name}", package.name);
        }
    }
}

#[test]
fn the_parts_of_the_facade_are_behind_features_of_its_own() {
    let all = workspace();
    let facade = all.packages.iter().find(|package| package.name == FACADE).unwrap();
    for dependency in ours(facade, &all).filter(|dependency| dependency.optional) {
        let switch = format!("dep:{}", dependency.name);
        let switched = facade.features.values().any(|enables| enables.contains(&switch));
        assert!(switched, "no feature of the facade turns on {}", dependency.name);
    }
}

#[test]
fn there_is_no_drawer() {
    for package in &workspace().packages {
        let last = package.name.rsplit('-').next().unwrap();
        assert!(!DRAWERS.contains(&last), "{}: put its parts where they belong", package.name);
    }
}

#[test]
fn folders_are_named_like_their_crates() {
    let all = workspace();
    let crates = all.workspace_root.join("crates");
    for package in &all.packages {
        let folder = package.manifest_path.parent().unwrap();
        if folder.starts_with(&crates) {
            assert_eq!(folder.file_name(), Some(package.name.as_str()));
        }
    }
}

#[test]
fn a_wrong_edge_is_found() {
    let edge = |name: &str, kind: &str, optional: bool| -> Dependency {
        let json = format!(
            r#"{{"name":"{name}","source":null,"req":"*","kind":{kind},"optional":{optional},
                "uses_default_features":true,"features":[],"target":null}}"#
        );
        serde_json::from_str(&json).unwrap()
    };
    let allowed = &["forebay-scope", "forebay-cache?"];
    let wrong =
        |name, kind, optional| mistake("forebay-response", &edge(name, kind, optional), allowed).is_some();
    assert!(wrong("forebay-pool", "null", true), "no such edge, not even optional");
    assert!(wrong("forebay-cache", "null", false), "must be optional");
    assert!(wrong("forebay", "\"dev\"", false), "the facade, even in tests");
    assert!(!wrong("forebay-cache", "null", true));
    assert!(!wrong("forebay-scope", "null", false));
    assert!(!wrong("forebay-tests", "\"dev\"", false));
}
