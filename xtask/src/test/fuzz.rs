//! The fuzz targets compile, with the toolchain there is: running them with a sanitizer takes a nightly one.

use std::path::Path;

use tokio::process::Command;

use super::scope::Scope;
use crate::workspace::Workspace;

/// A check of the fuzz package of each crate that has one, with the versions of this workspace.
pub(super) fn commands(workspace: &Workspace, scope: &Scope<'_>) -> Vec<Command> {
    let folders = scope.packages().iter().filter_map(|package| package.manifest_path.parent());
    let manifests = folders.map(|folder| folder.join("fuzz/Cargo.toml").into_std_path_buf());
    manifests.filter(|manifest| manifest.exists()).flat_map(|manifest| check(workspace, &manifest)).collect()
}

fn check(workspace: &Workspace, manifest: &Path) -> [Command; 2] {
    // These packages are outside of the workspace and would take the newest versions of everything.
    let mut versions = Command::new("cp");
    versions.arg(workspace.root().join("Cargo.lock")).arg(manifest.with_file_name("Cargo.lock"));
    let mut check = workspace.cargo(["check", "--quiet", "--bins", "--manifest-path"]);
    check.arg(manifest).env("CARGO_TARGET_DIR", workspace.target());
    [versions, check]
}
