use super::{
    floors::Floors,
    life::{Life, Verdict},
    pass::Reading,
    slot::{Slot, hash_bytes},
};
use crate::{CacheKey, Strength, clock::Moment, namespace::Counts};
use quick_cache::Equivalent;
use std::{
    cell::Cell,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// A look-up: finds the slot of a key and brings its pass along.
///
/// It does no more, so that the store's whole search is compiled into one function.
pub(super) struct Probe<'a, K> {
    key: &'a K,
    pub(super) pass: Cell<Reading>,
}

impl<'a, K> Probe<'a, K> {
    #[inline]
    pub(super) fn new(key: &'a K) -> Self {
        Self { key, pass: Cell::new(Reading::NOTHING) }
    }
}

impl<K: CacheKey> Hash for Probe<'_, K> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.with_bytes(|bytes| hash_bytes(bytes, state));
    }
}

impl<K: CacheKey> Equivalent<Slot<K>> for Probe<'_, K> {
    #[inline]
    fn equivalent(&self, slot: &Slot<K>) -> bool {
        let found = *self.key == slot.key;
        if found {
            self.pass.set(slot.pass.read());
        }
        found
    }
}

/// A look-up that wants to know all about the entry.
pub(super) struct Inspection<'a, K> {
    key: &'a K,
    floors: &'a Floors,
    counts: &'a Counts,
    pub(super) look: Cell<Option<Look>>,
}

impl<'a, K> Inspection<'a, K> {
    pub(super) fn new(key: &'a K, floors: &'a Floors, counts: &'a Counts) -> Self {
        Self { key, floors, counts, look: Cell::new(None) }
    }
}

impl<K: CacheKey> Hash for Inspection<'_, K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.with_bytes(|bytes| hash_bytes(bytes, state));
    }
}

impl<K: CacheKey> Equivalent<Slot<K>> for Inspection<'_, K> {
    fn equivalent(&self, slot: &Slot<K>) -> bool {
        let found = *self.key == slot.key;
        if found {
            self.look.set(Some(Look::at(slot, self.floors, self.counts)));
        }
        found
    }
}

/// A close look at an entry, taken where it was found.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) life: Arc<Life>,
    /// Whether nothing that matches was invalidated since its load began.
    valid: bool,
    /// How hard the key was hit by what it looks like.
    by_pattern: Option<Strength>,
}

impl Look {
    /// Looks at the entry of `slot`.
    #[inline(never)]
    fn at<K: CacheKey>(slot: &Slot<K>, floors: &Floors, counts: &Counts) -> Self {
        // Read before what is checked, so that an invalidation that comes meanwhile has a larger count.
        let every = counts.every();
        let pass = slot.pass.read();
        let since = pass.known_valid_at().unwrap_or(slot.life.loaded_at_change);
        let by_pattern = floors.by_pattern(&slot.key, since);
        let covered = pass.covers(every);
        let valid = covered || slot.life.is_valid(floors, by_pattern);
        if valid && !covered {
            slot.pass.checked(pass, every);
        }
        Self { life: slot.life.clone(), valid, by_pattern }
    }

    /// What may be done with the entry at `now`.
    pub(super) fn verdict(&self, floors: &Floors, now: Moment) -> Verdict {
        self.life.verdict(self.valid, floors, self.by_pattern, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::NEVER,
        memory::{Origin, Times},
        pattern::Patterns,
    };

    #[test]
    fn a_soft_invalidation_is_not_undone_by_a_look_that_found_the_entry_valid_before() {
        let times = Times { fresh_until: NEVER, refresh_until: NEVER, fallback_until: 0 };
        let origin = Origin { ttl: None, declared: 0, open: false, refreshable: false };
        let slot = Slot::new(7_u32, Arc::new(Life::new(0, 0, Vec::new(), Vec::new(), times, origin)));
        let floors = Floors::new("words", Arc::new(Patterns::new(1)));
        let counts = Counts::default();
        let before = slot.pass.read();
        slot.soften();
        slot.pass.checked(before, 3);
        let (probe, inspection) = (Probe::new(&7_u32), Inspection::new(&7_u32, &floors, &counts));
        assert!(probe.equivalent(&slot) && inspection.equivalent(&slot));
        assert!(!probe.pass.get().covers(0));
        let look = inspection.look.take().expect("a look was taken");
        assert_eq!(look.verdict(&floors, 1), Verdict::Dead);
    }
}
