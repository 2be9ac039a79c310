use crate::config::ConfigError;
use std::{error::Error as _, fmt};

/// A [`DataPath`](crate::DataPath) could not be built, or was asked for a part it does not have.
///
/// `Debug` tells the whole story in one sentence, because that is what a `main` that returns it prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot be used.
    #[error("configuration")]
    Config(#[from] ConfigError),
    /// The caches did not start.
    #[error("cache")]
    Cache(#[from] forebay_cache::CacheError),
    /// The database was asked for, but none is configured.
    #[cfg(feature = "postgres")]
    #[error("no database is configured: give one with `.postgres(…)`, `postgres.primary` or $DATABASE_URL")]
    NoDatabase,
    /// The pool did not start.
    #[cfg(feature = "postgres")]
    #[error("postgres")]
    Pool(#[from] crate::pool::PoolError),
    /// The Redis tier or the sequencer did not start.
    #[cfg(feature = "redis")]
    #[error("redis")]
    Redis(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The Memcached tier did not start.
    #[cfg(feature = "memcached")]
    #[error("memcached")]
    Memcached(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Whether the failed step ran into its time limit.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        #[cfg(feature = "postgres")]
        if let Self::Pool(error) = self {
            return error.is_timeout();
        }
        false
    }

    /// Whether the same call may succeed later, with nothing changed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        #[cfg(feature = "postgres")]
        if let Self::Pool(error) = self {
            return error.is_transient();
        }
        false
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut source = self.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}
