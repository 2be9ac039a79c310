use super::{
    decide::Born,
    inner::Inner,
    lease::{HeldLease, Leasing},
};
use crate::{
    CacheKey, Fill, Stamp, Stored,
    envelope::{Decoded, Entry},
    freshness::Freshness,
    memory::{Life, Origin, Verdict},
    metrics::Meters,
    namespace::Start,
    tiers::GuardedTier,
    values::Wire,
    writes::{Envelope, Write, Writes, WritesConfig, Written},
};
use bytes::{BufMut, Bytes, BytesMut};
use forebay_metrics::Meter;
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, time::Instant};

/// What a cache needs to use the remote tiers of its namespace.
pub(super) struct Remote<V> {
    pub(super) wire: Arc<Wire<V>>,
    /// Entries on their way to the tiers: the caller has its value and does not wait.
    pub(super) writes: Writes,
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
    /// Whether it is kept for tiers that are left alone: what these hold is older, and would come back with them. What a
    /// load brought that had looked for the entry there is not.
    pub(super) waits: bool,
    /// Given back when the tiers have it: those who wait on other nodes find it then.
    pub(super) _lease: Option<HeldLease>,
}

impl<V: 'static> Remote<V> {
    pub(super) fn new(
        cache: &str,
        wire: Wire<V>,
        writes: WritesConfig,
        tiers: &[GuardedTier],
        meters: &Meters,
        meter: &Meter,
    ) -> Self {
        let wire = Arc::new(wire);
        let (encoder, plain, packed) =
            (wire.clone(), meters.plain_bytes.clone(), meters.packed_bytes.clone());
        let envelope: Envelope = Box::new(move |key, entry, scale| {
            let fill = fill(key, entry, scale, &encoder)?;
            plain.increment(entry.payload.len() as u64);
            packed.increment(fill.value.len() as u64);
            Some(fill)
        });
        let writes = Writes::new(cache, writes, tiers, envelope, meters.unfilled.clone(), meter);
        Self { wire, writes }
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> Inner<K, V> {
    /// Asks the remote tiers, nearest first, for an entry that may be used; puts it into those above when asked to
    /// `promote` it.
    pub(super) async fn find_remote(
        &self,
        key: &K,
        full_key: &Bytes,
        start: &Start,
        promote: bool,
        mut leasing: Option<&mut Leasing>,
    ) -> Option<FoundRemote<V>> {
        let remote = self.remote.as_ref().filter(|_| self.mode.is_on())?;
        start.stamp?;
        let tier_key = self.tier_key(full_key);
        let mut buried_at = None;
        for (depth, tier) in self.namespace.tiers().iter().enumerate() {
            let Some(stored) = Leasing::get(&mut leasing, depth, tier, &tier_key).await else { continue };
            let candidate = self.candidate(remote, &tier_key, &stored, &mut buried_at);
            let Some((entry, age)) = candidate else { continue };
            // Patterns first: their numbers mean what they did as long as the judgement finds the chain to be the entry's.
            let hit = self.is_hit_by_pattern(key, entry.stamp);
            if hit || !self.namespace.trusts(&self.name, full_key, entry.stamp, &entry.tags).await {
                self.meters.distrusted.increment(1);
                continue;
            }
            let Some(found) = self.accept(remote, key, &entry, age, start) else { continue };
            if promote && found.verdict == Verdict::Fresh {
                self.promote(remote, vec![(tier_key, entry, age)], depth);
            }
            return Some(found);
        }
        None
    }

    /// Whether an entry of `key` that a remote tier holds was hit by what its key looks like.
    pub(super) fn is_hit_by_pattern(&self, key: &K, stamp: Stamp) -> bool {
        self.namespace.hit_by_pattern((&self.name, key), stamp)
    }

    /// The entry that a tier holds under a key, and its age, unless a tier above had a newer tombstone.
    pub(super) fn candidate(
        &self,
        remote: &Remote<V>,
        tier_key: &Bytes,
        stored: &Stored,
        buried_at: &mut Option<Stamp>,
    ) -> Option<(Entry, Duration)> {
        match self.read(remote, tier_key, stored)? {
            Held::Entry(entry, age) => {
                buried_at.is_none_or(|stamp| stamp <= entry.stamp).then_some((entry, age))
            }
            Held::Tombstone(stamp) => {
                // The tiers below may not have taken it.
                *buried_at = (*buried_at).max(Some(stamp));
                None
            }
        }
    }

    /// What an entry is good for that is known to be valid.
    pub(super) fn accept(
        &self,
        remote: &Remote<V>,
        key: &K,
        entry: &Entry,
        age: Duration,
        start: &Start,
    ) -> Option<FoundRemote<V>> {
        let Some(value) = remote.wire.decode(&entry.payload) else {
            self.meters.unreadable.increment(1);
            return None;
        };
        let life = Arc::new(self.life_of(key, entry, age, start.change));
        let verdict = life.verdict(true, &self.memory.floors, None, self.memory.clock.now());
        if verdict == Verdict::Dead {
            return None;
        }
        self.meters.remote_hits.increment(1);
        Some(FoundRemote { value: Arc::new(value), life, verdict })
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
            ..self.freshness
        };
        // Which tags were declared is not known here: a refresh declares all of them, and any other may come.
        // Nor who decided on the ttl; one that depends on the value is not that of the next.
        let ttl = entry.ttl.filter(|_| self.ttl_of.is_none());
        let origin = Origin::new(ttl, entry.tags.len(), true, true);
        let born = Born { change, age, load: entry.load, validator: None };
        self.life(key, entry.tags.clone(), &freshness, origin, born)
    }

    /// Puts entries found in one tier, at their age, into those above it.
    pub(super) fn promote(&self, remote: &Remote<V>, found: Vec<(Bytes, Entry, Duration)>, depth: usize) {
        if depth == 0 || found.is_empty() {
            return;
        }
        let found_at = Instant::now();
        let above = self.reached(depth);
        if above.is_empty() {
            return;
        }
        // A tombstone written since it was found must still be there when it arrives.
        let until = found_at + self.namespace.tombstone_keep();
        let aged = |(key, entry, age): (Bytes, Entry, Duration)| {
            let make = move || {
                let age = age + found_at.elapsed();
                Some(Entry { age, keep: keep(&entry, age), ..entry.clone() })
            };
            (key, Write::new(Box::new(make), above.clone(), until).yielding())
        };
        remote.writes.push(found.into_iter().map(aged).collect());
    }

    /// Puts new entries into every remote tier, behind the caller's back.
    pub(super) fn fill_all(self: &Arc<Self>, outgoing: Vec<(Bytes, Outgoing<V>)>) {
        let tiers = self.tiers_used();
        let Some(remote) = self.remote.as_ref().filter(|_| tiers > 0 && !outgoing.is_empty()) else { return };
        let reached = self.reached(tiers);
        let write = |(full_key, outgoing): (Bytes, Outgoing<V>)| {
            let places = if outgoing.waits { (0..tiers).collect() } else { reached.clone() };
            self.meters.unfilled.increment(u64::from(places.len() < tiers));
            self.write(&full_key, outgoing, places)
        };
        remote.writes.push(outgoing.into_iter().map(write).collect());
    }

    /// Whether a look into the remote tiers would find every one of them left alone.
    pub(super) fn skips_look(&self) -> bool {
        let skips = self.remote.is_some() && self.all_left_alone();
        if skips {
            self.namespace.tiers().iter().for_each(GuardedTier::skip_get);
        }
        skips
    }

    /// Whether a new entry goes into no remote tier. One that `waits` does not mind that they are left alone.
    pub(super) fn skips_fill(&self, waits: bool) -> bool {
        let Some(remote) = self.remote.as_ref().filter(|_| self.tiers_used() > 0) else { return true };
        let skips = !waits && self.all_left_alone();
        if skips {
            remote.writes.skip();
        }
        skips
    }

    /// Whether there are remote tiers, and all are left alone.
    fn all_left_alone(&self) -> bool {
        let tiers = self.namespace.tiers();
        !tiers.is_empty() && tiers.iter().all(|tier| tier.left_alone().is_some())
    }

    /// Which of the first `tiers` tiers are not left alone, by their place.
    fn reached(&self, tiers: usize) -> Vec<usize> {
        let all = self.namespace.tiers().iter().take(tiers).enumerate();
        all.filter(|(_, tier)| tier.left_alone().is_none()).map(|(place, _)| place).collect()
    }

    /// Puts a new entry into every remote tier, and waits until each was asked once.
    pub(super) async fn fill_through(self: &Arc<Self>, full_key: &Bytes, outgoing: Outgoing<V>) -> Written {
        let tiers = self.tiers_used();
        let nowhere = Written { tiers, ..Written::default() };
        let Some(remote) = self.remote.as_ref().filter(|_| tiers > 0) else { return nowhere };
        let (key, write) = self.write(full_key, outgoing, (0..tiers).collect());
        let (writer, written) = oneshot::channel();
        remote.writes.push(vec![(key, write.told(writer))]);
        written.await.unwrap_or(nowhere)
    }

    /// How many remote tiers this cache writes to.
    pub(super) fn tiers_used(&self) -> usize {
        if self.remote.is_some() && self.mode.is_on() { self.namespace.tiers().len() } else { 0 }
    }

    fn write(
        self: &Arc<Self>,
        full_key: &Bytes,
        outgoing: Outgoing<V>,
        places: Vec<usize>,
    ) -> (Bytes, Write) {
        // The tombstone that refuses it must still be there when it arrives.
        let until = Instant::now() + self.namespace.tombstone_keep().saturating_sub(outgoing.life.load());
        let (inner, waits) = (Arc::downgrade(self), outgoing.waits);
        let make = move || {
            let inner = inner.upgrade()?;
            inner.entry(inner.remote.as_ref()?, &outgoing)
        };
        (self.tier_key(full_key), Write::new(Box::new(make), places, until).waiting(waits))
    }

    /// What is sent of a value; `None` when its codec fails.
    fn entry(&self, remote: &Remote<V>, outgoing: &Outgoing<V>) -> Option<Entry> {
        let Outgoing { value, life, freshness, stamp, .. } = outgoing;
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
            load: life.load(),
            tags: life.tags().to_vec(),
            payload,
        };
        entry.keep = keep(&entry, entry.age);
        Some(entry)
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

fn fill<V: 'static>(key: &Bytes, entry: &Entry, scale: f64, wire: &Wire<V>) -> Option<Fill> {
    let scaled = (scale != 1.0).then(|| scaled(entry, scale));
    let entry = scaled.as_ref().unwrap_or(entry);
    let value = wire.wrap(entry, key)?;
    Some(Fill { key: key.clone(), value, stamp: entry.stamp, keep: entry.keep })
}

/// The entry for a tier that keeps entries `scale` times as long. It is fresh for no longer: what is kept beyond its time
/// can only stand in for a load that fails, where the cache allows that at all.
fn scaled(entry: &Entry, scale: f64) -> Entry {
    let mut entry = entry.clone();
    let (Some(keep), Some(ttl)) = (entry.keep, entry.ttl) else { return entry };
    let longer = Duration::try_from_secs_f64(keep.as_secs_f64() * scale).unwrap_or(Duration::MAX);
    if longer < keep {
        entry.keep = Some(longer);
    } else if let Some(fallback) = entry.fallback {
        entry.fallback = Some(fallback.max(entry.age.saturating_add(longer).saturating_sub(ttl)));
        entry.keep = Some(longer);
    }
    entry
}
