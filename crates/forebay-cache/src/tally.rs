use metrics::Counter;
use std::sync::atomic::{AtomicU64, Ordering};

/// A counter of the recorder whose total can also be read here. Not for the hit path, which counts once.
#[derive(Debug)]
pub(crate) struct Tally {
    counter: Counter,
    total: AtomicU64,
}

impl Tally {
    pub(crate) const fn new(counter: Counter) -> Self {
        Self { counter, total: AtomicU64::new(0) }
    }

    pub(crate) fn increment(&self, by: u64) {
        self.total.fetch_add(by, Ordering::Relaxed);
        self.counter.increment(by);
    }

    /// How much was counted since it was made.
    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}
