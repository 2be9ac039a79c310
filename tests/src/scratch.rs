//! A temporary folder for the processes of one run.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::account::Account;
use crate::folder::Folder;

/// A place for what child processes put into `TMPDIR`: compilers and tests that are stopped leave files there.
///
/// Removed when dropped, or by the next lab when its owner was killed.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    // Its drop removes the folder.
    _folder: Folder,
}

impl Scratch {
    /// A new, empty place.
    ///
    /// # Errors
    /// The system's temporary folder cannot be written.
    pub fn create() -> Result<Self> {
        let folder = Folder::create(None)?;
        let path = folder.path().join("tmp");
        DirBuilder::new().create(&path)?;
        // For root the servers' account uses it too, as it would the system's.
        let mode = if folder.account() == Account::Mine { 0o700 } else { 0o1777 };
        std::fs::set_permissions(&path, Permissions::from_mode(mode))?;
        Ok(Self { path, _folder: folder })
    }

    /// The value for `TMPDIR`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
