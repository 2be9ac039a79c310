use super::{
    floors::Floors,
    life::{Life, Verdict},
    slot::{Slot, hash_bytes},
};
use crate::{CacheKey, clock::Moment};
use quick_cache::Equivalent;
use std::{
    cell::RefCell,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// A look that leaves no trace: neither the eviction policy nor the entry notices it.
#[derive(Debug)]
pub(super) struct Glance<'a> {
    bytes: &'a [u8],
    floors: &'a Floors,
    now: Moment,
    pub(super) found: RefCell<Option<Glanced>>,
}

/// What a glance found.
#[derive(Debug)]
pub(crate) struct Glanced {
    pub(crate) life: Arc<Life>,
    /// Up to which count of invalidations it is known that no pattern hit it.
    pub(crate) since: u64,
    /// Whether nothing that matches was invalidated since its load began.
    pub(crate) valid: bool,
    pub(crate) verdict: Verdict,
}

impl<'a> Glance<'a> {
    pub(super) fn at(bytes: &'a [u8], floors: &'a Floors, now: Moment) -> Self {
        Self { bytes, floors, now, found: RefCell::default() }
    }
}

impl Hash for Glance<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_bytes(self.bytes, state);
    }
}

impl<K: CacheKey> Equivalent<Slot<K>> for Glance<'_> {
    fn equivalent(&self, slot: &Slot<K>) -> bool {
        let found = slot.key.with_bytes(|bytes| bytes == self.bytes);
        if found {
            let since = slot.known_valid_at();
            let (valid, verdict) = slot.verdict(self.floors, self.now);
            *self.found.borrow_mut() = Some(Glanced { life: slot.life.clone(), since, valid, verdict });
        }
        found
    }
}
