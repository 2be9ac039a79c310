use super::{life::Life, slot::Slot};
use crate::CacheKey;
use quick_cache::Lifecycle;
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// Why an entry left memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EvictCause {
    /// There was no room, or it weighs more than one of the store's shards can hold.
    Capacity,
    /// It was too old to be of any use, which a sweep noticed.
    Expired,
    /// Its key was invalidated, or its tag or the cache was and a sweep noticed.
    Invalidated,
    /// A newer value of the same key took its place.
    Replaced,
    /// A reload found that there is no such thing.
    Absent,
}

/// Is told of entries that left memory.
pub(crate) type Listener<K, V> = Arc<dyn Fn(&K, &Arc<V>, EvictCause) + Send + Sync>;

/// Makes the store say what it evicts.
pub(super) struct Evictions<K, V> {
    pub(super) listener: Option<Listener<K, V>>,
}

/// Entries that left the store in one operation: those evicted for room, and the one that was replaced.
///
/// When it is dropped, outside of any lock, the listener is told, and the values go: both are the user's code.
pub(crate) struct Evicted<K, V> {
    /// Usually there is one at most, which then costs no allocation.
    first: Option<Left<K, V>>,
    more: Vec<Left<K, V>>,
    listener: Option<Listener<K, V>>,
}

struct Left<K, V> {
    slot: Slot<K>,
    value: Arc<V>,
    /// `None` for what was touched: its value stays, under a newer slot.
    cause: Option<EvictCause>,
}

impl<K, V> Default for Evicted<K, V> {
    fn default() -> Self {
        Self { first: None, more: Vec::new(), listener: None }
    }
}

impl<K, V> Evicted<K, V> {
    /// Nothing yet; `listener` is told of what is added.
    pub(super) fn told_to(listener: Option<&Listener<K, V>>) -> Self {
        Self { first: None, more: Vec::new(), listener: listener.cloned() }
    }

    pub(super) fn add(&mut self, slot: Slot<K>, value: Arc<V>, cause: EvictCause) {
        let left = Left { slot, value, cause: Some(cause) };
        if self.first.is_none() {
            self.first = Some(left);
        } else {
            self.more.push(left);
        }
    }

    /// How many entries left.
    pub(crate) fn count(&self) -> u64 {
        (usize::from(self.first.is_some()) + self.more.len()) as u64
    }
}

impl<K: CacheKey, V> Evicted<K, V> {
    /// The keys of the entries, and why each left.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&K, EvictCause)> {
        self.first.iter().chain(&self.more).filter_map(|left| Some((&left.slot.key, left.cause?)))
    }

    /// How many entries of other keys than `key` had to go.
    pub(crate) fn count_others(&self, key: &K) -> u64 {
        self.first.iter().chain(&self.more).filter(|left| left.slot.key != *key).count() as u64
    }

    /// What was under `key` before `value` was stored there with `life` was replaced by it, unless it is the same value.
    pub(super) fn replaced_by(&mut self, key: &K, value: &Arc<V>, life: &Arc<Life>) {
        for left in self.first.iter_mut().chain(&mut self.more) {
            // What was stored now may have left at once.
            if left.slot.key == *key && !Arc::ptr_eq(&left.slot.life, life) {
                left.cause = (!Arc::ptr_eq(&left.value, value)).then_some(EvictCause::Replaced);
            }
        }
    }
}

impl<K, V> Drop for Evicted<K, V> {
    fn drop(&mut self) {
        let Some(listener) = &self.listener else { return };
        for Left { slot, value, cause } in self.first.iter().chain(&self.more) {
            let Some(cause) = *cause else { continue };
            // A listener is nobody's request: its panic must not become the error of whoever stored something.
            if catch_unwind(AssertUnwindSafe(|| listener(&slot.key, value, cause))).is_err() {
                tracing::warn!("the listener for evictions panicked");
            }
        }
    }
}

impl<K, V> Lifecycle<Slot<K>, Arc<V>> for Evictions<K, V> {
    type RequestState = Evicted<K, V>;

    fn on_evict(&self, evicted: &mut Self::RequestState, slot: Slot<K>, value: Arc<V>) {
        if evicted.listener.is_none() {
            evicted.listener.clone_from(&self.listener);
        }
        evicted.add(slot, value, EvictCause::Capacity);
    }
}

impl<K, V> Clone for Evictions<K, V> {
    fn clone(&self) -> Self {
        Self { listener: self.listener.clone() }
    }
}

impl<K, V> fmt::Debug for Evicted<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evicted").field("count", &self.count()).finish_non_exhaustive()
    }
}
