//! `cargo xtask lab -- COMMAND`

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Context, Result};
use forebay_tests::{ENVIRONMENT, Lab, LabSpec};
use tokio::process::Command;

use crate::interrupt::Interrupts;
use crate::process::{Group, exit_code};

/// Runs a command inside a lab and passes its exit code on.
pub(crate) async fn run(words: &[OsString], interrupts: &mut Interrupts) -> Result<ExitCode> {
    let lab = interrupts.guard(Lab::start(&LabSpec::default())).await?;
    let (program, arguments) = words.split_first().context("no command was given")?;
    let mut command = Command::new(program);
    command.args(arguments).env(ENVIRONMENT, lab.addresses().to_environment());
    if std::io::stdin().is_terminal() {
        return in_the_foreground(command, interrupts).await;
    }
    let status = Group::spawn(&mut command)?.wait(interrupts).await?;
    Ok(exit_code(status))
}

/// At a terminal the command stays in our process group: it may read keys, and Ctrl-C reaches it without us. We wait for its end, as a
/// shell does.
async fn in_the_foreground(mut command: Command, interrupts: &mut Interrupts) -> Result<ExitCode> {
    let mut child = command.kill_on_drop(true).spawn().context("cannot run the command")?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(exit_code(status?)),
            stopped = interrupts.next() => {
                if !stopped.is_from_keyboard() {
                    return Err(stopped.into());
                }
            }
        }
    }
}
