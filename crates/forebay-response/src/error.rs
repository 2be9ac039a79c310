use crate::Coding;

/// Why a layer could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value of the configuration is out of its range.
    #[error("response configuration: `{key}` must be {expected}, not {found}")]
    OutOfRange {
        /// The name of the value, as in [`ResponseConfig`](crate::ResponseConfig).
        key: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: u64,
    },
    /// A coding is listed that this build cannot produce.
    #[error("response configuration: `codings` lists {0}, but this build lacks the cargo feature for it")]
    NotCompiled(Coding),
    /// A coding is listed twice.
    #[error("response configuration: `codings` lists {0} twice")]
    Repeated(Coding),
    /// A rule of a response cache that should be a name is none.
    #[error("response cache: `{key}` has {found:?}, which is no name")]
    Name {
        /// The name of the rule, as in `CacheRules`.
        key: &'static str,
        /// What it is.
        found: String,
    },
    /// The cache below a response cache could not be built.
    #[cfg(feature = "cache")]
    #[error(transparent)]
    Cache(#[from] forebay_cache::CacheError),
}
