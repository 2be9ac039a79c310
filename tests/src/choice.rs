//! Which servers a lab uses: programs to start, or servers one already has.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// What one of `FOREBAY_LAB_POSTGRES`, `FOREBAY_LAB_REDIS` and `FOREBAY_LAB_MEMCACHED` asks for.
///
/// | variable | a path | addresses, separated by commas |
/// |---|---|---|
/// | `FOREBAY_LAB_POSTGRES` | the folder with `postgres` and `initdb` | `postgres://…`: the primary first, then its standbys; the user must be allowed to create databases |
/// | `FOREBAY_LAB_REDIS` | `redis-server`, or the folder with it | `redis://…`, one |
/// | `FOREBAY_LAB_MEMCACHED` | `memcached`, or the folder with it | `HOST:PORT`, one |
///
/// Unset or empty means: look in `PATH`, and for PostgreSQL first in `/usr/lib/postgresql/*/bin`, the newest version first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// Start the programs of this folder.
    Start(PathBuf),
    /// Use these servers and start none. They are never signalled or stopped.
    Use(Vec<String>),
}

impl Choice {
    /// Where PostgreSQL comes from.
    ///
    /// # Errors
    /// One sentence that names the missing package.
    pub fn postgres() -> Result<Self> {
        Self::read(&Program {
            name: "postgres",
            needs: &["postgres", "initdb"],
            variable: "FOREBAY_LAB_POSTGRES",
            package: "postgresql",
        })
    }

    /// Where Redis comes from.
    ///
    /// # Errors
    /// One sentence that names the missing package.
    pub fn redis() -> Result<Self> {
        Self::read(&Program {
            name: "redis-server",
            needs: &["redis-server"],
            variable: "FOREBAY_LAB_REDIS",
            package: "redis-server",
        })
    }

    /// Where Memcached comes from.
    ///
    /// # Errors
    /// One sentence that names the missing package.
    pub fn memcached() -> Result<Self> {
        Self::read(&Program {
            name: "memcached",
            needs: &["memcached"],
            variable: "FOREBAY_LAB_MEMCACHED",
            package: "memcached",
        })
    }

    fn read(program: &Program) -> Result<Self> {
        let asked = std::env::var(program.variable).unwrap_or_default();
        program.resolve(&asked, search_path)
    }

    /// The folder with the programs, also where running servers were named: private servers are always started.
    pub(crate) fn folder(self, found: impl FnOnce() -> Result<PathBuf>) -> Result<PathBuf> {
        match self {
            Self::Start(folder) => Ok(folder),
            Self::Use(_) => found(),
        }
    }
}

/// The folder with PostgreSQL's programs.
pub(crate) fn postgres_folder() -> Result<PathBuf> {
    Choice::postgres()?.folder(|| missing_programs("postgres", "postgresql", &["postgres", "initdb"]))
}

/// The folder with `redis-server`.
pub(crate) fn redis_folder() -> Result<PathBuf> {
    Choice::redis()?.folder(|| missing_programs("redis-server", "redis-server", &["redis-server"]))
}

/// The folder with `memcached`.
pub(crate) fn memcached_folder() -> Result<PathBuf> {
    Choice::memcached()?.folder(|| missing_programs("memcached", "memcached", &["memcached"]))
}

fn missing_programs(
    name: &'static str,
    package: &'static str,
    needs: &'static [&'static str],
) -> Result<PathBuf> {
    let program = Program { name, needs, variable: "PATH", package };
    match program.resolve("", search_path)? {
        Choice::Start(folder) => Ok(folder),
        Choice::Use(_) => bail!("{name} was not found"),
    }
}

struct Program {
    name: &'static str,
    needs: &'static [&'static str],
    variable: &'static str,
    package: &'static str,
}

impl Program {
    fn resolve(&self, asked: &str, search: impl FnOnce() -> Vec<PathBuf>) -> Result<Choice> {
        let asked = asked.trim();
        if asked.is_empty() {
            return match search().into_iter().find(|folder| self.is_in(folder)) {
                Some(folder) => Ok(Choice::Start(folder)),
                None => bail!(
                    "{} was not found: install the package `{}` (`cargo xtask test` does it on Debian and Ubuntu) or set {}",
                    self.name,
                    self.package,
                    self.variable
                ),
            };
        }
        if !asked.contains("://") && Path::new(asked).exists() {
            return self.in_path(Path::new(asked));
        }
        if asked.contains("://") || asked.contains(':') {
            return Ok(Choice::Use(asked.split(',').map(|part| part.trim().to_owned()).collect()));
        }
        bail!("{} is `{asked}`, which is neither an existing path nor an address", self.variable);
    }

    fn in_path(&self, path: &Path) -> Result<Choice> {
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
        if self.is_in(folder) {
            return Ok(Choice::Start(folder.to_owned()));
        }
        bail!("{} names {}, where {} is missing", self.variable, folder.display(), self.needs.join(" or "));
    }

    fn is_in(&self, folder: &Path) -> bool {
        self.needs.iter().all(|name| folder.join(name).is_file())
    }
}

/// Debian's folders of PostgreSQL, newest first, then `PATH`.
fn search_path() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let mut folders: Vec<PathBuf> = versions.into_iter().map(|(_, folder)| folder).collect();
    if let Some(path) = std::env::var_os("PATH") {
        folders.extend(std::env::split_paths(&path));
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::{Choice, Program};

    const PROGRAM: Program =
        Program { name: "server", needs: &["server"], variable: "LAB_SERVER", package: "server-package" };

    #[test]
    fn a_missing_program_names_its_package() {
        let error = PROGRAM.resolve("", Vec::new).unwrap_err().to_string();
        assert!(error.contains("server-package") && error.contains("cargo xtask test"), "{error}");
    }

    #[test]
    fn addresses_are_used_and_paths_are_searched() {
        let folder = tempfile::tempdir().unwrap();
        assert!(PROGRAM.resolve(folder.path().to_str().unwrap(), Vec::new).is_err());
        std::fs::write(folder.path().join("server"), "").unwrap();
        let start = Choice::Start(folder.path().to_owned());
        assert_eq!(PROGRAM.resolve(folder.path().to_str().unwrap(), Vec::new).unwrap(), start);
        assert_eq!(PROGRAM.resolve(folder.path().join("server").to_str().unwrap(), Vec::new).unwrap(), start);
        assert_eq!(PROGRAM.resolve("", || vec!["/nowhere".into(), folder.path().into()]).unwrap(), start);
        assert_eq!(
            PROGRAM.resolve("redis://a:1, redis://b:2", Vec::new).unwrap(),
            Choice::Use(vec!["redis://a:1".into(), "redis://b:2".into()])
        );
        assert!(PROGRAM.resolve("/no/such/path", Vec::new).is_err());
    }
}
