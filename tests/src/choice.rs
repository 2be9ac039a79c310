//! Which servers a lab uses: programs to start, or servers one already has.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

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
        POSTGRES.choice()
    }

    /// Where Redis comes from.
    ///
    /// # Errors
    /// One sentence that names the missing package.
    pub fn redis() -> Result<Self> {
        REDIS.choice()
    }

    /// Where Memcached comes from.
    ///
    /// # Errors
    /// One sentence that names the missing package.
    pub fn memcached() -> Result<Self> {
        MEMCACHED.choice()
    }

    /// What `FOREBAY_LAB_PGBOUNCER` asks for; unset: the first `pgbouncer` in `PATH`. Only programs are of use: it is always started.
    ///
    /// # Errors
    /// One sentence that names the missing package.
    pub fn pgbouncer() -> Result<Self> {
        PGBOUNCER.choice()
    }

    /// What `FOREBAY_LAB_NGINX` asks for; unset: the first `nginx` in `PATH` and `/usr/sbin`. Only programs are of use: it is always
    /// started.
    ///
    /// # Errors
    /// One sentence that names the missing package.
    pub fn nginx() -> Result<Self> {
        NGINX.choice()
    }

    /// What `FOREBAY_LAB_VARNISH` asks for; unset: the first `varnishd` in `PATH` and `/usr/sbin`. Only programs are of use: it is
    /// always started.
    ///
    /// # Errors
    /// One sentence that names the missing package.
    pub fn varnish() -> Result<Self> {
        VARNISH.choice()
    }
}

/// The folder with PostgreSQL's programs.
pub(crate) fn postgres_folder() -> Result<PathBuf> {
    POSTGRES.folder()
}

/// The folder with `redis-server`.
pub(crate) fn redis_folder() -> Result<PathBuf> {
    REDIS.folder()
}

/// The folder with `memcached`.
pub(crate) fn memcached_folder() -> Result<PathBuf> {
    MEMCACHED.folder()
}

/// The folder with `pgbouncer`.
pub(crate) fn pgbouncer_folder() -> Result<PathBuf> {
    PGBOUNCER.folder()
}

/// The folder with `nginx`.
pub(crate) fn nginx_folder() -> Result<PathBuf> {
    NGINX.folder()
}

/// The folder with `varnishd`.
pub(crate) fn varnish_folder() -> Result<PathBuf> {
    VARNISH.folder()
}

const POSTGRES: Program = Program {
    name: "postgres",
    needs: &["postgres", "initdb"],
    variable: "FOREBAY_LAB_POSTGRES",
    package: "postgresql",
};

const REDIS: Program = Program {
    name: "redis-server",
    needs: &["redis-server"],
    variable: "FOREBAY_LAB_REDIS",
    package: "redis-server",
};

const MEMCACHED: Program = Program {
    name: "memcached",
    needs: &["memcached"],
    variable: "FOREBAY_LAB_MEMCACHED",
    package: "memcached",
};

const PGBOUNCER: Program = Program {
    name: "pgbouncer",
    needs: &["pgbouncer"],
    variable: "FOREBAY_LAB_PGBOUNCER",
    package: "pgbouncer",
};

const NGINX: Program =
    Program { name: "nginx", needs: &["nginx"], variable: "FOREBAY_LAB_NGINX", package: "nginx" };

const VARNISH: Program =
    Program { name: "varnishd", needs: &["varnishd"], variable: "FOREBAY_LAB_VARNISH", package: "varnish" };

struct Program {
    name: &'static str,
    needs: &'static [&'static str],
    variable: &'static str,
    package: &'static str,
}

impl Program {
    /// What its variable asks for.
    fn choice(&self) -> Result<Choice> {
        self.resolve(&std::env::var(self.variable).unwrap_or_default(), search_path)
    }

    /// Where the programs are, also when running servers were named: private servers are always started.
    fn folder(&self) -> Result<PathBuf> {
        match self.choice()? {
            Choice::Start(folder) => Ok(folder),
            Choice::Use(_) => self.search(search_path()),
        }
    }

    fn search(&self, folders: Vec<PathBuf>) -> Result<PathBuf> {
        folders.into_iter().find(|folder| self.is_in(folder)).with_context(|| {
            format!(
                "{} was not found: install the package `{}` (`cargo xtask test` does it on Debian and Ubuntu) or set {}",
                self.name, self.package, self.variable
            )
        })
    }

    fn resolve(&self, asked: &str, search: impl FnOnce() -> Vec<PathBuf>) -> Result<Choice> {
        let asked = asked.trim();
        if asked.is_empty() {
            return Ok(Choice::Start(self.search(search())?));
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
        let is_program = path.file_name().is_some_and(|name| self.needs.iter().any(|need| name == *need));
        let folder = if is_program { path.parent().unwrap_or(path) } else { path };
        if self.is_in(folder) {
            return Ok(Choice::Start(folder.to_owned()));
        }
        bail!(
            "{} names {}, which is not a folder with {}",
            self.variable,
            path.display(),
            self.needs.join(" and ")
        );
    }

    fn is_in(&self, folder: &Path) -> bool {
        self.needs.iter().all(|name| folder.join(name).is_file())
    }
}

/// Debian's folders of PostgreSQL, newest first, then `PATH`, then `/usr/sbin`.
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
    // Debian's place for what only administrators start, which is not in everybody's PATH.
    folders.push("/usr/sbin".into());
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
        std::fs::write(folder.path().join("other"), "").unwrap();
        let other = folder.path().join("other");
        assert!(PROGRAM.resolve(other.to_str().unwrap(), Vec::new).is_err(), "not the server's program");
    }
}
