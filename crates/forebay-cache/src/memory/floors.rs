use std::sync::atomic::{AtomicU64, Ordering};

/// The newest invalidations of everything a cache holds, as node-local numbers.
#[derive(Debug, Default)]
pub(crate) struct Floors {
    soft: AtomicU64,
    hard: AtomicU64,
}

impl Floors {
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
}
