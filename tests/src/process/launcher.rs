//! Starting child processes that end when this process does.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::account::Account;

/// A program to start as a server account, in a process group of its own.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// Its working folder.
    pub(crate) folder: PathBuf,
    /// Receives what it prints.
    pub(crate) log: PathBuf,
    pub(crate) account: Account,
    /// The signal that ends it cleanly; the kernel sends it when this process dies.
    pub(crate) ending: &'static str,
}

impl Command {
    /// Adds arguments.
    pub(crate) fn arguments<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    pub(super) fn spawn(&self) -> Result<Child> {
        launch(self.prepare()?).with_context(|| format!("cannot start {}", self.program.display()))
    }

    /// `setpriv` sets the signal after it changed the user, which would clear it. Where it is missing the child outlives a killed
    /// owner until the next lab sweeps it.
    fn prepare(&self) -> Result<std::process::Command> {
        let log = File::options().create(true).append(true).mode(0o600).open(&self.log);
        let log = log.with_context(|| format!("cannot write {}", self.log.display()))?;
        let mut command = match setpriv() {
            Some(setpriv) => {
                let mut command = std::process::Command::new(setpriv);
                command.args(["--pdeathsig", self.ending]);
                if let Account::Unprivileged { user, group } = self.account {
                    command.arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
                    command.arg("--clear-groups");
                }
                command.arg("--").arg(&self.program);
                command
            }
            None => {
                let mut command = std::process::Command::new(&self.program);
                if let Account::Unprivileged { user, group } = self.account {
                    command.uid(user).gid(group);
                }
                command
            }
        };
        command.args(&self.arguments).current_dir(&self.folder).process_group(0).stdin(Stdio::null());
        command.env_remove("PGDATA").env_remove("PGPORT").env("LC_ALL", "C");
        command.stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }
}

fn setpriv() -> Option<&'static Path> {
    ["/usr/bin/setpriv", "/bin/setpriv"].into_iter().map(Path::new).find(|path| path.is_file())
}

type Order = (std::process::Command, Sender<io::Result<Child>>);

/// The kernel's death signal follows the *thread* that started a child, so one thread that lives as long as the process starts them all.
fn launch(command: std::process::Command) -> Result<Child> {
    static LAUNCHER: LazyLock<Mutex<Sender<Order>>> = LazyLock::new(|| {
        let (orders, inbox) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, reply) in inbox {
                let _nobody_waits = reply.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    let (reply, answer) = channel();
    LAUNCHER.lock().unwrap_or_else(PoisonError::into_inner).send((command, reply))?;
    Ok(answer.recv()??)
}
