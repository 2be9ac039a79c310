use super::{life::Life, slot::Slot};
use crate::CacheKey;
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
    pub(super) life: RefCell<Option<Arc<Life>>>,
}

impl<'a> Glance<'a> {
    pub(super) fn at(bytes: &'a [u8]) -> Self {
        Self { bytes, life: RefCell::default() }
    }
}

impl Hash for Glance<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.bytes);
    }
}

impl<K: CacheKey> Equivalent<Slot<K>> for Glance<'_> {
    fn equivalent(&self, slot: &Slot<K>) -> bool {
        let found = slot.key.with_bytes(|bytes| bytes == self.bytes);
        if found {
            *self.life.borrow_mut() = Some(slot.life.clone());
        }
        found
    }
}
