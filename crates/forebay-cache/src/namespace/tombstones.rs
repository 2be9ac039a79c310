use super::metrics;
use crate::{GuardedTier, Removal, Stamp, tasks::Tasks};
use ::metrics::Gauge;
use bytes::{BufMut, Bytes, BytesMut};
use forebay_metrics::Meter;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// What remote tiers have to be told of invalidated keys: until a tier confirms its tombstone it may still hold the old
/// entry, so the debt is kept and tried again.
///
/// A tombstone spares readers a look at numbers and keeps an old load from taking an entry's place; no more, because a tier
/// may evict it at any time. What a tier still holds is told by the tables of numbers, here and of the sequencer. So when too
/// much is owed the oldest debt goes.
#[derive(Debug)]
pub(super) struct Tombstones {
    graves: Box<[Arc<Grave>]>,
    /// `namespace:`, the beginning of every key in a tier.
    prefix: Box<str>,
    keep: Duration,
    /// One at work for each tier, and one on its way out.
    workers: Tasks,
}

#[derive(Debug)]
struct Grave {
    tier: GuardedTier,
    owed: Mutex<VecDeque<Removal>>,
    /// Whether a task is paying.
    working: AtomicBool,
    gauge: Gauge,
}

impl Tombstones {
    /// How many removals one tier may owe.
    const OWED_MAX: usize = 4096;

    pub(super) fn new(tiers: &[GuardedTier], namespace: &str, keep: Duration, meter: &Meter) -> Self {
        let grave = |tier: &GuardedTier| {
            let gauge = metrics::tombstones_owed(meter, namespace, tier.name());
            let owed = Mutex::default();
            Arc::new(Grave { tier: tier.clone(), owed, working: AtomicBool::new(false), gauge })
        };
        let graves: Box<[_]> = tiers.iter().map(grave).collect();
        let prefix = format!("{namespace}:").into();
        Self { workers: Tasks::new(2 * graves.len()), graves, prefix, keep }
    }

    /// Has every tier bury `key` (`cache:key`).
    pub(super) fn bury(&self, key: &Bytes, stamp: Stamp) {
        let mut full = BytesMut::with_capacity(self.prefix.len() + key.len());
        full.put_slice(self.prefix.as_bytes());
        full.put_slice(key);
        let removal = Removal { key: full.freeze(), stamp, keep: self.keep };
        for grave in &self.graves {
            grave.owe(removal.clone(), Self::OWED_MAX);
            if !grave.working.swap(true, Ordering::AcqRel) {
                let worker = Worker { grave: grave.clone(), working: true };
                self.workers.spawn(async move { worker.pay().await });
            }
        }
    }

    /// How much each tier owes, in their order.
    pub(super) fn owed(&self) -> impl Iterator<Item = u64> {
        self.graves.iter().map(|grave| grave.lock().len() as u64)
    }

    /// Gives every tier one more chance and ends.
    pub(super) async fn shutdown(&self) {
        self.workers.abort().await;
        for grave in &self.graves {
            grave.pay_some().await;
        }
    }
}

impl Grave {
    /// Removals sent in one call.
    const BATCH: usize = 128;
    /// How long a tier that did not confirm is left alone.
    const PAUSE: Duration = Duration::from_millis(500);

    fn owe(&self, removal: Removal, max: usize) {
        let mut owed = self.lock();
        if owed.len() >= max {
            owed.pop_front();
        }
        owed.push_back(removal);
        self.gauge.set(owed.len() as f64);
    }

    /// Pays everything that is owed now; `false` when the tier did not confirm.
    async fn pay_some(&self) -> bool {
        loop {
            let batch: Vec<Removal> = self.lock().iter().take(Self::BATCH).cloned().collect();
            if batch.is_empty() {
                return true;
            }
            if !self.tier.remove(&batch).await {
                return false;
            }
            let mut owed = self.lock();
            // New debts come in at the back, so these are still in front, except for those that had to go.
            for paid in &batch {
                if owed.front().is_some_and(|front| front.key == paid.key && front.stamp == paid.stamp) {
                    owed.pop_front();
                }
            }
            self.gauge.set(owed.len() as f64);
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Removal>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who pays what a tier owes. Whatever ends it, a panic of the tier's included, the next one may begin.
#[derive(Debug)]
struct Worker {
    grave: Arc<Grave>,
    /// Whether `grave.working` is its own to take down.
    working: bool,
}

impl Worker {
    async fn pay(mut self) {
        loop {
            if !self.grave.pay_some().await {
                tokio::time::sleep(Grave::PAUSE).await;
            }
            if self.grave.lock().is_empty() {
                self.rest();
                // Something may have been added before the flag was down, by one who saw it up.
                if self.grave.lock().is_empty() || self.grave.working.swap(true, Ordering::AcqRel) {
                    return;
                }
                self.working = true;
            }
        }
    }

    fn rest(&mut self) {
        if std::mem::take(&mut self.working) {
            self.grave.working.store(false, Ordering::Release);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.rest();
    }
}
