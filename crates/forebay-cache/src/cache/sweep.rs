use super::{handle::Cache, inner::Inner};
use crate::CacheKey;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};

/// How many entries a sweep looks at before it lets other tasks run.
const STEP: usize = 256;

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Drops from memory what can never be served again, so that it takes no room until it is evicted. Looks at every
    /// entry, and holds a shard's lock for one at a time. Returns how many went.
    /// [`sweep_every`](crate::CacheBuilder::sweep_every) does it from time to time, a few entries at once.
    pub fn sweep(&self) -> u64 {
        self.0.sweep_at_once()
    }

    /// Changes how much memory holds: entries, or the unit of
    /// [`capacity_by_weight`](crate::CacheBuilder::capacity_by_weight). What no longer fits goes at once. At least 1.
    pub fn set_capacity(&self, capacity: u64) {
        self.0.memory.set_capacity(capacity.max(1));
    }

    /// How much memory may hold: entries, or the unit of the weight.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.0.memory.capacity()
    }
}

/// Sweeps every now and then, until the cache is gone or shut down.
pub(super) fn start<K: CacheKey, V: Send + Sync + 'static>(inner: &Arc<Inner<K, V>>, pause: Duration) {
    let cache = Arc::downgrade(inner);
    inner.sweeper.spawn(async move {
        loop {
            tokio::time::sleep(pause).await;
            if !sweep(&cache).await {
                return;
            }
        }
    });
}

impl<K: CacheKey, V> Inner<K, V> {
    pub(super) fn sweep_at_once(&self) -> u64 {
        let mut sweep = self.memory.sweep();
        let mut swept = 0;
        while let Some(dropped) = sweep.step(STEP, self.namespace.counts()) {
            swept += dropped.count();
        }
        self.meters.swept.increment(swept);
        swept
    }
}

/// `false` when the cache is gone.
async fn sweep<K: CacheKey, V: Send + Sync + 'static>(cache: &Weak<Inner<K, V>>) -> bool {
    let Some(inner) = cache.upgrade() else { return false };
    let mut sweep = inner.memory.sweep();
    while let Some(dropped) = sweep.step(STEP, inner.namespace.counts()) {
        inner.meters.swept.increment(dropped.count());
        drop(dropped);
        tokio::task::yield_now().await;
    }
    true
}
