//! A command in a process group of its own.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::{Child, ChildStdout, Command};

use crate::interrupt::{Interrupts, Stopped};

/// How long a command usually may take to end after SIGTERM before it is killed.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

/// A running command and whatever it started. Dropping it kills them all.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    group: Option<Pid>,
    grace: Duration,
}

impl Group {
    /// Starts the command as the leader of a new process group.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        let name = command.as_std().get_program().to_string_lossy().into_owned();
        let child = command
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run `{name}`"))?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok(Self { child, group, grace: GRACE })
    }

    /// Waits this long for the group's end before killing it. Default: 5 s.
    pub(crate) fn patient(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// What the command prints, if its standard output is piped; handed out once.
    pub(crate) fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits for the end of the command. At a signal the whole group is asked to end, and killed if it does not.
    ///
    /// # Errors
    /// [`Stopped`] at a signal.
    pub(crate) async fn wait(&mut self, interrupts: &mut Interrupts) -> Result<ExitStatus> {
        let stopped: Stopped = tokio::select! {
            status = self.child.wait() => return Ok(status?),
            stopped = interrupts.next() => stopped,
        };
        self.end().await;
        Err(stopped.into())
    }

    /// Asks the group to end and waits until all of it has.
    pub(crate) async fn end(&mut self) {
        self.signal(Signal::TERM);
        let ended = async {
            let _status = self.child.wait().await;
            while self.group.is_some_and(|group| test_kill_process_group(group).is_ok()) {
                tokio::time::sleep(POLL).await;
            }
        };
        if tokio::time::timeout(self.grace, ended).await.is_err() {
            self.signal(Signal::KILL);
            let _status = self.child.wait().await;
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            let _gone = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // After the leader was collected the group may still hold what it left behind.
        self.signal(Signal::KILL);
    }
}

/// The code to pass on for a command that ended.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
