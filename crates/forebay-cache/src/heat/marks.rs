use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How often keys were used lately, by the hash of the key: one bit for each of the last eight looks, the newest on top.
///
/// A hit leaves no mark of its own. But the first hit after the namespace's count of invalidations has moved notes the
/// count in the entry, because it judged the entry anew. So moving the count and looking later which entries have it tells
/// which were used in between, as an operating system tells used pages by a bit it clears.
#[derive(Debug, Default)]
pub(crate) struct Marks(Mutex<Bits>);

#[derive(Debug, Default)]
struct Bits {
    used: HashMap<u64, u8, foldhash::fast::RandomState>,
    /// The count of invalidations at the last look.
    looked_at: u64,
}

impl Marks {
    /// The count at the last look: entries that have it or a larger one were used since.
    pub(crate) fn looked_at(&self) -> u64 {
        self.lock().looked_at
    }

    /// Takes note of the hashes of the keys that were used since the last look, which happened at `change`.
    pub(crate) fn look(&self, used: impl IntoIterator<Item = u64>, change: u64) {
        let mut bits = self.lock();
        bits.looked_at = change;
        bits.used.retain(|_, bits| {
            *bits >>= 1;
            *bits != 0
        });
        for hash in used {
            *bits.used.entry(hash).or_default() |= 0x80;
        }
    }

    /// The larger, the hotter.
    pub(crate) fn of(&self, hash: u64) -> u8 {
        self.lock().used.get(&hash).copied().unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, Bits> {
        // Every change leaves a table that is as good as another.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn what_was_used_lately_and_often_is_hotter() {
        let marks = Marks::default();
        marks.look([1, 2], 1);
        marks.look([2], 2);
        marks.look([2, 3], 3);
        let (once, often, lately) = (marks.of(1), marks.of(2), marks.of(3));
        assert!(often > lately && lately > once, "{often} {lately} {once}");
        for change in 4..12 {
            marks.look([], change);
        }
        assert_eq!((marks.of(2), marks.looked_at()), (0, 11), "what is no longer used is forgotten");
    }
}
