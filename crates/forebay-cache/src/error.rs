use crate::LoaderError;
use std::{any::Any, fmt, sync::Arc};

/// A cache could not be built.
///
/// Nothing else of a cache fails: trouble in a remote tier or on the backplane is a metric and a miss.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The name is empty, or holds something else than letters, digits, `-`, `_` and `.`.
    #[error("cache name {0:?} must be letters, digits, `-`, `_` or `.`")]
    Name(String),
    /// Two living caches of one namespace may not share a name: they would share keys and metrics.
    #[error("cache name {0:?} is taken in this namespace")]
    NameTaken(String),
    /// A setting makes no sense.
    #[error("cache {cache:?}: `{setting}` {problem}")]
    Setting {
        /// The cache's name.
        cache: String,
        /// The setting's name, as in the configuration.
        setting: &'static str,
        /// What is wrong with it, and what would be right.
        problem: &'static str,
    },
    /// A setting of a namespace makes no sense.
    #[error("namespace {namespace:?}: `{setting}` {problem}")]
    Namespace {
        /// The namespace's name.
        namespace: String,
        /// The setting's name, as in the configuration.
        setting: &'static str,
        /// What is wrong with it, and what would be right.
        problem: &'static str,
    },
    /// A remote tier cannot be guarded as asked.
    #[error("tier {tier:?}: {problem}")]
    Tier {
        /// The tier's name.
        tier: String,
        /// What is wrong with its settings.
        problem: String,
    },
}

/// The load that this call waited for did not succeed. Cheap to clone: every waiting call gets one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadFailed {
    /// The caller that ran the loader got this error.
    #[error("the load this call waited for failed: {0}")]
    Leader(Arc<str>),
    /// The loader panicked.
    #[error("the load this call waited for panicked")]
    Panicked,
    /// The load did not end within the cache's bound for one load.
    #[error("the load this call waited for took too long")]
    Deadline,
    /// There is nothing to load with: the cache was built without a [`Loader`](crate::Loader).
    #[error("the cache has no loader of its own")]
    NoLoader,
    /// Too many loads of the cache run already, and this one did not get its turn in time.
    #[error("too many loads of the cache run already")]
    Busy,
}

impl LoadFailed {
    /// What others hear of a loader's error: one of this kind is told as it is.
    pub(crate) fn of<E: fmt::Display + 'static>(error: &E) -> Self {
        let any: &dyn Any = error;
        let owned = || any.downcast_ref::<LoaderError>()?.downcast_ref();
        let own = any.downcast_ref::<Self>().or_else(owned);
        own.cloned().unwrap_or_else(|| Self::Leader(error.to_string().into()))
    }

    /// Whether trying again may help: always, except for an error of the loader itself, which only its owner
    /// can judge, and where there is no loader.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Panicked | Self::Deadline | Self::Busy)
    }

    /// Whether the load took too long.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::Deadline)
    }
}
