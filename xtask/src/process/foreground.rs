//! A command that may use the terminal.

use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

use crate::interrupt::{Interrupts, Stopped};

/// How a command at the terminal ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Ctrl-C was pressed while it ran. Whether it ended by that is its own affair.
    pub(crate) interrupted: Option<Stopped>,
}

/// Runs a command in our own process group: it may read keys, and Ctrl-C reaches it without us. We wait for its end, as a shell does.
///
/// # Errors
/// A signal other than Ctrl-C: the command is asked to end then, and killed if it has not within `grace`.
pub(crate) async fn in_the_foreground(
    command: &mut Command,
    grace: Duration,
    interrupts: &mut Interrupts,
) -> Result<Ended> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let mut child = command.kill_on_drop(true).spawn().with_context(|| format!("cannot run `{name}`"))?;
    let mut interrupted = None;
    loop {
        let stopped = tokio::select! {
            status = child.wait() => return Ok(Ended { status: status?, interrupted }),
            stopped = interrupts.next() => stopped,
        };
        if stopped.is_from_keyboard() {
            interrupted = Some(stopped);
            continue;
        }
        if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            let _gone = kill_process(pid, Signal::TERM);
        }
        let _ended = tokio::time::timeout(grace, child.wait()).await;
        return Err(stopped.into());
    }
}
