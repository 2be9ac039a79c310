use super::{
    lookup::{NoTags, TagSource},
    places::Places,
};
use std::time::Duration;

/// What a call asks of the entry it may have to make.
pub(super) struct Plan<D, F> {
    pub(super) ttl: Option<Duration>,
    pub(super) declared: D,
    pub(super) found: F,
    /// Whether its loader talks to the cache: it wants the old value, and may give tags.
    pub(super) talks: bool,
    /// Whether it is the cache's own loader, which could make the same entry in the background.
    pub(super) by_loader: bool,
    pub(super) places: Places,
}

impl Plan<NoTags, NoTags> {
    /// That of a call without options.
    pub(super) const PLAIN: Self = Self {
        ttl: None,
        declared: NoTags,
        found: NoTags,
        talks: false,
        by_loader: false,
        places: Places::ALL,
    };
}

impl<D, F> Plan<D, F> {
    /// The same, with a loader that talks to the cache.
    pub(super) fn talking(self) -> Self {
        Self { talks: true, ..self }
    }

    /// Whether the call's own tags depend on the value.
    pub(super) fn tags_from_value<V>(&self) -> bool
    where
        F: TagSource<V>,
    {
        F::FROM_VALUE
    }
}
