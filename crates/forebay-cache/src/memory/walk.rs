use super::{life::Verdict, slot::Slot, store::Memory};
use crate::CacheKey;

impl<K: CacheKey, V> Memory<K, V> {
    /// The keys whose entry bears a count of invalidations not below `change`: those loaded, or found valid by a
    /// look-up, since it had that value. Holds a shard's lock for one entry at a time.
    pub(crate) fn used_since(&self, change: u64) -> impl Iterator<Item = K> {
        self.entries.iter().filter(move |(slot, _)| slot.was_used_since(change)).map(|(slot, _)| slot.key)
    }

    /// The keys of entries that would be served as they are.
    pub(crate) fn fresh_keys(&self) -> impl Iterator<Item = K> {
        let fresh = |slot: &Slot<K>| slot.verdict(&self.floors, self.clock.now()).1 == Verdict::Fresh;
        self.entries.iter().filter(move |(slot, _)| fresh(slot)).map(|(slot, _)| slot.key)
    }
}
