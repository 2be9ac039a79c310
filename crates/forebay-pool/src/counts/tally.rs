//! A count that is a metric, and that the status tells as well.

use metrics::Counter;
use std::sync::atomic::{AtomicU64, Ordering};

/// A count since the pool was built.
#[derive(Debug)]
pub(crate) struct Tally {
    total: AtomicU64,
    counter: Counter,
}

impl Tally {
    pub(crate) const fn new(counter: Counter) -> Self {
        Self { total: AtomicU64::new(0), counter }
    }

    pub(crate) fn increment(&self, by: u64) {
        self.total.fetch_add(by, Ordering::Relaxed);
        self.counter.increment(by);
    }

    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}
