use super::{
    evicted::{EvictCause, Evicted, Evictions},
    life::Verdict,
    probe::Inspection,
    slot::Slot,
    store::{Memory, SlotWeight},
};
use crate::{CacheKey, namespace::Counts};
use quick_cache::{DefaultHashBuilder, sync};
use std::{fmt, sync::Arc};

/// A walk over everything in memory that drops what can never be served again. It holds a shard's lock for one entry
/// at a time, so that look-ups do not wait for it.
pub(crate) struct Sweep<'a, K, V> {
    memory: &'a Memory<K, V>,
    entries: sync::Iter<'a, Slot<K>, Arc<V>, SlotWeight, DefaultHashBuilder, Evictions<K, V>>,
}

impl<'a, K: CacheKey, V> Sweep<'a, K, V> {
    pub(super) fn over(
        memory: &'a Memory<K, V>,
        entries: sync::Iter<'a, Slot<K>, Arc<V>, SlotWeight, DefaultHashBuilder, Evictions<K, V>>,
    ) -> Self {
        Self { memory, entries }
    }

    /// Looks at no more than `most` further entries; what was dropped, or `None` at the end. `counts` is the
    /// namespace's count of invalidations.
    pub(crate) fn step(&mut self, most: usize, counts: &Counts) -> Option<Evicted<K, V>> {
        let memory = self.memory;
        let mut dropped = Evicted::told_to(memory.listener.as_ref());
        let mut ended = true;
        for (slot, _) in self.entries.by_ref().take(most) {
            ended = false;
            let now = memory.clock.now();
            let (valid, verdict) = slot.verdict(&memory.floors, now);
            if verdict != Verdict::Dead || slot.life.is_observed(valid, now) {
                continue;
            }
            // The slot is a copy: the entry may have been replaced, so it is judged again where it is removed.
            let inspection = Inspection::new(&slot.key, &memory.floors, counts);
            let removed = memory.entries.remove_if(&inspection, |_| {
                let look = inspection.look.take();
                look.is_some_and(|look| look.verdict(&memory.floors, memory.clock.now()) == Verdict::Dead)
            });
            let Some((slot, value)) = removed else { continue };
            let (valid, _) = slot.verdict(&memory.floors, memory.clock.now());
            let cause = if valid { EvictCause::Expired } else { EvictCause::Invalidated };
            dropped.add(slot, value, cause);
        }
        (!ended).then_some(dropped)
    }
}

impl<K, V> fmt::Debug for Sweep<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sweep").finish_non_exhaustive()
    }
}
