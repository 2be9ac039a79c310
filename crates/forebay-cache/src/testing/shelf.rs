use super::faults::{Faults, Step};
use crate::{Fill, GuardedTier, Outcome, Removal, Stamp, Stored, Tier, TierConfig, TierError, envelope};
use async_trait::async_trait;
use bytes::Bytes;
use forebay_metrics::Meter;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::time::Instant;

/// A remote tier in memory that keeps the contract of [`Tier`], and whose [`Faults`] and losses a test decides. What it keeps
/// expires by tokio's clock.
#[derive(Debug, Default)]
pub struct Shelf {
    kept: Mutex<Kept>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct Kept {
    now: HashMap<Bytes, Item>,
    /// What each write replaced, newest last.
    replaced: Vec<(Bytes, Option<Item>)>,
    /// Whether fills are taken whatever stamp the place holds.
    unfenced: bool,
}

#[derive(Debug, Clone)]
struct Item {
    value: Bytes,
    until: Option<Instant>,
}

impl Item {
    fn is_tombstone(&self, key: &[u8]) -> bool {
        envelope::stamp_of(&self.value).is_some_and(|stamp| self.value == envelope::tombstone(key, stamp))
    }
}

impl Shelf {
    /// How many writes can be lost after the fact.
    const REPLACED_MAX: usize = 4096;

    /// An empty one.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// As a namespace takes it, with the default deadline and breaker, unmeasured.
    #[must_use]
    pub fn guarded(self: &Arc<Self>) -> GuardedTier {
        GuardedTier::new(self.clone(), &TierConfig::default(), &Meter::disabled())
            .expect("the default settings make sense")
    }

    /// What goes wrong with its calls.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How many entries and tombstones it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept().now.len()
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it holds an entry, and not a tombstone, under a key that ends in `end`.
    #[must_use]
    pub fn has_entry(&self, end: &[u8]) -> bool {
        let kept = self.kept();
        kept.now.iter().any(|(key, item)| key.ends_with(end) && !item.is_tombstone(key))
    }

    /// Undoes the newest `writes`, as a promoted replica does that had not received them.
    pub fn lose_last(&self, writes: usize) {
        let mut kept = self.kept();
        for _ in 0..writes {
            let Some((key, before)) = kept.replaced.pop() else { return };
            match before {
                Some(item) => kept.now.insert(key, item),
                None => kept.now.remove(&key),
            };
        }
    }

    /// Forgets every entry and tombstone whose key `evicted` picks, as a server short of memory does.
    pub fn evict(&self, mut evicted: impl FnMut(&[u8]) -> bool) {
        self.kept().now.retain(|key, _| !evicted(key));
    }

    /// Comes back empty.
    pub fn clear(&self) {
        let mut kept = self.kept();
        *kept = Kept { unfenced: kept.unfenced, ..Kept::default() };
    }

    /// Whether it takes fills whatever stamp the place holds, which breaks the contract of [`Tier::put`]: for tests that must
    /// see what the contract is good for. Default: no.
    pub fn unfenced(&self, unfenced: bool) {
        self.kept().unfenced = unfenced;
    }

    async fn pass(&self, step: Step) -> Result<(), TierError> {
        self.faults.pass(step).await.map_err(|source| TierError { tier: "shelf", step: step.name(), source })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn newer(&self, key: &Bytes, stamp: Stamp) -> bool {
        self.now.get(key).and_then(|item| envelope::stamp_of(&item.value)).is_some_and(|held| held > stamp)
    }

    fn write(&mut self, key: Bytes, item: Item) {
        let before = self.now.insert(key.clone(), item);
        if self.replaced.len() >= Shelf::REPLACED_MAX {
            self.replaced.drain(..Shelf::REPLACED_MAX / 2);
        }
        self.replaced.push((key, before));
    }
}

#[async_trait]
impl Tier for Shelf {
    fn name(&self) -> &str {
        "shelf"
    }

    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError> {
        self.pass(Step::Get).await?;
        let (kept, now) = (self.kept(), Instant::now());
        let look = |key: &Bytes| {
            let Item { value, until } = kept.now.get(key)?.clone();
            let remaining = until.map(|until| until.saturating_duration_since(now));
            (!remaining.is_some_and(|left| left.is_zero())).then_some(Stored { value, remaining })
        };
        Ok(keys.iter().map(look).collect())
    }

    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError> {
        self.pass(Step::Put).await?;
        let mut kept = self.kept();
        let put = |fill: &Fill| {
            if !kept.unfenced && kept.newer(&fill.key, fill.stamp) {
                return Outcome::Refused;
            }
            let until = fill.keep.map(|keep| Instant::now() + keep);
            kept.write(fill.key.clone(), Item { value: fill.value.clone(), until });
            Outcome::Stored
        };
        Ok(fills.iter().map(put).collect())
    }

    async fn remove(&self, removals: &[Removal]) -> Result<(), TierError> {
        self.pass(Step::Remove).await?;
        let mut kept = self.kept();
        for removal in removals {
            if !kept.newer(&removal.key, removal.stamp) {
                let value = envelope::tombstone(&removal.key, removal.stamp);
                let until = Some(Instant::now() + removal.keep);
                kept.write(removal.key.clone(), Item { value, until });
            }
        }
        Ok(())
    }
}
