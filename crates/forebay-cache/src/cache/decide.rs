use super::inner::Inner;
use crate::{
    CacheKey,
    freshness::Freshness,
    load::{Decided, Previous},
    memory::Origin,
};
use std::{sync::Arc, time::Duration};

/// What an entry's load tells of it.
#[derive(Debug, Default)]
pub(super) struct Born {
    /// The node's count of invalidations when the load began.
    pub(super) change: u64,
    /// How long ago the load ended.
    pub(super) age: Duration,
    /// How long the loader took.
    pub(super) load: Duration,
    pub(super) validator: Option<Arc<str>>,
}

impl<K: CacheKey, V> Inner<K, V> {
    /// How long `value` may be used: the loader decides before [`ttl_from`](crate::CacheBuilder::ttl_from), that before
    /// the call, and the call before the cache.
    pub(super) fn freshness_for(&self, key: &K, value: &V, origin: &Origin, decided: &Decided) -> Freshness {
        let of_origin = self.freshness_of(origin);
        let of_value = || self.ttl_of.as_ref().and_then(|ttl_of| ttl_of(key, value));
        let window = decided.stale_while_revalidate.filter(|_| origin.refreshable && self.loader.is_some());
        Freshness {
            ttl: decided.ttl.or_else(of_value).or(of_origin.ttl),
            stale_while_revalidate: window.unwrap_or(of_origin.stale_while_revalidate),
            stale_if_error: decided.stale_if_error.unwrap_or(of_origin.stale_if_error),
            ..of_origin
        }
    }

    /// The value a load replaces, unless it was invalidated for good.
    pub(super) fn previous(&self, key: &K) -> Option<Previous<V>> {
        // What is kept to be compared only must not change what a loader asks for.
        let found = self
            .inspect(key)
            .filter(|_| self.mode.is_on())
            .filter(|found| self.memory.may_fall_back(key, &found.life))?;
        let age = Duration::from_nanos(self.memory.clock.now().saturating_sub(found.life.born));
        Some(Previous::new(found.value, age, found.life))
    }
}
