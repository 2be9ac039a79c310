//! Each feature of each crate by itself.

use cargo_metadata::{Package, TargetKind};
use tokio::process::Command;

use super::scope::Scope;
use crate::workspace::Workspace;

/// One check of the library as users get it, one without features, one for each feature alone.
///
/// Lints deny warnings, so code that a feature leaves unused is found too.
pub(super) fn commands(workspace: &Workspace, scope: &Scope<'_>) -> Vec<Command> {
    let libraries = scope.packages().iter().filter(|package| has_library(package) && is_published(package));
    libraries.flat_map(|package| sets(package)).map(|set| check(workspace, &set)).collect()
}

fn sets(package: &Package) -> Vec<Vec<String>> {
    let name = package.name.to_string();
    let mut sets = vec![vec![name.clone()]];
    if !package.features.is_empty() {
        sets.push(vec![name.clone(), "--no-default-features".to_owned()]);
    }
    for feature in package.features.keys().filter(|feature| *feature != "default") {
        sets.push(vec![
            name.clone(),
            "--no-default-features".to_owned(),
            "--features".to_owned(),
            feature.clone(),
        ]);
    }
    sets
}

fn check(workspace: &Workspace, set: &[String]) -> Command {
    let mut command = workspace.cargo(["clippy", "--quiet", "--lib", "--package"]);
    command.args(set).args(["--", "-D", "warnings"]);
    command
}

fn has_library(package: &Package) -> bool {
    let kinds = [TargetKind::Lib, TargetKind::ProcMacro];
    package.targets.iter().any(|target| target.kind.iter().any(|kind| kinds.contains(kind)))
}

/// Examples and the lab have no users who pick features.
fn is_published(package: &Package) -> bool {
    package.publish.as_ref().is_none_or(|registries| !registries.is_empty())
}
