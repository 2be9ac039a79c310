use crate::{
    Clock, LoadFailed,
    clock::{Moment, nanos},
    memory::Life,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// The keys of a cache whose last load failed, each left alone for a while.
#[derive(Debug)]
pub(super) struct Failing {
    table: Mutex<Table>,
    /// How many there are: as a rule none, so that a look-up takes no lock.
    count: AtomicUsize,
    backoff: Backoff,
    clock: Clock,
}

/// For how long a key is left alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    pub(super) first: Duration,
    pub(super) max: Duration,
    pub(super) keys_max: usize,
}

#[derive(Debug, Default)]
struct Table {
    keys: HashMap<Box<[u8]>, Rest, foldhash::fast::RandomState>,
    /// Before then no key can be forgotten: a full table is not searched for one at each failure.
    full_until: Moment,
}

#[derive(Debug)]
struct Rest {
    until: Moment,
    failures: u32,
    failed: LoadFailed,
    /// What the failed load depended on: an invalidation of it ends the rest.
    life: Arc<Life>,
}

impl Failing {
    pub(super) fn new(backoff: Backoff, clock: Clock) -> Self {
        Self { table: Mutex::default(), count: AtomicUsize::new(0), backoff, clock }
    }

    /// How the last load of `key` failed, while the key is left alone and what the load depended on is still as it was.
    pub(super) fn resting(&self, key: &[u8], is_valid: impl FnOnce(&Life) -> bool) -> Option<LoadFailed> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut table = self.lock();
        let rest = table.keys.get(key)?;
        if !is_valid(&rest.life) {
            table.keys.remove(key);
            self.counted(&table);
            return None;
        }
        (self.clock.now() < rest.until).then(|| rest.failed.clone())
    }

    /// A load of `key` failed. `false` when there is no room to remember it.
    pub(super) fn failed(&self, key: &[u8], failed: LoadFailed, life: Arc<Life>) -> bool {
        let now = self.clock.now();
        let mut table = self.lock();
        let Table { keys, full_until } = &mut *table;
        if !keys.contains_key(key) && keys.len() >= self.backoff.keys_max && now >= *full_until {
            let forgotten_after = nanos(self.backoff.max);
            *full_until = Moment::MAX;
            keys.retain(|_, rest| {
                let forgotten_at = rest.until.saturating_add(forgotten_after);
                let kept = now < forgotten_at;
                if kept {
                    *full_until = forgotten_at.min(*full_until);
                }
                kept
            });
        }
        let room = keys.contains_key(key) || keys.len() < self.backoff.keys_max;
        if room {
            let failures = keys.get(key).map_or(0, |rest| rest.failures).saturating_add(1);
            let until = now.saturating_add(nanos(self.backoff.rest(failures)));
            keys.insert(key.into(), Rest { until, failures, failed, life });
        }
        self.counted(&table);
        room
    }

    /// A load of `key` succeeded, or the key was invalidated.
    pub(super) fn forget(&self, key: &[u8]) {
        if self.count.load(Ordering::Acquire) != 0 {
            let mut table = self.lock();
            table.keys.remove(key);
            self.counted(&table);
        }
    }

    fn counted(&self, table: &Table) {
        self.count.store(table.keys.len(), Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Every change is one insertion or removal, so a panic leaves a whole table.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backoff {
    /// The rest after so many failures in a row: twice as long after each, at most `max`, and shortened by up to half, so
    /// that keys that failed together are not tried together.
    fn rest(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        let rest = nanos(self.first.saturating_mul(doubled).min(self.max));
        Duration::from_nanos(rest - rand::random_range(0..=rest / 2))
    }
}
