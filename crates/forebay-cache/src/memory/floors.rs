use crate::{CacheKey, Strength, pattern::Patterns};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The newest invalidations of what a cache holds that are not about single entries or their tags, as node-local numbers.
#[derive(Debug)]
pub(crate) struct Floors {
    /// The cache's name.
    cache: Box<str>,
    patterns: Arc<Patterns>,
    /// Of everything.
    soft: AtomicU64,
    hard: AtomicU64,
}

impl Floors {
    pub(crate) fn new(cache: &str, patterns: Arc<Patterns>) -> Self {
        Self { cache: cache.into(), patterns, soft: AtomicU64::new(0), hard: AtomicU64::new(0) }
    }

    #[inline]
    pub(crate) fn soft(&self) -> u64 {
        self.soft.load(Ordering::Acquire)
    }

    #[inline]
    pub(crate) fn hard(&self) -> u64 {
        self.hard.load(Ordering::Acquire)
    }

    pub(crate) fn raise(&self, change: u64, hard: bool) {
        self.soft.fetch_max(change, Ordering::AcqRel);
        if hard {
            self.hard.fetch_max(change, Ordering::AcqRel);
        }
    }

    /// How hard `key` was hit by what it looks like, after the local change `since`.
    #[inline]
    pub(crate) fn by_pattern(&self, key: &impl CacheKey, since: u64) -> Option<Strength> {
        self.patterns.hit(&self.cache, || key.text(), since)
    }
}
