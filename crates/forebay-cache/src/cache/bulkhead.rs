use super::inner::Inner;
use crate::{CacheKey, Mode, flight::is_leading_any};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Bounds the loads of one cache that run at once.
#[derive(Debug)]
pub(super) struct Bulkhead {
    turns: Semaphore,
    waiting: AtomicUsize,
    bounds: Bounds,
}

/// How many loads run and wait, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) loads_max: usize,
    pub(super) waiting_max: usize,
    pub(super) wait_max: Duration,
}

/// The right to run a loader, until dropped.
pub(super) enum Turn<'a> {
    /// One of the turns there are.
    Taken { _permit: SemaphorePermit<'a> },
    /// The cache has no bound, or the load is part of one that has its turn.
    Free,
}

/// There is no turn to be had.
#[derive(Debug)]
pub(super) struct Full;

impl Bulkhead {
    pub(super) fn new(bounds: Bounds) -> Self {
        let turns = Semaphore::new(bounds.loads_max.min(Semaphore::MAX_PERMITS));
        Self { turns, waiting: AtomicUsize::new(0), bounds }
    }

    /// A turn, at once or after waiting for one. Cancel safe.
    async fn enter(&self, waits: bool) -> Result<Turn<'_>, Full> {
        if let Ok(permit) = self.turns.try_acquire() {
            return Ok(Turn::Taken { _permit: permit });
        }
        let _seat = waits.then(|| self.sit()).flatten().ok_or(Full)?;
        match tokio::time::timeout(self.bounds.wait_max, self.turns.acquire()).await {
            Ok(Ok(permit)) => Ok(Turn::Taken { _permit: permit }),
            // It is never closed, so this is the time that ended.
            _ => Err(Full),
        }
    }

    fn sit(&self) -> Option<Seat<'_>> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let seat = Seat(&self.waiting);
        (before < self.bounds.waiting_max).then_some(seat)
    }
}

/// A place among those who wait.
struct Seat<'a>(&'a AtomicUsize);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<K: CacheKey, V> Inner<K, V> {
    /// The right to run a loader. A load that is part of another of this cache runs within that one's turn: were it to wait,
    /// all turns could be with loads that wait for one.
    pub(super) async fn turn(&self, waits: bool) -> Result<Turn<'_>, Full> {
        match &self.bulkhead {
            // A cache that only observes must not refuse what its callers would load without it.
            Some(bulkhead) if self.mode.get() == Mode::On && !is_leading_any(&self.flights) => {
                let turn = bulkhead.enter(waits).await;
                if turn.is_err() {
                    self.meters.shed.increment(1);
                }
                turn
            }
            _ => Ok(Turn::Free),
        }
    }
}
