//! Who the servers run as.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The user that owns the servers' files and processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account {
    /// Whoever runs the lab.
    Mine,
    /// The lab runs as root, which PostgreSQL refuses: the servers run as this user.
    Unprivileged {
        /// User id.
        user: u32,
        /// Group id.
        group: u32,
    },
}

impl Account {
    /// The account to use: for root the user `postgres`, else `nobody`; for anyone else their own.
    pub(crate) fn detect() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Mine);
        }
        let users = std::fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        for name in ["postgres", "nobody"] {
            if let Some((user, group)) = find_user(&users, name) {
                return Ok(Self::Unprivileged { user, group });
            }
        }
        bail!("the lab runs as root and finds neither the user `postgres` nor `nobody` to run servers as");
    }

    /// Makes this account the owner of `path`.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        match self {
            Self::Mine => Ok(()),
            Self::Unprivileged { user, group } => chown(path, Some(user), Some(group))
                .with_context(|| format!("cannot give {} to user {user}", path.display())),
        }
    }

    /// A temporary folder that this account may enter: the system's, unless root was given a private one.
    pub(crate) fn temporary(self) -> PathBuf {
        let own = std::env::temp_dir();
        if self == Self::Mine || open_to_all(&own) {
            return own;
        }
        ["/tmp", "/var/tmp"].map(PathBuf::from).into_iter().find(|path| open_to_all(path)).unwrap_or(own)
    }
}

fn find_user(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn open_to_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let Ok(path) = path.canonicalize() else { return false };
    path.ancestors()
        .all(|folder| folder.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o001 != 0))
}

#[cfg(test)]
mod tests {
    use super::find_user;

    #[test]
    fn reads_ids_from_the_user_database() {
        let users =
            "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\nbroken";
        assert_eq!(find_user(users, "postgres"), Some((101, 104)));
        assert_eq!(find_user(users, "nobody"), None);
        assert_eq!(find_user(users, "broken"), None);
    }
}
