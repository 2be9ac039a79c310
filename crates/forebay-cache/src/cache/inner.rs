use super::{
    bulkhead::Bulkhead, decide::Born, failing::Failing, failures::Classifier, lease::Leases, observe::Same,
    remote::Remote, unforeseen::Unforeseen,
};
use crate::{
    CacheEvent, CacheKey, CacheStats, Explanation, Loader, Mode, Namespace, Strength,
    clock::nanos,
    flight::{Flights, Landing, Lead},
    freshness::Freshness,
    heat::Saver,
    memory::{EvictCause, Evicted, Found, Inspected, Life, Memory, Origin, Slot, Verdict},
    metrics::Meters,
    mode::Switch,
    namespace::{Member, Start},
    tasks::Tasks,
};
use async_trait::async_trait;
use bytes::{BufMut, Bytes, BytesMut};
use forebay_scope::{Scope, Tag};
use std::{fmt, hash::BuildHasher, sync::Arc, time::Duration};

/// What an entry of memory weighs, in the unit of the cache's capacity.
pub(super) type Weigher<K, V> = Box<dyn Fn(&K, &V) -> u64 + Send + Sync>;

/// The tags every entry of a cache gets.
pub(super) type TagsOf<K, V> = Box<dyn Fn(&K, &V, &mut Vec<Tag>) + Send + Sync>;

/// How long a value is fresh, if that depends on it.
pub(super) type TtlOf<K, V> = Box<dyn Fn(&K, &V) -> Option<Duration> + Send + Sync>;

pub(super) struct Inner<K, V> {
    pub(super) name: Box<str>,
    pub(super) namespace: Namespace,
    pub(super) memory: Memory<K, V>,
    pub(super) flights: Flights<V>,
    pub(super) freshness: Freshness,
    pub(super) weigher: Option<Weigher<K, V>>,
    pub(super) tags_of: Option<TagsOf<K, V>>,
    pub(super) ttl_of: Option<TtlOf<K, V>>,
    pub(super) loader: Option<Arc<dyn Loader<K, V>>>,
    pub(super) load_max: Duration,
    /// How nodes agree on one load, if they do.
    pub(super) lease: Option<Arc<Leases>>,
    pub(super) soft_timeout: Option<Duration>,
    pub(super) classifier: Option<Classifier>,
    /// Set when keys whose load failed are left alone for a while.
    pub(super) failing: Option<Failing>,
    /// Set when there is a bound to how many loads run.
    pub(super) bulkhead: Option<Bulkhead>,
    pub(super) meters: Meters,
    pub(super) mode: Switch,
    /// Set when the hottest keys are kept.
    pub(super) hot: Option<Saver<K>>,
    /// Looks which keys are used.
    pub(super) looker: Tasks,
    /// How observing tells right from wrong.
    pub(super) same: Option<Same<V>>,
    /// Set when the cache has a codec.
    pub(super) remote: Option<Remote<V>>,
    pub(super) unforeseen: Unforeseen,
    /// Loads that outlive their callers.
    pub(super) tasks: Tasks,
    /// The periodic sweep, if there is one.
    pub(super) sweeper: Tasks,
    /// Keys that are kept fresh.
    pub(super) timers: Tasks,
    /// Places each key between 0 and 1 for jitter: differently on each node, always the same on one.
    pub(super) spread: foldhash::fast::RandomState,
}

impl<K: CacheKey, V> Inner<K, V> {
    #[inline]
    pub(super) fn find(&self, key: &K) -> Found<V> {
        self.memory.find(key, self.namespace.counts())
    }

    /// The entry in memory, with everything that is known of it.
    pub(super) fn inspect(&self, key: &K) -> Option<Inspected<V>> {
        self.memory.inspect(key, self.namespace.counts())
    }

    /// Begins a load; see [`Namespace::start`].
    pub(super) fn start(&self, key: &K, full_key: &[u8], declared: &[Tag], open: bool) -> Start {
        self.namespace.start((&self.name, key), full_key, declared, open)
    }

    /// The value a failed load may be replaced by.
    pub(super) fn fallback(&self, key: &K) -> Option<(Arc<V>, Arc<Life>)> {
        let found = self.inspect(key)?;
        let usable = matches!(found.verdict, Verdict::Fallback | Verdict::Refresh);
        usable.then_some((found.value, found.life))
    }

    pub(super) fn add_own_tags(&self, key: &K, value: &V, into: &mut Vec<Tag>) {
        if let Some(tags_of) = &self.tags_of {
            tags_of(key, value, into);
        }
    }

    pub(super) fn origin(&self, ttl: Option<Duration>, declared: usize, refreshable: bool) -> Origin {
        Origin::new(ttl, declared, !refreshable || self.tags_of.is_some(), refreshable)
    }

    /// Whether there are remote tiers that this cache uses now.
    pub(super) fn has_tiers(&self) -> bool {
        self.mode.is_on() && self.remote.is_some() && !self.namespace.tiers().is_empty()
    }

    /// How long an entry of this origin may be used.
    pub(super) fn freshness_of(&self, origin: &Origin) -> Freshness {
        // An entry that cannot be refreshed in the background has no window in which to do so, here or on other nodes.
        let window = if origin.refreshable { self.freshness.stale_while_revalidate } else { Duration::ZERO };
        let ttl = origin.ttl.or(self.freshness.ttl);
        let early_refresh = if origin.refreshable { self.freshness.early_refresh } else { 0.0 };
        Freshness { ttl, stale_while_revalidate: window, early_refresh, ..self.freshness }
    }

    /// What an entry with these tags may be used for, if it was born so.
    pub(super) fn life(
        &self,
        key: &K,
        mut tags: Vec<Tag>,
        freshness: &Freshness,
        origin: Origin,
        born: Born,
    ) -> Life {
        let Born { change, age, load, validator } = born;
        dedup(&mut tags, origin.declared as usize);
        let cells = self.namespace.cells(&tags);
        let spread = key.with_bytes(|bytes| self.spread(bytes));
        let now = self.memory.clock.now();
        let times = freshness.times(now, age, spread);
        let life = Life::new(change, now.saturating_sub(nanos(age)), tags, cells, times, origin)
            .loaded_in(load, validator)
            .refreshed_from(freshness.early_from(times.fresh_until, load))
            .sliding(freshness.idle_max);
        self.hidden(life)
    }

    /// The key's own place between 0 and 1.
    pub(super) fn spread(&self, key: &[u8]) -> f64 {
        self.spread_hash(key) as f64 / u64::MAX as f64
    }

    pub(super) fn spread_hash(&self, key: &[u8]) -> u64 {
        self.spread.hash_one(key)
    }

    /// Ends a load with a value that is kept, unless the key was invalidated meanwhile; whether it was.
    pub(super) fn land(&self, lead: Lead<'_, V>, key: &K, value: &Arc<V>, life: &Arc<Life>) -> bool {
        let landing = Landing::Value { value: value.clone(), life: life.clone(), behind: false };
        let slot = self.slot(key, value, life);
        // What had to go is dropped here, outside of the lock: a value's drop is the user's code.
        match lead.land(landing, || self.memory.store(slot, value.clone())) {
            Some(evicted) => self.stored(key, &evicted),
            None => {
                self.meters.fenced.increment(1);
                return false;
            }
        }
        true
    }

    /// Notes that a value was stored, and what left memory for it.
    pub(super) fn stored(&self, key: &K, evicted: &Evicted<K, V>) {
        self.meters.evictions.increment(evicted.count_others(key));
        if self.namespace.is_heard() {
            let (cache, text) = (&self.name, |key: &K| key.text().into());
            self.namespace.tell(|| CacheEvent::Stored { cache: cache.clone(), key: text(key) });
            for (left, cause) in evicted.keys().filter(|(left, _)| *left != key) {
                self.namespace.tell(|| CacheEvent::Evicted { cache: cache.clone(), key: text(left), cause });
            }
        }
    }

    /// Notes that a loader ended, and tells those who listen.
    pub(super) fn measured(&self, key: &K, took: Duration, succeeded: bool) {
        self.meters.loads.increment(1);
        self.meters.load_seconds.record(took);
        self.meters.load_failures.increment(u64::from(!succeeded));
        let (cache, key) = (&self.name, || key.text().into());
        self.namespace.tell(|| CacheEvent::Loaded { cache: cache.clone(), key: key(), took, succeeded });
    }

    pub(super) fn slot(&self, key: &K, value: &V, life: &Arc<Life>) -> Slot<K> {
        // An entry that weighed nothing could never be evicted; sums of what is this heavy cannot overflow.
        let weighed = |weigh: &Weigher<K, V>| u32::try_from(weigh(key, value)).unwrap_or(u32::MAX).max(1);
        life.weigh(self.weigher.as_ref().map_or(1, weighed));
        Slot::new(key.clone(), life.clone())
    }

    /// `cache:key`, as invalidations name a key.
    pub(super) fn full_key(&self, key: &K) -> Bytes {
        key.with_bytes(|bytes| self.full_key_of(bytes))
    }

    /// [`Inner::full_key`] of a key given by its bytes.
    pub(super) fn full_key_of(&self, key: &[u8]) -> Bytes {
        let mut full = BytesMut::with_capacity(self.name.len() + 1 + key.len());
        full.put_slice(self.name.as_bytes());
        full.put_u8(b':');
        full.put_slice(key);
        full.freeze()
    }
}

/// Drops repeated tags, except among the first `declared`, whose number is known elsewhere.
fn dedup(tags: &mut Vec<Tag>, declared: usize) {
    let declared = declared.min(tags.len());
    let mut kept = declared;
    for at in declared..tags.len() {
        if !tags[..kept].contains(&tags[at]) {
            tags.swap(kept, at);
            kept += 1;
        }
    }
    tags.truncate(kept);
}

/// Adds the tags of a value that was read to the request's scope, if there is one.
pub(super) fn note_read(life: &Life) {
    if !life.tags().is_empty() {
        Scope::with_current(|scope| scope.read(life.tags().iter().cloned()));
    }
}

#[async_trait]
impl<K: CacheKey, V: Send + Sync + 'static> Member for Inner<K, V> {
    fn forget(&self, key: &[u8], strength: Strength, change: &mut dyn FnMut() -> bool) {
        let removed = {
            let mut shard = self.flights.lock(key);
            if !change() {
                return;
            }
            shard.detach(key);
            self.wakes(key);
            match strength {
                Strength::Hard => Some(self.memory.remove(key, EvictCause::Invalidated)),
                Strength::Soft => {
                    self.memory.soften(key);
                    None
                }
            }
        };
        drop(removed);
    }

    fn forget_all(&self, change: u64, strength: Strength) {
        self.memory.floors.raise(change, strength == Strength::Hard);
    }

    fn stats(&self) -> CacheStats {
        CacheStats {
            cache: self.name.to_string(),
            mode: self.mode.get(),
            entries: self.memory.len() as u64,
            weight: self.memory.weight(),
            capacity: self.memory.capacity(),
            loading: self.flights.len() as u64,
            ..CacheStats::counted(&self.meters)
        }
    }

    fn set_mode(&self, mode: Mode) {
        self.mode.set(mode);
    }

    fn sweep(&self) {
        self.sweep_at_once();
    }

    fn is_tiered(&self) -> bool {
        self.remote.is_some()
    }

    async fn explain(&self, key: &[u8], text: &str) -> Explanation {
        self.explained(key, text).await
    }

    async fn shutdown(&self) {
        self.looker.abort().await;
        if self.hot.is_some()
            && let Err(error) = self.save_hot_keys().await
        {
            tracing::warn!(cache = %self.name, %error, "the hottest keys could not be kept");
        }
        self.sweeper.abort().await;
        self.timers.abort().await;
        self.tasks.shutdown().await;
        if let Some(remote) = &self.remote {
            remote.writes.shutdown().await;
        }
        if let Some(lease) = &self.lease {
            lease.shutdown().await;
        }
    }
}

impl<K, V> fmt::Debug for Inner<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("name", &self.name)
            .field("namespace", &self.namespace.name())
            .field("freshness", &self.freshness)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cache;

    #[test]
    fn while_an_invalidation_takes_its_number_nobody_stores_under_its_key() {
        let cache: Cache<u32, u32> = Cache::builder("rows").build().expect("valid settings");
        let mut held = false;
        7_u32.with_bytes(|key| {
            let mut change = || {
                held = cache.0.flights.is_locked(key);
                true
            };
            cache.0.forget(key, Strength::Hard, &mut change);
        });
        assert!(held);
    }
}
