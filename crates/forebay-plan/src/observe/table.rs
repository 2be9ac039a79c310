//! Statements by text, and by fingerprint.

use super::{CaptureConfig, entry::Entry, meters::CaptureMeters, report::Dropped};
use foldhash::fast::RandomState;
use forebay_pool::QueryEvent;
use forebay_sql::{Fingerprint, fingerprint};
use quick_cache::{
    Weighter,
    sync::{Cache, DefaultLifecycle},
};
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// What is kept, within bounds. A text that was seen before costs a look-up that waits for nobody.
pub(super) struct Table {
    /// So that a fingerprint is worked out once per text.
    by_text: Cache<Box<str>, Arc<Entry>, TextBytes, RandomState>,
    kept: Mutex<Kept>,
    full: AtomicU64,
    long: AtomicU64,
}

#[derive(Default)]
struct Kept {
    by_fingerprint: HashMap<Fingerprint, Arc<Entry>, RandomState>,
    /// Statements that made room for others, and when that was last tried.
    retired: u64,
    cleared_ms: Option<u64>,
}

/// Time between two searches for statements that may make room.
const CLEAR_EVERY_MS: u64 = 1000;

impl Table {
    pub(super) fn new(config: &CaptureConfig) -> Self {
        let bytes_max = config.texts_bytes_max as u64;
        let texts = (config.texts_bytes_max / 256).max(1);
        Self {
            by_text: Cache::with(
                texts,
                bytes_max,
                TextBytes,
                RandomState::default(),
                DefaultLifecycle::default(),
            ),
            kept: Mutex::default(),
            full: AtomicU64::new(0),
            long: AtomicU64::new(0),
        }
    }

    /// The statement of an event; `None` when there is no room for it.
    pub(super) fn entry(
        &self,
        event: &QueryEvent<'_>,
        since: Duration,
        config: &CaptureConfig,
        meters: &CaptureMeters,
    ) -> Option<Arc<Entry>> {
        let sql = event.sql;
        if let Some(entry) = self.by_text.get(sql).filter(|entry| !entry.retired.load(Ordering::Relaxed)) {
            return Some(entry);
        }
        if sql.len() > config.text_bytes_max {
            self.long.fetch_add(1, Ordering::Relaxed);
            meters.long.increment(1);
            return None;
        }
        let fingerprint = fingerprint(sql);
        let Some(entry) = self.by_fingerprint(fingerprint, sql, since, config, meters) else {
            self.full.fetch_add(1, Ordering::Relaxed);
            meters.full.increment(1);
            return None;
        };
        if event.params.is_empty() {
            entry.literals.note(sql, config.literals_min);
        }
        // Texts that are all different would push out those that come again.
        if !entry.literals.vary() {
            self.by_text.insert(Box::from(sql), Arc::clone(&entry));
        }
        Some(entry)
    }

    fn by_fingerprint(
        &self,
        fingerprint: Fingerprint,
        sql: &str,
        since: Duration,
        config: &CaptureConfig,
        meters: &CaptureMeters,
    ) -> Option<Arc<Entry>> {
        if let Some(entry) = self.kept().by_fingerprint.get(&fingerprint) {
            return Some(Arc::clone(entry));
        }
        let entry = Arc::new(Entry::new(fingerprint, sql, config));
        entry.last_ms.store(since.as_millis() as u64, Ordering::Relaxed);
        let mut kept = self.kept();
        if kept.by_fingerprint.len() >= config.statements_max {
            kept.make_room(since, config.idle_max);
        }
        if kept.by_fingerprint.len() >= config.statements_max {
            return None;
        }
        let entry = Arc::clone(kept.by_fingerprint.entry(fingerprint).or_insert(entry));
        meters.statements.set(kept.by_fingerprint.len() as f64);
        Some(entry)
    }

    pub(super) fn all(&self) -> Vec<Arc<Entry>> {
        self.kept().by_fingerprint.values().map(Arc::clone).collect()
    }

    pub(super) fn of(&self, fingerprint: Fingerprint) -> Option<Arc<Entry>> {
        self.kept().by_fingerprint.get(&fingerprint).map(Arc::clone)
    }

    pub(super) fn dropped(&self) -> Dropped {
        Dropped {
            full: self.full.load(Ordering::Relaxed),
            long: self.long.load(Ordering::Relaxed),
            retired: self.kept().retired,
        }
    }

    pub(super) fn clear(&self) {
        let mut kept = self.kept();
        for entry in kept.by_fingerprint.drain() {
            entry.1.retired.store(true, Ordering::Relaxed);
        }
        drop(kept);
        self.by_text.clear();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Each update is complete before anything that could panic.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Lets go of statements that nobody ran for a while.
    fn make_room(&mut self, since: Duration, idle_max: Duration) {
        let now = since.as_millis() as u64;
        if self.cleared_ms.is_some_and(|last| now < last + CLEAR_EVERY_MS) {
            return;
        }
        self.cleared_ms = Some(now);
        let before = self.by_fingerprint.len();
        self.by_fingerprint.retain(|_, entry| {
            let idle = now.saturating_sub(entry.last_ms.load(Ordering::Relaxed));
            let stays = u128::from(idle) < idle_max.as_millis();
            entry.retired.store(!stays, Ordering::Relaxed);
            stays
        });
        self.retired += (before - self.by_fingerprint.len()) as u64;
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("statements", &self.kept().by_fingerprint.len()).finish_non_exhaustive()
    }
}

/// Weighs a text by the memory it takes.
#[derive(Clone)]
struct TextBytes;

impl Weighter<Box<str>, Arc<Entry>> for TextBytes {
    fn weight(&self, text: &Box<str>, _: &Arc<Entry>) -> u64 {
        text.len() as u64 + 64
    }
}
