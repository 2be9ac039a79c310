use super::{
    inner::{Inner, note_read},
    remote::{FoundRemote, Outgoing},
};
use crate::{
    CacheKey, LoadFailed,
    flight::{Landing, Lead},
    memory::Verdict,
    namespace::Start,
};
use bytes::Bytes;
use forebay_scope::{Scope, Tag};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A load that has begun: what was known before anything was read, and how it may end.
pub(super) struct Loading<'a, K, V> {
    inner: &'a Arc<Inner<K, V>>,
    lead: Lead<'a, V>,
    key: &'a K,
    full_key: Bytes,
    declared: Vec<Tag>,
    ttl: Option<Duration>,
    start: Start,
    /// What the loader runs in: a child of the caller's scope, that must read what the invalidations stand for.
    pub(super) scope: Scope,
    began: Instant,
}

impl<'a, K: CacheKey, V: Send + Sync + 'static> Loading<'a, K, V> {
    /// Takes the stamp, before any lower tier is asked and the loader runs.
    pub(super) fn begin(
        inner: &'a Arc<Inner<K, V>>,
        lead: Lead<'a, V>,
        key: &'a K,
        declared: Vec<Tag>,
        ttl: Option<Duration>,
    ) -> Self {
        let full_key = inner.full_key(key);
        let start = inner.namespace.start(&full_key, &declared);
        let scope = Scope::with_current(Scope::child).unwrap_or_default();
        scope.require_all(&start.required);
        Self { inner, lead, key, full_key, declared, ttl, start, scope, began: Instant::now() }
    }

    /// Looks into the remote tiers: ends with a fresh entry, or goes on with a stale one as a fallback in memory.
    pub(super) async fn remote(self) -> Result<Arc<V>, Self> {
        let Some(found) = self.inner.find_remote(self.key, &self.full_key, &self.start).await else {
            return Err(self);
        };
        let FoundRemote { value, life, verdict } = found;
        if verdict == Verdict::Fresh {
            note_read(&life);
            self.inner.land(self.lead, self.key, &value, &life);
            return Ok(value);
        }
        if self.inner.inspect(self.key).is_none_or(|present| present.verdict == Verdict::Dead) {
            let slot = self.inner.slot(self.key, &value, &life);
            let evicted = self.lead.meanwhile(|| self.inner.memory.store(slot, value));
            drop(evicted);
        }
        Err(self)
    }

    /// Ends with a value: kept if it may be, and given to those who wait in any case. `refreshable` tells
    /// whether the cache's own loader could make an entry with the same tags.
    pub(super) fn value(self, value: &Arc<V>, found: Vec<Tag>, refreshable: bool) {
        self.measured();
        let Self { inner, lead, key, full_key, declared, ttl, start, scope, began } = self;
        let origin = inner.origin(ttl, declared.len(), refreshable);
        let mut tags = declared;
        tags.extend(found);
        inner.add_own_tags(key, value, &mut tags);
        let read = scope.tags();
        tags.extend_from_slice(read.as_slice());
        let life = Arc::new(inner.life(key, tags, origin, start.change));
        note_read(&life);
        if scope.is_behind() {
            inner.meters.behind.increment(1);
        } else if read.overflowed() {
            // It depends on more than its tags say, so no invalidation could be trusted to find it.
            inner.meters.overtagged.increment(1);
        } else {
            let kept = inner.land(lead, key, value, &life);
            let load = began.elapsed();
            // A tombstone outlives a load of this length, and no longer one.
            if let Some(stamp) = start.stamp.filter(|_| kept && load <= inner.load_max) {
                inner.fill(&full_key, Outgoing { value: value.clone(), life, stamp, load });
            }
            return;
        }
        lead.land(Landing::Value { value: value.clone(), life, behind: scope.is_behind() }, || ());
    }

    /// Ends with the knowledge that there is no such thing: a stale value goes.
    pub(super) fn absent(self) {
        self.measured();
        let Self { inner, lead, key, start, .. } = self;
        let gone = lead.land(Landing::Absent { loaded_at_change: start.change }, || {
            key.with_bytes(|bytes| inner.memory.remove(bytes))
        });
        drop(gone);
    }

    /// Ends without a value.
    pub(super) fn failed(self, failed: LoadFailed) {
        self.measured();
        self.inner.meters.load_failures.increment(1);
        self.lead.land(Landing::Failed(failed), || ());
    }

    fn measured(&self) {
        self.inner.meters.loads.increment(1);
        self.inner.meters.load_seconds.record(self.began.elapsed());
    }
}
