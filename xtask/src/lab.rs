//! `cargo xtask lab -- COMMAND`, and the lab of the other commands.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use forebay_tests::{ENVIRONMENT, Lab, LabSpec};
use tokio::process::Command;

use crate::interrupt::Interrupts;
use crate::process::{Group, exit_code, in_the_foreground};

/// How long the command may take to end after SIGTERM before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// Starts a lab, or drops what was started at a signal.
///
/// # Errors
/// What is missing or broken, in one sentence.
pub(crate) async fn start(spec: &LabSpec, interrupts: &mut Interrupts) -> Result<Lab> {
    let starting = async { Lab::start(spec).await.context("the lab did not start") };
    interrupts.guard(starting).await
}

/// Runs a command inside a lab and passes its exit code on.
pub(crate) async fn run(words: &[OsString], interrupts: &mut Interrupts) -> Result<ExitCode> {
    let lab = start(&LabSpec::default(), interrupts).await?;
    let (program, arguments) = words.split_first().context("no command was given")?;
    let mut command = Command::new(program);
    command.args(arguments).env(ENVIRONMENT, lab.addresses().to_environment());
    if std::io::stdin().is_terminal() {
        let ended = in_the_foreground(&mut command, GRACE, interrupts).await?;
        return Ok(exit_code(ended.status));
    }
    let status = Group::spawn(&mut command)?.wait(interrupts).await?;
    Ok(exit_code(status))
}
