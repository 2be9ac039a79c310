use crate::clock::{Moment, nanos};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// When an entry was read last, and for how long it may go unread.
#[derive(Debug)]
pub(crate) struct Slide {
    idle_max: u64,
    read_at: AtomicU64,
}

impl Slide {
    /// The part of the time by which a noted read may be late: a hot entry is then seldom written to.
    const COARSE: u64 = 64;

    pub(crate) fn new(idle_max: Duration, born: Moment) -> Self {
        Self { idle_max: nanos(idle_max), read_at: AtomicU64::new(born) }
    }

    pub(crate) fn is_over(&self, now: Moment) -> bool {
        now.saturating_sub(self.read_at.load(Ordering::Relaxed)) >= self.idle_max
    }

    /// The entry is read now.
    pub(crate) fn read(&self, now: Moment) {
        let before = self.read_at.load(Ordering::Relaxed);
        if now.saturating_sub(before) > self.idle_max / Self::COARSE {
            self.read_at.fetch_max(now, Ordering::Relaxed);
        }
    }
}
