//! `cargo xtask book`

use std::process::ExitCode;

use anyhow::Result;
use tokio::process::Command;

use crate::interrupt::Interrupts;
use crate::process::{Group, exit_code};
use crate::workspace::Workspace;

/// The command that builds the book.
pub(crate) fn command(workspace: &Workspace) -> Command {
    let mut command = workspace.cargo(["run", "--quiet", "--package", "forebay-docs", "--"]);
    command.arg(workspace.root().join("docs")).arg(workspace.target().join("book"));
    command
}

/// Builds the book and says where it is.
pub(crate) async fn run(interrupts: &mut Interrupts) -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    let status = Group::spawn(&mut command(&workspace))?.wait(interrupts).await?;
    Ok(exit_code(status))
}
