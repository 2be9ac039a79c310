use super::{
    floors::Floors,
    life::{Life, Verdict},
    pass::{Pass, Reading},
};
use crate::{
    CacheKey,
    clock::Moment,
    namespace::{Counts, TagCell},
};
use quick_cache::Equivalent;
use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

/// The key side of an entry in memory: the user's key, and beside it all that tells whether the value is good.
///
/// It sits on the key side so that a look-up judges the entry where it finds it, in [`Equivalent::equivalent`]: a hit
/// that the pass answers then costs one reference count (the value's) and follows no pointer that a plain look-up would
/// not. The slot is three words longer than the key, says a test here.
#[derive(Debug, Clone)]
pub(crate) struct Slot<K> {
    pub(crate) key: K,
    pub(super) pass: Pass,
    /// Its tag, if it has one and no more: whether that was invalidated is then told without its life, which lies elsewhere
    /// and is seldom in the processor's cache.
    only_tag: Option<Arc<TagCell>>,
    pub(crate) life: Arc<Life>,
}

impl<K> Slot<K> {
    pub(crate) fn new(key: K, life: Arc<Life>) -> Self {
        Self { key, pass: Pass::of(&life), only_tag: life.only_cell().cloned(), life }
    }

    /// Whether nothing that may concern the entry was invalidated since its pass read `pass`, as far as its only tag tells.
    #[inline]
    pub(super) fn is_untouched(&self, pass: Reading, counts: &Counts) -> bool {
        let quiet = |tag: &Arc<TagCell>| pass.covers(counts.newest_for(false)) && pass.covers(tag.soft());
        self.only_tag.as_ref().is_some_and(quiet)
    }

    /// Marks the entry as softly invalidated.
    pub(crate) fn soften(&self) {
        self.life.soften();
        // So that the next look-up takes the long way.
        self.pass.revoke();
    }

    /// Up to which count of invalidations the entry is known to be valid.
    pub(super) fn known_valid_at(&self) -> u64 {
        self.pass.read().known_valid_at().unwrap_or(self.life.loaded_at_change)
    }

    /// Whether the entry is valid, and what may be done with it at `now`.
    pub(super) fn verdict(&self, floors: &Floors, now: Moment) -> (bool, Verdict)
    where
        K: CacheKey,
    {
        let by_pattern = floors.by_pattern(&self.key, self.known_valid_at());
        let valid = self.life.is_valid(floors, by_pattern);
        (valid, self.life.verdict(valid, floors, by_pattern, now))
    }

    /// Whether a look-up found the entry valid, or it was loaded, since the count of invalidations was `change`.
    pub(super) fn was_used_since(&self, change: u64) -> bool {
        self.pass.read().known_valid_at().is_some_and(|at| at >= change)
    }
}

/// Feeds the bytes of a key to the store's hasher: every way to name a key does it like this.
#[inline]
pub(super) fn hash_bytes<H: Hasher>(bytes: &[u8], state: &mut H) {
    // Most keys are numbers, for which hashers have a shorter way.
    match <[u8; 8]>::try_from(bytes) {
        Ok(number) => state.write_u64(u64::from_be_bytes(number)),
        Err(_) => state.write(bytes),
    }
}

impl<K: CacheKey> Hash for Slot<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.with_bytes(|bytes| hash_bytes(bytes, state));
    }
}

impl<K: CacheKey> PartialEq for Slot<K> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<K: CacheKey> Eq for Slot<K> {}

/// A key as an invalidation names it: by its bytes.
#[derive(Debug)]
pub(crate) struct Named<'a> {
    pub(crate) bytes: &'a [u8],
    /// Whether to mark the slot as softly invalidated when it is found.
    pub(crate) soften: bool,
}

impl Hash for Named<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_bytes(self.bytes, state);
    }
}

impl<K: CacheKey> Equivalent<Slot<K>> for Named<'_> {
    fn equivalent(&self, slot: &Slot<K>) -> bool {
        let found = slot.key.with_bytes(|bytes| bytes == self.bytes);
        if found && self.soften {
            slot.soften();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_slot_is_three_words_longer_than_its_key() {
        assert_eq!(size_of::<Slot<u64>>(), 4 * size_of::<u64>());
    }
}
