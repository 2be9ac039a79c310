//! Debian and Ubuntu.

use std::io::IsTerminal;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::process::Command;

use crate::interrupt::Interrupts;
use crate::process::{Group, in_the_foreground};

const SCRIPT: &str = include_str!("debian.sh");

/// Once packages are being unpacked they are finished, whatever is asked meanwhile.
const GRACE: Duration = Duration::from_secs(120);

/// Whether this system has Debian's package manager.
pub(super) fn is_this() -> bool {
    let system = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let family = system.lines().filter(|line| line.starts_with("ID=") || line.starts_with("ID_LIKE="));
    family.flat_map(|line| line.split(['=', '"', ' '])).any(|word| word == "debian" || word == "ubuntu")
        && in_path("apt-get")
}

/// How this user may install packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Installer {
    /// As root.
    Root,
    /// Through sudo, which may ask for a password at the terminal.
    Sudo,
}

impl Installer {
    /// `None` when this user has no way to become root.
    pub(super) fn find() -> Option<Self> {
        if rustix::process::geteuid().is_root() {
            return Some(Self::Root);
        }
        in_path("sudo").then_some(Self::Sudo)
    }

    /// The command that does the work, as one would type it.
    pub(super) fn shown(self, packages: &[&str]) -> String {
        let sudo = if self == Self::Sudo { "sudo " } else { "" };
        format!(
            "{sudo}apt-get update && {sudo}apt-get install --no-install-recommends {}",
            packages.join(" ")
        )
    }

    /// Installs packages without starting or enabling their services.
    ///
    /// # Errors
    /// The package manager failed, or this user may not use it.
    pub(super) async fn install(self, packages: &[&str], interrupts: &mut Interrupts) -> Result<()> {
        let terminal = std::io::stdin().is_terminal();
        let mut command = match self {
            Self::Root => Command::new("sh"),
            Self::Sudo => {
                let mut sudo = Command::new("sudo");
                // Without a terminal a password cannot be given: fail rather than wait for one.
                sudo.args(if terminal { &["--"][..] } else { &["--non-interactive", "--"][..] }).arg("sh");
                sudo
            }
        };
        command.args(["-c", SCRIPT, "forebay-lab"]).args(packages);
        let status = run(&mut command, terminal, interrupts).await?;
        if !status.success() {
            bail!(
                "the packages could not be installed ({status}): run `{}` yourself and try again",
                self.shown(packages)
            );
        }
        Ok(())
    }
}

async fn run(command: &mut Command, terminal: bool, interrupts: &mut Interrupts) -> Result<ExitStatus> {
    if terminal {
        let ended = in_the_foreground(command, GRACE, interrupts).await?;
        return ended.interrupted.map_or(Ok(ended.status), |stopped| Err(stopped.into()));
    }
    Group::spawn(command.stdin(Stdio::null()))?.patient(GRACE).wait(interrupts).await
}

fn in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file())
}
