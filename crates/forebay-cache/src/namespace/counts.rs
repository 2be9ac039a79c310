use std::sync::atomic::{AtomicU64, Ordering};

/// How many invalidations this node has applied, for look-ups: read without the ledger's lock, written under it and
/// last of all, so that who reads a count finds everything up to it applied.
///
/// Invalidations of single keys are not counted: memory removes the key's own entry.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    every: AtomicU64,
    /// The count at the newest one that may concern an entry without tags.
    beyond_tags: AtomicU64,
}

impl Counts {
    /// All of them.
    #[inline]
    pub(crate) fn every(&self) -> u64 {
        self.every.load(Ordering::Acquire)
    }

    /// The count at the newest one that may concern an entry, by whether it has tags.
    #[inline]
    pub(crate) fn newest_for(&self, tagged: bool) -> u64 {
        let count = if tagged { &self.every } else { &self.beyond_tags };
        count.load(Ordering::Acquire)
    }

    /// The invalidation that made the count `change` was applied.
    pub(crate) fn applied(&self, change: u64, of_tag_only: bool) {
        if !of_tag_only {
            self.beyond_tags.store(change, Ordering::Release);
        }
        self.every.store(change, Ordering::Release);
    }
}
