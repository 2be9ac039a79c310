use super::{
    handle::Cache,
    inner::{Inner, note_read},
    loading::Loading,
    lookup::TagSource,
};
use crate::{
    CacheKey, Loaded, StoredAs,
    flight::{Joined, Landing, Lead},
    memory::Verdict,
};
use forebay_scope::Scope;
use std::{sync::Arc, time::Duration};

/// What a call asks of the entry it may have to make.
pub(super) struct Plan<D, F> {
    pub(super) ttl: Option<Duration>,
    pub(super) declared: D,
    pub(super) found: F,
}

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// The way past memory: joins the key's flight, or leads it with `load`.
    pub(super) async fn load<R, D, F>(&self, key: &K, plan: Plan<D, F>, load: impl AsyncFnOnce() -> R) -> R
    where
        R: StoredAs<V>,
        D: TagSource<()>,
        F: TagSource<V>,
    {
        let inner = &*self.0;
        // Whatever was invalidated up to here must not be in what we return.
        let arrived_at = inner.namespace.changes();
        let bytes = key.with_bytes(|bytes| Box::<[u8]>::from(bytes));
        loop {
            let landing = match inner.flights.join(&bytes).await {
                Joined::Lead(lead) => return inner.lead(lead, key, plan, load).await,
                Joined::Landed(landing) => landing,
            };
            if let Some(result) = inner.follow(key, landing, arrived_at) {
                inner.meters.coalesced.increment(1);
                return result;
            }
        }
    }

    /// Stores a value that was not loaded.
    pub(super) fn put<D, F>(&self, key: &K, plan: Plan<D, F>, value: Arc<V>)
    where
        D: TagSource<()>,
        F: TagSource<V>,
    {
        let inner = &*self.0;
        let change = inner.namespace.changes();
        let mut tags = Vec::new();
        plan.declared.add(&(), &mut tags);
        let declared = tags.len();
        plan.found.add(&value, &mut tags);
        inner.add_own_tags(key, &value, &mut tags);
        let origin = inner.origin(plan.ttl, declared, !F::FROM_VALUE);
        let life = Arc::new(inner.life(key, tags, origin, change));
        note_read(&life);
        let slot = inner.slot(key, &value, &life);
        let evicted = key.with_bytes(|bytes| {
            let mut shard = inner.flights.lock(bytes);
            // A load that is under way began before this value was known.
            shard.detach(bytes);
            inner.memory.store(slot, value)
        });
        inner.meters.evictions.increment(evicted.count_others(key));
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> Inner<K, V> {
    /// What a waiting caller makes of the outcome; `None` sends it round again.
    fn follow<R: StoredAs<V>>(&self, key: &K, landing: Landing<V>, arrived_at: u64) -> Option<R> {
        match landing {
            Landing::Value { value, life, behind } => {
                // A load older than this call serves it only if nothing it depends on was invalidated since.
                if life.loaded_at_change < arrived_at && !life.is_valid(&self.memory.floors) {
                    return None;
                }
                note_read(&life);
                if behind {
                    Scope::with_current(Scope::mark_behind);
                }
                Some(R::from_hit(value))
            }
            Landing::Absent { loaded_at_change } if loaded_at_change >= arrived_at => R::from_absent(),
            Landing::Absent { .. } => None,
            Landing::Failed(failed) => self.stand_in(key).or_else(|| R::from_failure(failed)),
        }
    }

    /// A stale value in place of a load that failed.
    fn stand_in<R: StoredAs<V>>(&self, key: &K) -> Option<R> {
        let (value, life) = self.fallback(key)?;
        self.meters.stale_fallback.increment(1);
        note_read(&life);
        // What is built from it is as stale, and must not be kept as if it were new.
        Scope::with_current(Scope::mark_behind);
        Some(R::from_hit(value))
    }

    /// Runs the loader of a flight and shares its outcome.
    async fn lead<R, D, F>(
        &self,
        lead: Lead<'_, V>,
        key: &K,
        plan: Plan<D, F>,
        load: impl AsyncFnOnce() -> R,
    ) -> R
    where
        R: StoredAs<V>,
        D: TagSource<()>,
        F: TagSource<V>,
    {
        // Another flight may have landed between our look at memory and this one.
        if let Some(found) = self.inspect(key)
            && found.verdict == Verdict::Fresh
        {
            note_read(&found.life);
            let value = found.value;
            lead.land(Landing::Value { value: value.clone(), life: found.life, behind: false }, || ());
            return R::from_hit(value);
        }
        let mut declared = Vec::new();
        plan.declared.add(&(), &mut declared);
        let loading = Loading::begin(self, lead, key, declared, plan.ttl);
        let result = loading.scope.run(async { load().await }).await;
        Scope::with_current(|outer| outer.absorb(&loading.scope));
        match result.loaded() {
            Loaded::Value(value) => {
                let mut found = Vec::new();
                plan.found.add(&value, &mut found);
                loading.value(&value, found, !F::FROM_VALUE);
                result
            }
            Loaded::Absent => {
                loading.absent();
                result
            }
            Loaded::Failed(failed) => {
                loading.failed(failed);
                self.stand_in(key).unwrap_or(result)
            }
        }
    }
}
