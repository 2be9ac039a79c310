use super::{
    decide::Born,
    handle::Cache,
    lookup::{Lookup, TagSource},
    remote::Outgoing,
};
use crate::{CacheKey, load::Decided, memory::Verdict};
use forebay_scope::Scope;
use std::sync::Arc;

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Makes the value of `key` as fresh as if it had been loaded now, without loading it: for callers who know that it is
    /// still current. `false` when there is none, or it was invalidated: that is not undone.
    ///
    /// Looks into the remote tiers when memory has none, and sends what was touched to them. Other nodes keep to the ttl
    /// they know until they look there. In a scope that [is behind](forebay_scope::Scope::is_behind) nothing is touched.
    pub async fn touch(&self, key: &K) -> bool {
        self.entry(key).touch().await
    }
}

impl<K, V, D, F> Lookup<'_, K, V, D, F>
where
    K: CacheKey,
    V: Send + Sync + 'static,
    D: TagSource<()>,
    F: TagSource<V>,
{
    /// [`Cache::touch`], for the ttl of this call if it has one. The value keeps its tags.
    pub async fn touch(self) -> bool {
        let Self { cache, key, plan } = self;
        let (inner, ttl, places) = (&cache.0, plan.ttl, plan.places);
        if Scope::with_current(Scope::is_behind) == Some(true) || !places.keep_in_memory {
            return false;
        }
        if inner.inspect(key).is_none_or(|found| found.verdict == Verdict::Dead) {
            drop(cache.find(key, places).await);
        }
        let full_key = inner.full_key(key);
        // Before the look: an entry that is valid after it has seen all that is known here now.
        let start = inner.start(key, &full_key, &[], true);
        let Some(found) = inner.inspect(key).filter(|found| found.verdict != Verdict::Dead) else {
            return false;
        };
        let (value, old) = (found.value, found.life);
        let mut origin = old.origin;
        origin.ttl = ttl.or(origin.ttl);
        let freshness = inner.freshness_for(key, &value, &origin, &Decided::default());
        let validator = old.validator().cloned();
        let born = Born { change: start.change, load: old.load(), validator, ..Born::default() };
        let life = Arc::new(inner.life(key, old.tags().to_vec(), &freshness, origin, born));
        let slot = inner.slot(key, &value, &life);
        let evicted = key.with_bytes(|bytes| {
            // Nobody invalidates the key, or stores another value, while this is held.
            let _shard = inner.flights.lock(bytes);
            let present = inner.inspect(key).filter(|present| Arc::ptr_eq(&present.life, &old))?;
            inner.memory.is_valid(key, &present.life).then(|| inner.memory.store(slot, value.clone()))
        });
        let Some(evicted) = evicted else { return false };
        inner.meters.evictions.increment(evicted.count_others(key));
        drop(evicted);
        if let Some(stamp) = start.stamp.filter(|_| places.keep_in_tiers) {
            let outgoing = Outgoing { value, life, freshness, stamp, waits: true, _lease: None };
            inner.fill_all(vec![(full_key, outgoing)]);
        }
        true
    }
}
