//! The servers a lab may need.

use anyhow::Result;
use forebay_tests::Choice;

/// A server of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Postgres,
    Redis,
    Memcached,
    PgBouncer,
}

impl Server {
    /// What a whole lab has.
    pub(crate) const ALL: [Self; 4] = [Self::Postgres, Self::Redis, Self::Memcached, Self::PgBouncer];

    /// Whether it is found, or was named and is wrong: only a missing program can be installed.
    pub(super) fn is_there(self) -> bool {
        self.is_named() || self.check().is_ok()
    }

    /// Whether it can be used.
    pub(super) fn check(self) -> Result<()> {
        match self {
            Self::Postgres => Choice::postgres(),
            Self::Redis => Choice::redis(),
            Self::Memcached => Choice::memcached(),
            Self::PgBouncer => Choice::pgbouncer(),
        }
        .map(|_| ())
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Redis => "Redis",
            Self::Memcached => "Memcached",
            Self::PgBouncer => "PgBouncer",
        }
    }

    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis-server",
            Self::Memcached => "memcached",
            Self::PgBouncer => "pgbouncer",
        }
    }

    /// The package on Debian and Ubuntu, which is also the service it would enable.
    pub(super) fn package(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::Redis => "redis-server",
            Self::Memcached => "memcached",
            Self::PgBouncer => "pgbouncer",
        }
    }

    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "FOREBAY_LAB_POSTGRES",
            Self::Redis => "FOREBAY_LAB_REDIS",
            Self::Memcached => "FOREBAY_LAB_MEMCACHED",
            Self::PgBouncer => "FOREBAY_LAB_PGBOUNCER",
        }
    }

    fn is_named(self) -> bool {
        std::env::var(self.variable()).is_ok_and(|value| !value.trim().is_empty())
    }
}
