use super::builder::CacheBuilder;
use crate::{CacheKey, memory::EvictCause};
use std::{sync::Arc, time::Duration};

/// How much memory holds, and what becomes of what leaves it.
impl<K: CacheKey, V: Send + Sync + 'static> CacheBuilder<K, V> {
    /// How many entries memory holds. Default: 10 000.
    pub fn capacity(mut self, entries: usize) -> Self {
        self.entries = entries;
        self.weight = None;
        self
    }

    /// How much memory holds, in whatever unit `weigh` gives for an entry (bytes, as a rule), and about how many
    /// entries that is. An entry heavier than one of the store's shards (a part of `weight`) is not kept; one that
    /// weighs nothing counts as 1. Default: each entry weighs 1, see [`capacity`](Self::capacity).
    pub fn capacity_by_weight(
        mut self,
        weight: u64,
        entries: usize,
        weigh: impl Fn(&K, &V) -> u64 + Send + Sync + 'static,
    ) -> Self {
        self.entries = entries;
        self.weight = Some((weight, Box::new(weigh)));
        self
    }

    /// Is told of every entry that leaves memory, and why; see [`EvictCause`]. Called outside of all locks, in the task
    /// that caused it, so it should be quick. What it panics with is logged and goes no further. Default: nobody.
    ///
    /// An entry that is invalidated by its key leaves at once. One that expired, or whose tag was invalidated, is never
    /// served again but takes room until it is replaced, evicted or [swept](Self::sweep_every), and is told of then.
    pub fn on_evict(mut self, listener: impl Fn(&K, &Arc<V>, EvictCause) + Send + Sync + 'static) -> Self {
        self.on_evict = Some(Arc::new(listener));
        self
    }

    /// How often memory is [swept](crate::Cache::sweep), on a task that ends with the cache. Default: not at all; what can
    /// never be served again then leaves when its room is needed.
    pub fn sweep_every(mut self, pause: Duration) -> Self {
        self.sweep_every = Some(pause);
        self
    }
}
