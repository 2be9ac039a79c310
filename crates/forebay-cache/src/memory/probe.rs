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

/// A look-up: finds the slot of a key and brings its pass along, if the entry is valid.
///
/// What a pass does not cover is judged where it was found, by a function of its own, so that the store's whole search is
/// compiled into one function and is made once.
pub(super) struct Probe<'a, K> {
    key: &'a K,
    floors: &'a Floors,
    counts: &'a Counts,
    /// The pass of the entry that was found; `None` when only a [`Look`] can tell about it.
    pub(super) valid: Cell<Option<Reading>>,
}

impl<'a, K> Probe<'a, K> {
    #[inline]
    pub(super) fn new(key: &'a K, floors: &'a Floors, counts: &'a Counts) -> Self {
        Self { key, floors, counts, valid: Cell::new(None) }
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
            let pass = slot.pass.read();
            let covered = pass.covers(self.counts.newest_for(pass.is_tagged()));
            let valid = if covered { Some(pass) } else { recheck(slot, pass, self.floors, self.counts) };
            self.valid.set(valid);
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
        let (valid, by_pattern) = check(slot, floors, counts);
        Self { life: slot.life.clone(), valid: valid.is_some(), by_pattern }
    }

    /// What may be done with the entry at `now`.
    pub(super) fn verdict(&self, floors: &Floors, now: Moment) -> Verdict {
        self.life.verdict(self.valid, floors, self.by_pattern, now)
    }
}

/// Judges an entry whose pass, which read `pass`, does not cover everything; `None` unless it is valid.
#[inline(never)]
fn recheck<K: CacheKey>(slot: &Slot<K>, pass: Reading, floors: &Floors, counts: &Counts) -> Option<Reading> {
    // The pass is then left as it is: to look at the tag again costs less than to write.
    if slot.is_untouched(pass, counts) { Some(pass) } else { check(slot, floors, counts).0 }
}

/// The pass of an entry that is valid, which from here on covers what was looked at, and how hard the key was hit by what it
/// looks like.
fn check<K: CacheKey>(
    slot: &Slot<K>,
    floors: &Floors,
    counts: &Counts,
) -> (Option<Reading>, Option<Strength>) {
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
    (valid.then_some(pass), by_pattern)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::NEVER,
        memory::{Origin, Times},
        namespace::{Namespace, TagCell},
        pattern::Patterns,
    };
    use forebay_scope::Tag;

    const FOR_EVER: Times = Times { fresh_until: NEVER, refresh_until: NEVER, fallback_until: 0 };

    fn floors() -> Floors {
        Floors::new("words", Arc::new(Patterns::new(1)))
    }

    /// An entry with these tags, and their cells.
    fn tagged(tags: &[&'static str]) -> (Slot<u32>, Vec<Arc<TagCell>>) {
        let tags: Vec<Tag> = tags.iter().map(|tag| Tag::named(*tag)).collect();
        let cells = Namespace::local("space").cells(&tags);
        let life = Life::new(0, 0, tags, cells.clone(), FOR_EVER, Origin::new(None, 0, false, false));
        (Slot::new(7, Arc::new(life)), cells)
    }

    fn probed(slot: &Slot<u32>, counts: &Counts) -> Option<Reading> {
        let floors = floors();
        let probe = Probe::new(&7, &floors, counts);
        assert!(probe.equivalent(slot));
        probe.valid.get()
    }

    #[test]
    fn an_entry_with_one_tag_is_told_by_that_tag_alone_and_nothing_is_written() {
        let ((slot, cells), counts) = (tagged(&["mine"]), Counts::default());
        let before = slot.pass.read();
        counts.applied(1, true);
        assert_eq!(probed(&slot, &counts), Some(before));
        assert_eq!(slot.pass.read(), before, "another tag was invalidated");
        cells[0].invalidated(2, false);
        counts.applied(2, true);
        assert_eq!(probed(&slot, &counts), None);
    }

    #[test]
    fn an_entry_with_one_tag_is_judged_anew_after_what_concerns_more_than_a_tag() {
        let ((slot, _), counts) = (tagged(&["mine"]), Counts::default());
        counts.applied(1, false);
        assert!(probed(&slot, &counts).is_some());
        assert!(slot.pass.read().covers(1), "it is noted");
        slot.soften();
        assert_eq!(probed(&slot, &counts), None);
    }

    #[test]
    fn each_tag_of_an_entry_with_several_tells() {
        for invalidated in 0..3 {
            let ((slot, cells), counts) = (tagged(&["a", "b", "c"]), Counts::default());
            counts.applied(1, true);
            assert!(probed(&slot, &counts).is_some());
            cells[invalidated].invalidated(2, false);
            counts.applied(2, true);
            assert_eq!(probed(&slot, &counts), None);
        }
    }

    #[test]
    fn a_soft_invalidation_is_not_undone_by_a_look_that_found_the_entry_valid_before() {
        let ((slot, _), floors, counts) = (tagged(&[]), floors(), Counts::default());
        let before = slot.pass.read();
        slot.soften();
        slot.pass.checked(before, 3);
        let probe = Probe::new(&7_u32, &floors, &counts);
        let inspection = Inspection::new(&7_u32, &floors, &counts);
        assert!(probe.equivalent(&slot) && inspection.equivalent(&slot));
        assert_eq!(probe.valid.get(), None);
        let look = inspection.look.take().expect("a look was taken");
        assert_eq!(look.verdict(&floors, 1), Verdict::Dead);
    }
}
