use crate::{Fingerprint, Stamp};
use bytes::Bytes;
use forebay_scope::Tag;
use std::time::Duration;

/// One value with its freshness, ready for a tier or read from one. All durations count from the load and travel in
/// whole milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The newest invalidation its load had seen.
    pub stamp: Stamp,
    /// Codec and schema of `payload`.
    pub fingerprint: Fingerprint,
    /// How old the value was when it was encoded. See [`Entry::age_now`] for its age when read.
    pub age: Duration,
    /// How long it is fresh; `None` until it is invalidated.
    pub ttl: Option<Duration>,
    /// How much longer it may be served while it is loaded again; `None` for not at all.
    pub stale: Option<Duration>,
    /// How much longer than `ttl` it may be served when loading fails; `None` for not at all.
    pub fallback: Option<Duration>,
    /// How long the tier was asked to keep it, counted from when it was sent; `None` until evicted.
    pub keep: Option<Duration>,
    /// How long its load took.
    pub load: Duration,
    /// What it depends on.
    pub tags: Vec<Tag>,
    /// The value as its codec wrote it.
    pub payload: Bytes,
}

impl Entry {
    /// The entry's age, given how much longer its tier keeps it ([`Stored::remaining`](crate::Stored)).
    ///
    /// `None` when the tier keeps it without a limit, so that nothing is known: an entry with a `ttl` is then to be
    /// taken as expired.
    #[must_use]
    pub fn age_now(&self, remaining: Option<Duration>) -> Option<Duration> {
        Self::age_since(self.age, self.keep, remaining)
    }

    pub(super) fn age_since(
        age: Duration,
        keep: Option<Duration>,
        remaining: Option<Duration>,
    ) -> Option<Duration> {
        Some(age + keep?.saturating_sub(remaining?))
    }
}
