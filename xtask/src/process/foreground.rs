//! A command that may use the terminal.

use std::process::ExitStatus;

use anyhow::{Context, Result};
use tokio::process::Command;

use crate::interrupt::Interrupts;

/// Runs a command in our own process group: it may read keys, and Ctrl-C reaches it without us. We wait for its end, as a shell does.
///
/// # Errors
/// A signal other than Ctrl-C; the command is killed then.
pub(crate) async fn in_the_foreground(
    command: &mut Command,
    interrupts: &mut Interrupts,
) -> Result<ExitStatus> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let mut child = command.kill_on_drop(true).spawn().with_context(|| format!("cannot run `{name}`"))?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status?),
            stopped = interrupts.next() => {
                if !stopped.is_from_keyboard() {
                    return Err(stopped.into());
                }
            }
        }
    }
}
