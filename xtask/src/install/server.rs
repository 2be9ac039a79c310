//! The servers a lab may need, and those that only comparisons do.

use anyhow::Result;
use forebay_tests::Choice;

/// A server that can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Postgres,
    Redis,
    Memcached,
    PgBouncer,
    Nginx,
    Varnish,
}

impl Server {
    /// What a whole lab has.
    pub(crate) const ALL: [Self; 4] = [Self::Postgres, Self::Redis, Self::Memcached, Self::PgBouncer];
    /// Caching web servers, to compare with.
    pub(crate) const WEB: [Self; 2] = [Self::Nginx, Self::Varnish];

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
            Self::Nginx => Choice::nginx(),
            Self::Varnish => Choice::varnish(),
        }
        .map(|_| ())
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Redis => "Redis",
            Self::Memcached => "Memcached",
            Self::PgBouncer => "PgBouncer",
            Self::Nginx => "nginx",
            Self::Varnish => "Varnish",
        }
    }

    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis-server",
            Self::Memcached => "memcached",
            Self::PgBouncer => "pgbouncer",
            Self::Nginx => "nginx",
            Self::Varnish => "varnishd",
        }
    }

    /// The package on Debian and Ubuntu, which is also the service it would enable.
    pub(super) fn package(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::Redis => "redis-server",
            Self::Memcached => "memcached",
            Self::PgBouncer => "pgbouncer",
            Self::Nginx => "nginx",
            Self::Varnish => "varnish",
        }
    }

    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "FOREBAY_LAB_POSTGRES",
            Self::Redis => "FOREBAY_LAB_REDIS",
            Self::Memcached => "FOREBAY_LAB_MEMCACHED",
            Self::PgBouncer => "FOREBAY_LAB_PGBOUNCER",
            Self::Nginx => "FOREBAY_LAB_NGINX",
            Self::Varnish => "FOREBAY_LAB_VARNISH",
        }
    }

    fn is_named(self) -> bool {
        std::env::var(self.variable()).is_ok_and(|value| !value.trim().is_empty())
    }
}
