//! How often, and for how long, something was waited for.

use metrics::Histogram;
use serde::Serialize;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Waits since the pool was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WaitsStatus {
    /// How many came to their end, whichever.
    pub ended: u64,
    /// How long all of them together took.
    pub time: Duration,
}

/// Measures waits, and tells their sum.
#[derive(Debug)]
pub(crate) struct Waits {
    histogram: Histogram,
    ended: AtomicU64,
    time_us: AtomicU64,
}

impl Waits {
    pub(crate) const fn new(histogram: Histogram) -> Self {
        Self { histogram, ended: AtomicU64::new(0), time_us: AtomicU64::new(0) }
    }

    pub(crate) fn record(&self, waited: Duration) {
        self.histogram.record(waited);
        self.ended.fetch_add(1, Ordering::Relaxed);
        self.time_us.fetch_add(waited.as_micros().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn status(&self) -> WaitsStatus {
        WaitsStatus {
            ended: self.ended.load(Ordering::Relaxed),
            time: Duration::from_micros(self.time_us.load(Ordering::Relaxed)),
        }
    }
}
