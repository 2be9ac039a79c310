//! The parts of a test run, in the order in which they find mistakes soonest.

use tokio::process::Command;

use super::features;
use super::fuzz;
use super::scope::Scope;
use crate::book;
use crate::workspace::Workspace;

/// One part: commands under a name.
#[derive(Debug)]
pub(super) struct Part {
    name: &'static str,
    commands: Vec<Command>,
    needs_lab: bool,
}

impl Part {
    fn new(name: &'static str, commands: Vec<Command>) -> Self {
        Self { name, commands, needs_lab: false }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether its commands meet real servers.
    pub(super) fn needs_lab(&self) -> bool {
        self.needs_lab
    }

    pub(super) fn into_commands(self) -> Vec<Command> {
        self.commands
    }
}

/// What there is to do for this scope. All parts select the same packages and features, so that each dependency is built once.
pub(super) fn parts(workspace: &Workspace, scope: &Scope<'_>) -> Vec<Part> {
    let mut parts = vec![
        Part::new("format", vec![format(workspace, scope)]),
        Part::new("lints", vec![lints(workspace, scope)]),
        Part::new("docs", vec![docs(workspace, scope)]),
    ];
    if scope.is_all() {
        parts.push(Part::new("layers", vec![layers(workspace)]));
    }
    let tests =
        workspace.cargo(["test", "--all-features"].map(String::from).into_iter().chain(scope.selection()));
    parts.push(Part { needs_lab: true, ..Part::new("tests", vec![tests]) });
    if scope.is_all() {
        parts.push(Part::new("examples", vec![examples(workspace)]));
    }
    parts.push(Part::new("features", features::commands(workspace, scope)));
    parts.push(Part::new("fuzz", fuzz::commands(workspace, scope)));
    if scope.is_all() {
        parts.push(Part::new("book", vec![book::command(workspace)]));
    }
    parts.retain(|part| !part.commands.is_empty());
    parts
}

fn format(workspace: &Workspace, scope: &Scope<'_>) -> Command {
    let mut command = workspace.cargo(["fmt"]);
    if scope.is_all() {
        command.arg("--all");
    }
    command.args(scope.selection()).args(["--", "--check"]);
    command
}

fn lints(workspace: &Workspace, scope: &Scope<'_>) -> Command {
    let mut command = workspace.cargo(["clippy", "--all-targets", "--all-features"]);
    command.args(scope.selection()).args(["--", "-D", "warnings"]);
    command
}

fn docs(workspace: &Workspace, scope: &Scope<'_>) -> Command {
    let mut command = workspace.cargo(["doc", "--no-deps", "--all-features"]);
    command.args(scope.selection()).env("RUSTDOCFLAGS", "-D warnings");
    command
}

fn layers(workspace: &Workspace) -> Command {
    workspace.cargo(["test", "--all-features", "--test", "layers"])
}

/// Built in one go, with the features of everything else.
fn examples(workspace: &Workspace) -> Command {
    workspace.cargo(["build", "--all-features", "--bins", "--examples"])
}
