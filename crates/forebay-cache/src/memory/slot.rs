use super::{
    floors::Floors,
    life::{Life, Verdict},
};
use crate::{
    CacheKey, Clock,
    clock::{Moment, NEVER},
};
use quick_cache::Equivalent;
use std::{
    cell::{Cell, RefCell},
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The key side of an entry in memory: the user's key, and beside it all that tells whether the value is good.
///
/// It sits on the key side so that a look-up judges the entry where it finds it, in [`Probe::equivalent`]: a
/// hit then costs one reference count (the value's) and touches no further memory than a plain look-up does.
#[derive(Debug)]
pub(crate) struct Slot<K> {
    pub(crate) key: K,
    /// The namespace's count of invalidations at which this entry was last found valid.
    checked_at_change: AtomicU64,
    /// A copy of `life.times.fresh_until`, so that a hit need not follow the pointer; its lowest bit tells whether there
    /// are tags. With 40 bytes for a small key and its value, an entry of the store fits into a cache line.
    fresh_until_or_tagged: Moment,
    pub(crate) life: Arc<Life>,
}

impl<K> Slot<K> {
    const TAGGED: Moment = 1;

    pub(crate) fn new(key: K, life: Arc<Life>) -> Self {
        let tagged = if life.tags.is_empty() { 0 } else { Self::TAGGED };
        Self {
            key,
            checked_at_change: AtomicU64::new(life.loaded_at_change),
            fresh_until_or_tagged: life.times.fresh_until & !Self::TAGGED | tagged,
            life,
        }
    }

    /// Marks the entry as softly invalidated.
    pub(crate) fn soften(&self) {
        self.life.soften();
        // No count of invalidations gets here, so that the next look-up takes the long way.
        self.checked_at_change.store(u64::MAX, Ordering::Release);
    }

    /// Up to which count of invalidations the entry, which bears the count `checked_at`, is known to be valid.
    fn judged_by(&self, checked_at: u64) -> u64 {
        if checked_at == u64::MAX { self.life.loaded_at_change } else { checked_at }
    }

    /// Up to which count of invalidations the entry is known to be valid.
    pub(super) fn known_valid_at(&self) -> u64 {
        self.judged_by(self.checked_at_change.load(Ordering::Acquire))
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

    /// The entry, which bore the count `before`, was found valid against everything up to `changes`: what came later
    /// has a larger count. A soft invalidation meanwhile stands.
    fn checked(&self, before: u64, changes: u64) {
        let (done, failed) = (Ordering::AcqRel, Ordering::Relaxed);
        // Whoever else wrote here knew as much or more.
        let _changed = self.checked_at_change.compare_exchange(before, changes, done, failed);
    }
}

impl<K: Clone> Clone for Slot<K> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            checked_at_change: AtomicU64::new(self.checked_at_change.load(Ordering::Acquire)),
            fresh_until_or_tagged: self.fresh_until_or_tagged,
            life: self.life.clone(),
        }
    }
}

impl<K: CacheKey> Hash for Slot<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.with_bytes(|bytes| state.write(bytes));
    }
}

impl<K: CacheKey> PartialEq for Slot<K> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<K: CacheKey> Eq for Slot<K> {}

/// A look-up: finds the slot of a key and judges it on the spot.
#[derive(Debug)]
pub(crate) struct Probe<'a, K> {
    pub(crate) key: &'a K,
    /// The namespace's count of invalidations, read when the look-up began.
    pub(crate) changes: u64,
    pub(crate) floors: &'a Floors,
    pub(crate) clock: &'a Clock,
    /// Whether the caller wants to know all about the entry.
    pub(crate) closely: bool,
    pub(crate) verdict: Cell<Verdict>,
    /// The found entry's life, taken along only when the caller needs it: it has tags, is not fresh, or was
    /// asked for.
    pub(crate) life: RefCell<Option<Arc<Life>>>,
}

impl<'a, K: CacheKey> Probe<'a, K> {
    #[inline]
    pub(crate) fn new(key: &'a K, changes: u64, floors: &'a Floors, clock: &'a Clock) -> Self {
        Self {
            key,
            changes,
            floors,
            clock,
            closely: false,
            verdict: Cell::new(Verdict::Dead),
            life: RefCell::new(None),
        }
    }

    #[inline]
    fn judge(&self, slot: &Slot<K>) {
        let checked_at = slot.checked_at_change.load(Ordering::Acquire);
        let untouched = checked_at == self.changes;
        let until = slot.fresh_until_or_tagged;
        let plain = until & Slot::<K>::TAGGED == 0 && !self.closely;
        let fresh = || until == NEVER & !Slot::<K>::TAGGED || self.clock.now() < until;
        if untouched && plain && fresh() {
            self.verdict.set(Verdict::Fresh);
        } else {
            self.judge_closely(slot, checked_at);
        }
    }

    #[inline(never)]
    fn judge_closely(&self, slot: &Slot<K>, checked_at: u64) {
        let untouched = checked_at == self.changes;
        let by_pattern = self.floors.by_pattern(&slot.key, slot.judged_by(checked_at));
        let valid = untouched || slot.life.is_valid(self.floors, by_pattern);
        if valid && !untouched {
            slot.checked(checked_at, self.changes);
        }
        self.verdict.set(slot.life.verdict(valid, self.floors, by_pattern, self.clock.now()));
        *self.life.borrow_mut() = Some(slot.life.clone());
    }
}

impl<K: CacheKey> Hash for Probe<'_, K> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.with_bytes(|bytes| state.write(bytes));
    }
}

impl<K: CacheKey> Equivalent<Slot<K>> for Probe<'_, K> {
    #[inline]
    fn equivalent(&self, slot: &Slot<K>) -> bool {
        let found = *self.key == slot.key;
        if found {
            self.judge(slot);
        }
        found
    }
}

/// A key as an invalidation names it: by its bytes.
#[derive(Debug)]
pub(crate) struct Named<'a> {
    pub(crate) bytes: &'a [u8],
    /// Whether to mark the slot as softly invalidated when it is found.
    pub(crate) soften: bool,
}

impl Hash for Named<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.bytes);
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
    use crate::{
        memory::{Origin, Times},
        pattern::Patterns,
    };

    #[test]
    fn a_soft_invalidation_is_not_undone_by_a_look_up_that_found_the_entry_valid_before() {
        let times = Times { fresh_until: NEVER, refresh_until: NEVER, fallback_until: 0 };
        let origin = Origin { ttl: None, declared: 0, open: false, refreshable: false };
        let slot = Slot::new(7_u32, Arc::new(Life::new(0, 0, Vec::new(), Vec::new(), times, origin)));
        let patterns = Arc::new(Patterns::new(1));
        let (floors, clock) = (Floors::new("words", patterns), Clock::system());
        let before = slot.checked_at_change.load(Ordering::Acquire);
        slot.soften();
        slot.checked(before, 3);
        let look_up = Probe::new(&7_u32, 3, &floors, &clock);
        assert!(look_up.equivalent(&slot));
        assert_eq!(look_up.verdict.get(), Verdict::Dead);
    }
}
