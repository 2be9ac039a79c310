use super::{
    evicted::{EvictCause, Evicted, Evictions, Listener},
    floors::Floors,
    glance::{Glance, Glanced},
    life::{Life, Verdict},
    pass::{Reading, Until},
    probe::{Inspection, Probe},
    slot::{Named, Slot},
    sweep::Sweep,
};
use crate::{CacheKey, Clock, namespace::Counts};
use forebay_scope::Scope;
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter, sync};
use std::{fmt, sync::Arc};

/// The memory tier of one cache.
pub(crate) struct Memory<K, V> {
    pub(super) entries: sync::Cache<Slot<K>, Arc<V>, SlotWeight, DefaultHashBuilder, Evictions<K, V>>,
    pub(super) listener: Option<Listener<K, V>>,
    pub(crate) floors: Floors,
    pub(crate) clock: Clock,
}

/// What a look-up finds at once.
#[derive(Debug)]
pub(crate) enum Found<V> {
    /// A fresh value, of which the caller has to know no more.
    Fresh(Arc<V>),
    /// An entry that only a [close look](Memory::inspect) can tell about.
    Unclear,
    Nothing,
}

/// What a close look found.
#[derive(Debug)]
pub(crate) struct Inspected<V> {
    pub(crate) value: Arc<V>,
    pub(crate) verdict: Verdict,
    pub(crate) life: Arc<Life>,
}

impl<K: CacheKey, V> Memory<K, V> {
    /// Room for `weight`, which is about that many `entries`.
    pub(crate) fn new(
        (entries, weight): (usize, u64),
        floors: Floors,
        clock: Clock,
        listener: Option<Listener<K, V>>,
    ) -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(entries)
            .weight_capacity(weight)
            .build()
            .expect("both capacities are set");
        let evictions = Evictions { listener: listener.clone() };
        let entries =
            sync::Cache::with_options(options, SlotWeight, DefaultHashBuilder::default(), evictions);
        Self { entries, listener, floors, clock }
    }

    /// Finds the entry of `key`, and judges it as far as that takes no time.
    #[inline]
    pub(crate) fn find(&self, key: &K, counts: &Counts) -> Found<V> {
        let probe = Probe::new(key, &self.floors, counts);
        let Some(value) = self.entries.get(&probe) else { return Found::Nothing };
        if probe.valid.get().is_some_and(|pass| self.serves(pass)) {
            Found::Fresh(value)
        } else {
            Found::Unclear
        }
    }

    /// Whether a valid entry with this pass is fresh, and nobody has to know more of it.
    #[inline]
    fn serves(&self, pass: Reading) -> bool {
        // Tags matter to those alone who collect them.
        let noted = || pass.is_tagged() && Scope::with_current(|_| ()).is_some();
        let in_time = || pass.until() == Until::NEVER || pass.until().is_after(self.clock.now());
        !noted() && in_time()
    }

    /// Finds and judges the entry of `key`, with everything that is known of it.
    pub(crate) fn inspect(&self, key: &K, counts: &Counts) -> Option<Inspected<V>> {
        let inspection = Inspection::new(key, &self.floors, counts);
        let value = self.entries.get(&inspection)?;
        let look = inspection.look.into_inner()?;
        let verdict = look.verdict(&self.floors, self.clock.now());
        Some(Inspected { value, verdict, life: look.life })
    }

    /// Whether nothing that matches was invalidated since the load of `key` began that made `life`.
    pub(crate) fn is_valid(&self, key: &K, life: &Life) -> bool {
        life.is_valid(&self.floors, self.floors.by_pattern(key, life.loaded_at_change))
    }

    /// Whether nothing that matches was invalidated for good since then.
    pub(crate) fn may_fall_back(&self, key: &K, life: &Life) -> bool {
        life.may_fall_back(&self.floors, self.floors.by_pattern(key, life.loaded_at_change))
    }

    /// What is known of the entry of the key with these bytes, and what may be done with it; found without a trace.
    pub(crate) fn glance(&self, bytes: &[u8]) -> Option<Glanced> {
        let glance = Glance::at(bytes, &self.floors, self.clock.now());
        drop(self.entries.peek(&glance)?);
        glance.found.into_inner()
    }

    /// Stores an entry and returns what had to go for it, to be dropped by the caller outside of any lock.
    pub(crate) fn store(&self, slot: Slot<K>, value: Arc<V>) -> Evicted<K, V> {
        let mut evicted = Evicted::default();
        let stored = self.listener.as_ref().map(|_| (slot.key.clone(), value.clone(), slot.life.clone()));
        self.entries.insert_with_lifecycle(slot, value, &mut evicted);
        if let Some((key, value, life)) = stored {
            evicted.replaced_by(&key, &value, &life);
        }
        evicted
    }

    /// Takes the entry of the key with these bytes out, to be dropped by the caller outside of any lock.
    pub(crate) fn remove(&self, bytes: &[u8], cause: EvictCause) -> Evicted<K, V> {
        let mut removed = Evicted::told_to(self.listener.as_ref());
        if let Some((slot, value)) = self.entries.remove(&Named { bytes, soften: false }) {
            removed.add(slot, value, cause);
        }
        removed
    }

    /// Marks the entry of the key with these bytes as a mere fallback.
    pub(crate) fn soften(&self, bytes: &[u8]) {
        // The mark is made while the key is compared; the value that comes along is not needed.
        drop(self.entries.peek(&Named { bytes, soften: true }));
    }

    /// A walk that drops everything that can never be served again.
    pub(crate) fn sweep(&self) -> Sweep<'_, K, V> {
        Sweep::over(self, self.entries.iter())
    }

    /// Changes how much fits in; what no longer does goes at once.
    pub(crate) fn set_capacity(&self, weight: u64) {
        self.entries.set_capacity(weight);
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.entries.capacity()
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
pub(super) struct SlotWeight;

impl<K, V> Weighter<Slot<K>, Arc<V>> for SlotWeight {
    fn weight(&self, slot: &Slot<K>, _: &Arc<V>) -> u64 {
        slot.life.weight()
    }
}
