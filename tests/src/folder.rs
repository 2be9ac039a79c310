//! The temporary folder of a lab, and the record of its processes inside it.

use std::fs::{DirBuilder, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

use crate::account::Account;
use crate::process::Identity;
use crate::sweep;

/// The file inside a folder that names its processes, one line each: id, start time, program.
pub(crate) const RECORD: &str = "processes";

/// A folder that is removed, with everything in it, when the last server in it is gone.
///
/// Its name says who owns it (process id and start time), so the next lab knows whether the owner is still there.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    account: Account,
}

impl Folder {
    /// A new folder: inside the shared lab's folder when this process runs under one, else in the system's temporary folder.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub(crate) fn create(inside: Option<&Path>) -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let account = Account::detect()?;
        let parent = match inside {
            Some(shared) => shared.to_owned(),
            None => account.temporary(),
        };
        sweep::abandoned(&parent);
        let owner = Identity::mine().context("the lab needs Linux: it reads /proc")?;
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(sweep::name(&owner, number));
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot make the lab's folder {}", path.display()))?;
        let folder = Self { path, account };
        if account != Account::Mine {
            // The servers' account may pass through, not look around.
            std::fs::set_permissions(&folder.path, Permissions::from_mode(0o711))?;
        }
        File::options().create_new(true).append(true).mode(0o600).open(folder.path.join(RECORD))?;
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn account(&self) -> Account {
        self.account
    }

    /// A folder inside for one server, owned by the account that runs it.
    pub(crate) fn place(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        self.account.own(&path)?;
        Ok(path)
    }

    /// Writes down a process before anything else happens with it.
    pub(crate) fn record(&self, process: &Identity, program: &Path) -> Result<()> {
        let program = program.file_name().unwrap_or_default().to_string_lossy();
        let line = format!("{} {} {program}\n", process.pid, process.started_ticks);
        let mut record = File::options().append(true).open(self.path.join(RECORD))?;
        record.write_all(line.as_bytes()).context("cannot record a process of the lab")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        sweep::remove(&self.path);
    }
}
