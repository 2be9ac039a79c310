use super::{
    floors::Floors,
    glance::Glance,
    life::{Life, Verdict},
    slot::{Named, Probe, Slot},
};
use crate::{CacheKey, Clock};
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter, sync};
use std::{fmt, sync::Arc};

/// The memory tier of one cache.
pub(crate) struct Memory<K, V> {
    entries: sync::Cache<Slot<K>, Arc<V>, SlotWeight, DefaultHashBuilder, Evictions>,
    pub(crate) floors: Floors,
    pub(crate) clock: Clock,
}

/// What a look-up found.
#[derive(Debug)]
pub(crate) struct Found<V> {
    pub(crate) value: Arc<V>,
    pub(crate) verdict: Verdict,
    /// Absent for a fresh entry without tags: there is nothing more to know about it.
    pub(crate) life: Option<Arc<Life>>,
}

/// What a close look found.
#[derive(Debug)]
pub(crate) struct Inspected<V> {
    pub(crate) value: Arc<V>,
    pub(crate) verdict: Verdict,
    pub(crate) life: Arc<Life>,
}

impl<K: CacheKey, V> Memory<K, V> {
    pub(crate) fn new(entries: usize, weight: u64, clock: Clock) -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(entries)
            .weight_capacity(weight)
            .build()
            .expect("both capacities are set");
        let entries =
            sync::Cache::with_options(options, SlotWeight, DefaultHashBuilder::default(), Evictions);
        Self { entries, floors: Floors::default(), clock }
    }

    /// Finds and judges the entry of `key`; `changes` is the namespace's count of invalidations, read before.
    #[inline]
    pub(crate) fn find(&self, key: &K, changes: u64) -> Option<Found<V>> {
        let probe = Probe::new(key, changes, &self.floors, &self.clock);
        let value = self.entries.get(&probe)?;
        Some(Found { value, verdict: probe.verdict.get(), life: probe.life.into_inner() })
    }

    /// [`Memory::find`], with everything that is known of the entry.
    pub(crate) fn inspect(&self, key: &K, changes: u64) -> Option<Inspected<V>> {
        let probe = Probe { closely: true, ..Probe::new(key, changes, &self.floors, &self.clock) };
        let value = self.entries.get(&probe)?;
        Some(Inspected { value, verdict: probe.verdict.get(), life: probe.life.into_inner()? })
    }

    /// What is known of the entry of the key with these bytes, found without a trace.
    pub(crate) fn glance(&self, bytes: &[u8]) -> Option<Arc<Life>> {
        let glance = Glance::at(bytes);
        drop(self.entries.peek(&glance)?);
        glance.life.into_inner()
    }

    /// Stores an entry and returns what had to go for it, to be dropped by the caller outside of any lock.
    pub(crate) fn store(&self, slot: Slot<K>, value: Arc<V>) -> Evicted<K, V> {
        let mut evicted = Evicted::default();
        self.entries.insert_with_lifecycle(slot, value, &mut evicted);
        evicted
    }

    /// Takes the entry of the key with these bytes out, to be dropped by the caller outside of any lock.
    pub(crate) fn remove(&self, bytes: &[u8]) -> Option<(Slot<K>, Arc<V>)> {
        self.entries.remove(&Named { bytes, soften: false })
    }

    /// Marks the entry of the key with these bytes as a mere fallback.
    pub(crate) fn soften(&self, bytes: &[u8]) {
        // The mark is made while the key is compared; the value that comes along is not needed.
        drop(self.entries.peek(&Named { bytes, soften: true }));
    }

    /// Drops everything that can never be served again.
    pub(crate) fn sweep(&self) {
        let now = self.clock.now();
        self.entries.retain(|slot, _| {
            let valid = slot.life.is_valid(&self.floors);
            slot.life.verdict(valid, &self.floors, now) != Verdict::Dead
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn weight(&self) -> u64 {
        self.entries.weight()
    }
}

impl<K, V> fmt::Debug for Memory<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("floors", &self.floors)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone)]
struct SlotWeight;

impl<K, V> Weighter<Slot<K>, Arc<V>> for SlotWeight {
    fn weight(&self, slot: &Slot<K>, _: &Arc<V>) -> u64 {
        slot.life.weight()
    }
}

#[derive(Debug, Clone)]
struct Evictions;

/// Entries that left the store in one operation: those evicted for room, and the one that was replaced.
#[derive(Debug)]
pub(crate) struct Evicted<K, V> {
    /// Usually there is one at most, which then costs no allocation.
    first: Option<(Slot<K>, Arc<V>)>,
    more: Vec<(Slot<K>, Arc<V>)>,
}

impl<K, V> Default for Evicted<K, V> {
    fn default() -> Self {
        Self { first: None, more: Vec::new() }
    }
}

impl<K: CacheKey, V> Evicted<K, V> {
    /// How many entries of other keys than `key` had to go.
    pub(crate) fn count_others(&self, key: &K) -> u64 {
        self.first.iter().chain(&self.more).filter(|(slot, _)| slot.key != *key).count() as u64
    }
}

impl<K, V> Lifecycle<Slot<K>, Arc<V>> for Evictions {
    type RequestState = Evicted<K, V>;

    fn on_evict(&self, evicted: &mut Self::RequestState, slot: Slot<K>, value: Arc<V>) {
        if evicted.first.is_none() {
            evicted.first = Some((slot, value));
        } else {
            evicted.more.push((slot, value));
        }
    }
}
