//! A started process that does not outlive its handle.

use std::process::{Child, ExitStatus};
use std::slice;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use super::launcher::Command;
use super::table::{Identity, descendants, signal_pid};
use crate::wait::{Answer, until};

const POLL: Duration = Duration::from_millis(2);

/// A child process; dropping the handle kills its process group and collects it.
#[derive(Debug)]
pub(crate) struct Launched {
    child: Mutex<Child>,
    identity: Identity,
    command: Command,
}

impl Launched {
    pub(crate) fn start(command: &Command) -> Result<Self> {
        let child = command.spawn()?;
        let pid = child.id().cast_signed();
        let identity = Identity::of(pid).unwrap_or(Identity { pid, started_ticks: 0 });
        Ok(Self { child: Mutex::new(child), identity, command: command.clone() })
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// Its last words, when it fails.
    pub(crate) async fn run(command: &Command) -> Result<()> {
        let child = Self::start(command)?;
        let name = command.program.display().to_string();
        until(&name, async || Ok(Answer::when(child.exited().is_some(), "it still runs"))).await?;
        match child.exited() {
            Some(status) if status.success() => Ok(()),
            _ => bail!("{name} failed: {}", child.last_words()),
        }
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// How it ended, if it did.
    pub(crate) fn exited(&self) -> Option<ExitStatus> {
        self.lock().try_wait().ok().flatten()
    }

    /// The end of what it printed.
    pub(crate) fn last_words(&self) -> String {
        let log = std::fs::read(&self.command.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(6)..].join(" | ")
    }

    /// Freezes the process and all it started; when it returns, none of them runs.
    pub(crate) fn freeze(&self) {
        // The parent first: a frozen parent starts no more children. A signal takes effect at the end of a system call,
        // which may be a fork, so a child may appear until the parent has stopped indeed.
        self.signal(Signal::STOP);
        wait_stopped(slice::from_ref(&self.identity));
        let family = descendants(self.identity.pid);
        for child in &family {
            child.signal(Signal::STOP);
        }
        wait_stopped(&family);
    }

    /// Undoes [`Self::freeze`].
    pub(crate) fn thaw(&self) {
        for child in descendants(self.identity.pid) {
            child.signal(Signal::CONT);
        }
        self.signal(Signal::CONT);
    }

    /// Ends the process and all it started at once, as a power failure would.
    pub(crate) fn kill(&self) {
        self.freeze();
        let family = descendants(self.identity.pid);
        for child in &family {
            child.signal(Signal::KILL);
        }
        self.signal(Signal::KILL);
        let _collected = self.lock().wait();
        while family.iter().any(Identity::is_running) {
            std::thread::sleep(POLL);
        }
    }

    /// Asks the process to end, and kills it if it has not within `grace`.
    pub(crate) fn end(&self, signal: Signal, grace: Duration) {
        self.signal(signal);
        self.thaw();
        let begun = Instant::now();
        while begun.elapsed() < grace {
            if self.exited().is_some() {
                return;
            }
            std::thread::sleep(POLL);
        }
        self.kill();
    }

    /// Only while the child is not collected: until then its id cannot belong to another process.
    fn signal(&self, signal: Signal) {
        if self.exited().is_none() {
            signal_pid(self.identity.pid, signal);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until each has stopped, or has ended. A process in an uninterruptible wait stops when that is over.
fn wait_stopped(processes: &[Identity]) {
    while processes.iter().any(|process| !process.stands_still()) {
        std::thread::sleep(POLL);
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        if self.exited().is_none() {
            if let Some(group) = Pid::from_raw(self.identity.pid) {
                let _gone = kill_process_group(group, Signal::KILL);
            }
            self.kill();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::descendants;
    use super::{Command, Launched};
    use crate::account::Account;

    #[test]
    fn a_frozen_process_stands_still_also_when_it_was_starting_another() {
        let folder = tempfile::tempdir().unwrap();
        let command = Command {
            program: "/bin/sh".into(),
            arguments: ["-c", "while :; do (exec sleep 0.002) & (exec sleep 0.001); done"]
                .map(Into::into)
                .to_vec(),
            folder: folder.path().to_owned(),
            log: folder.path().join("log"),
            account: Account::Mine,
            ending: "KILL",
        };
        let process = Launched::start(&command).unwrap();
        for _ in 0..100 {
            process.freeze();
            let family = descendants(process.identity().pid);
            assert!(process.identity().stands_still());
            assert!(family.iter().all(super::Identity::stands_still), "{family:?}");
            process.thaw();
        }
    }
}
