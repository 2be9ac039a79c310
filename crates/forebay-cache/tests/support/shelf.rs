use async_trait::async_trait;
use bytes::Bytes;
use forebay_cache::{Fill, GuardedTier, Outcome, Removal, Stored, Tier, TierConfig, TierError, envelope};
use forebay_metrics::Meter;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::time::Instant;

/// A tier in memory that keeps the contract of [`Tier`], until it is told not to.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    kept: Mutex<HashMap<Bytes, (Bytes, Option<Instant>)>>,
    pub(crate) failing: AtomicBool,
    pub(crate) hanging: AtomicBool,
    /// Takes no tombstone.
    pub(crate) unburying: AtomicBool,
    pub(crate) gets: AtomicU64,
    pub(crate) puts: AtomicU64,
}

impl Shelf {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn guarded(self: &Arc<Self>) -> GuardedTier {
        let config = TierConfig::default();
        GuardedTier::new(self.clone(), &config, &Meter::disabled()).expect("valid settings")
    }

    /// How many entries and tombstones it holds.
    pub(crate) fn len(&self) -> usize {
        self.kept.lock().expect("nobody panics while holding it").len()
    }

    /// Whether it holds an entry, and not a tombstone, under a key that ends in `end`.
    pub(crate) fn has_entry(&self, end: &[u8]) -> bool {
        let kept = self.kept.lock().expect("nobody panics while holding it");
        kept.iter().any(|(key, (value, _))| key.ends_with(end) && value[3] == 0)
    }

    async fn trouble(&self, step: &'static str) -> Result<(), TierError> {
        tokio::task::yield_now().await;
        if self.hanging.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.failing.load(Ordering::Relaxed) {
            return Err(TierError { tier: "shelf", step, source: "told to fail".into() });
        }
        Ok(())
    }

    fn newer(&self, key: &Bytes, stamp: forebay_cache::Stamp) -> bool {
        let kept = self.kept.lock().expect("nobody panics while holding it");
        kept.get(key).and_then(|(value, _)| envelope::stamp_of(value)).is_some_and(|present| present > stamp)
    }
}

#[async_trait]
impl Tier for Shelf {
    fn name(&self) -> &str {
        "shelf"
    }

    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.trouble("get").await?;
        let kept = self.kept.lock().expect("nobody panics while holding it");
        let now = Instant::now();
        Ok(keys
            .iter()
            .map(|key| {
                let (value, until) = kept.get(key)?;
                let remaining = until.map(|until| until.saturating_duration_since(now));
                (!remaining.is_some_and(|left| left.is_zero()))
                    .then(|| Stored { value: value.clone(), remaining })
            })
            .collect())
    }

    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError> {
        self.puts.fetch_add(1, Ordering::Relaxed);
        self.trouble("put").await?;
        let put = |fill: &Fill| {
            if self.newer(&fill.key, fill.stamp) {
                return Outcome::Refused;
            }
            let until = fill.keep.map(|keep| Instant::now() + keep);
            self.kept
                .lock()
                .expect("nobody panics while holding it")
                .insert(fill.key.clone(), (fill.value.clone(), until));
            Outcome::Stored
        };
        Ok(fills.iter().map(put).collect())
    }

    async fn remove(&self, removals: &[Removal]) -> Result<(), TierError> {
        self.trouble("remove").await?;
        if self.unburying.load(Ordering::Relaxed) {
            return Err(TierError { tier: "shelf", step: "remove", source: "told to fail".into() });
        }
        for removal in removals {
            if !self.newer(&removal.key, removal.stamp) {
                let tombstone = envelope::tombstone(&removal.key, removal.stamp);
                let until = Some(Instant::now() + removal.keep);
                self.kept
                    .lock()
                    .expect("nobody panics while holding it")
                    .insert(removal.key.clone(), (tombstone, until));
            }
        }
        Ok(())
    }
}
