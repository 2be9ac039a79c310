use super::bound::Bound;
use std::collections::HashMap;

/// The newest invalidations of everything, by cache, in the chain of numbers.
#[derive(Debug)]
pub(crate) struct Clears {
    /// Of the whole namespace; also of caches there was no room for.
    all: u64,
    by_cache: HashMap<Box<str>, Bound>,
    /// No cache without an entry was cleared after this number.
    floor: u64,
}

impl Clears {
    /// Caches whose clears are told apart; events may name caches of other programs.
    const CACHES_MAX: usize = 1024;

    pub(crate) fn new() -> Self {
        Self { all: 0, by_cache: HashMap::new(), floor: 0 }
    }

    pub(crate) fn invalidated(&mut self, cache: Option<&str>, number: u64) {
        match cache {
            Some(cache) if self.by_cache.len() < Self::CACHES_MAX || self.by_cache.contains_key(cache) => {
                self.entry(cache).numbered(number);
            }
            _ => self.all = self.all.max(number),
        }
    }

    /// What an entry of `cache` must not be older than.
    pub(crate) fn of(&self, cache: &str) -> Bound {
        let bound = self.by_cache.get(cache).copied().unwrap_or(Bound::at_most(self.floor));
        if self.all > bound.number { Bound::exactly(self.all) } else { bound }
    }

    pub(crate) fn learned(&mut self, cache: &str, number: u64, asked_at: u64) {
        self.entry(cache).learned(number, asked_at);
    }

    /// From here on nothing is known of the chain up to `number`.
    pub(crate) fn forget_chain(&mut self, number: u64) {
        self.all = 0;
        self.floor = number;
        self.by_cache.clear();
    }

    fn entry(&mut self, cache: &str) -> &mut Bound {
        self.by_cache.entry(cache.into()).or_insert(Bound::at_most(self.floor))
    }
}
