use std::time::Duration;

/// Why a [`CacheControl`](crate::CacheControl) could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CacheControlError {
    /// One directive allows what another one forbids.
    #[error("cache-control: `{allows}` beside `{forbids}`: {why}")]
    Contradiction {
        /// The directive that allows something.
        allows: &'static str,
        /// The directive that forbids it.
        forbids: &'static str,
        /// In what they contradict each other.
        why: &'static str,
    },
    /// A time that the field cannot carry.
    #[error("cache-control: `{directive}` must be a whole number of seconds, not {found:?}")]
    NotWholeSeconds {
        /// The directive.
        directive: &'static str,
        /// Its time.
        found: Duration,
    },
    /// A directive about fields that names none.
    #[error("cache-control: `{0}` is about fields, but names none")]
    NoFields(&'static str),
    /// An extension that cannot be written.
    #[error("cache-control: the extension `{name}` {problem}")]
    Extension {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Nothing was said at all.
    #[error("cache-control: no directive was given")]
    Empty,
    /// The name of a targeted field that cannot be one.
    #[error(
        "cache-control: `{0}` cannot be the name of a targeted field, which is a token ending in `-cache-control`"
    )]
    Target(String),
}
