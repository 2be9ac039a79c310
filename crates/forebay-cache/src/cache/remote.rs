use super::{decide::Born, inner::Inner};
use crate::{
    CacheKey, Fill, Stamp, Stored,
    envelope::{Decoded, Entry},
    freshness::Freshness,
    memory::{Life, Origin, Verdict},
    namespace::Start,
    tasks::Tasks,
    values::Wire,
};
use bytes::{BufMut, Bytes, BytesMut};
use std::{sync::Arc, time::Duration};

/// What a cache needs to use the remote tiers of its namespace.
pub(super) struct Remote<V> {
    pub(super) wire: Arc<Wire<V>>,
    /// Entries on their way to the tiers: the caller has its value and does not wait.
    pub(super) fills: Tasks,
}

/// What a remote tier had.
pub(super) struct FoundRemote<V> {
    pub(super) value: Arc<V>,
    pub(super) life: Arc<Life>,
    pub(super) verdict: Verdict,
}

/// What a tier held under a key: an entry and its age, or the number of the key's invalidation.
enum Held {
    Entry(Entry, Duration),
    Tombstone(Stamp),
}

/// An entry on its way into the remote tiers.
pub(super) struct Outgoing<V> {
    pub(super) value: Arc<V>,
    pub(super) life: Arc<Life>,
    pub(super) freshness: Freshness,
    pub(super) stamp: Stamp,
}

impl<V> Remote<V> {
    /// Fills on their way at once; beyond that an entry is kept in memory only.
    pub(super) const FILLS_MAX: usize = 1024;
}

impl<K: CacheKey, V: Send + Sync + 'static> Inner<K, V> {
    /// Asks the remote tiers, nearest first, for an entry that may be used.
    pub(super) async fn find_remote(
        &self,
        key: &K,
        full_key: &Bytes,
        start: &Start,
    ) -> Option<FoundRemote<V>> {
        let remote = self.remote.as_ref().filter(|_| self.mode.is_on())?;
        start.stamp?;
        let tier_key = self.tier_key(full_key);
        let mut buried_at = None;
        for (depth, tier) in self.namespace.tiers().iter().enumerate() {
            let Some(stored) = tier.get(&tier_key).await else { continue };
            let (entry, age) = match self.read(remote, &tier_key, &stored) {
                Some(Held::Entry(entry, age)) => (entry, age),
                Some(Held::Tombstone(stamp)) => {
                    // The tiers below may not have taken it.
                    buried_at = buried_at.max(Some(stamp));
                    continue;
                }
                None => continue,
            };
            if buried_at.is_some_and(|stamp| entry.stamp < stamp) {
                continue;
            }
            if !self.namespace.trusts(&self.name, full_key, entry.stamp, &entry.tags).await {
                self.meters.distrusted.increment(1);
                continue;
            }
            let Some(value) = remote.wire.decode(&entry.payload) else {
                self.meters.unreadable.increment(1);
                continue;
            };
            let life = Arc::new(self.life_of(key, &entry, age, start.change));
            let verdict = life.verdict(true, &self.memory.floors, self.memory.clock.now());
            if verdict == Verdict::Dead {
                continue;
            }
            self.meters.remote_hits.increment(1);
            if verdict == Verdict::Fresh {
                self.promote(remote, &tier_key, entry, age, depth);
            }
            return Some(FoundRemote { value: Arc::new(value), life, verdict });
        }
        None
    }

    /// What is in an envelope; `None` for what this program does not understand.
    fn read(&self, remote: &Remote<V>, key: &Bytes, stored: &Stored) -> Option<Held> {
        match remote.wire.unwrap(&stored.value, key) {
            Some(Decoded::Entry(entry)) => {
                // An entry that expires in a tier that does not say when it was put: nothing tells how old it is.
                let age =
                    entry.age_now(stored.remaining).or_else(|| entry.ttl.is_none().then_some(entry.age))?;
                Some(Held::Entry(entry, age))
            }
            Some(Decoded::Tombstone(stamp)) => Some(Held::Tombstone(stamp)),
            None => {
                self.meters.unreadable.increment(1);
                None
            }
        }
    }

    fn life_of(&self, key: &K, entry: &Entry, age: Duration, change: u64) -> Life {
        let freshness = Freshness {
            ttl: entry.ttl,
            stale_while_revalidate: entry.stale.unwrap_or_default(),
            stale_if_error: entry.fallback.unwrap_or_default(),
            jitter: self.freshness.jitter,
        };
        // Which tags were declared is not known here: a refresh declares all of them, and any other may come.
        // Nor who decided on the ttl; one that depends on the value is not that of the next.
        let ttl = entry.ttl.filter(|_| self.ttl_of.is_none());
        let origin = Origin { ttl, declared: entry.tags.len(), open: true, refreshable: true };
        let born = Born { change, age, load: entry.load, validator: None };
        self.life(key, entry.tags.clone(), &freshness, origin, born)
    }

    /// Puts an entry found in one tier into those above it.
    fn promote(&self, remote: &Remote<V>, tier_key: &Bytes, entry: Entry, age: Duration, depth: usize) {
        if depth == 0 {
            return;
        }
        let (key, wire) = (tier_key.clone(), remote.wire.clone());
        let above = self.namespace.tiers()[..depth].to_vec();
        remote.fills.spawn(async move {
            let entry = Entry { age, keep: keep(&entry, age), ..entry };
            if let Some(value) = wire.wrap(&entry, &key) {
                let fill = Fill { key, value, stamp: entry.stamp, keep: entry.keep };
                for tier in above {
                    tier.put(fill.clone()).await;
                }
            }
        });
    }

    /// Puts a new entry into every remote tier, on a task.
    pub(super) fn fill(self: &Arc<Self>, full_key: &Bytes, outgoing: Outgoing<V>) {
        let Some(remote) = &self.remote else { return };
        if self.namespace.tiers().is_empty() || !self.mode.is_on() {
            return;
        }
        let (inner, key) = (self.clone(), self.tier_key(full_key));
        let taken = remote.fills.spawn(async move {
            if let Some(fill) = inner.envelope(&key, &outgoing) {
                for tier in inner.namespace.tiers() {
                    tier.put(fill.clone()).await;
                }
            }
        });
        if !taken {
            self.meters.unfilled.increment(1);
        }
    }

    fn envelope(&self, key: &Bytes, outgoing: &Outgoing<V>) -> Option<Fill> {
        let remote = self.remote.as_ref()?;
        let Outgoing { value, life, freshness, stamp } = outgoing;
        let window = |window: Duration| (!window.is_zero()).then_some(window);
        let Some(payload) = remote.wire.encode(value) else {
            self.meters.unfilled.increment(1);
            return None;
        };
        let mut entry = Entry {
            stamp: *stamp,
            fingerprint: remote.wire.fingerprint(),
            age: Duration::from_nanos(self.memory.clock.now().saturating_sub(life.born)),
            ttl: freshness.ttl,
            stale: window(freshness.stale_while_revalidate),
            fallback: window(freshness.stale_if_error),
            keep: None,
            load: life.load,
            tags: life.tags.to_vec(),
            payload,
        };
        entry.keep = keep(&entry, entry.age);
        let Some(value) = remote.wire.wrap(&entry, key) else {
            self.meters.unfilled.increment(1);
            return None;
        };
        self.meters.plain_bytes.increment(entry.payload.len() as u64);
        self.meters.packed_bytes.increment(value.len() as u64);
        Some(Fill { key: key.clone(), value, stamp: *stamp, keep: entry.keep })
    }

    /// The key of an entry in a tier: `namespace:cache:key`.
    pub(super) fn tier_key(&self, full_key: &Bytes) -> Bytes {
        let space = self.namespace.name();
        let mut key = BytesMut::with_capacity(space.len() + 1 + full_key.len());
        key.put_slice(space.as_bytes());
        key.put_u8(b':');
        key.put_slice(full_key);
        key.freeze()
    }
}

/// How much longer a tier may keep an entry of this age: as long as it can be of any use.
fn keep(entry: &Entry, age: Duration) -> Option<Duration> {
    let windows = entry.stale.unwrap_or_default().max(entry.fallback.unwrap_or_default());
    Some((entry.ttl?.saturating_add(windows)).saturating_sub(age))
}
