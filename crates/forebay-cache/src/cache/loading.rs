use super::{
    inner::{Inner, note_read},
    remote::{FoundRemote, Outgoing},
};
use crate::{
    CacheKey, LoadFailed,
    flight::{Landing, Lead},
    memory::{Life, Verdict},
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
    /// Takes the stamp, before any lower tier is asked and the loader runs. `open` tells whether the value may bring tags
    /// besides those declared.
    pub(super) fn begin(
        inner: &'a Arc<Inner<K, V>>,
        lead: Lead<'a, V>,
        key: &'a K,
        declared: Vec<Tag>,
        ttl: Option<Duration>,
        open: bool,
    ) -> Self {
        let full_key = inner.full_key(key);
        let start = inner.namespace.start(&full_key, &declared, open);
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
        let mut found = found;
        self.inner.add_own_tags(self.key, value, &mut found);
        let life = self.life(found, refreshable);
        let behind = self.is_behind();
        let Self { inner, lead, key, full_key, start, began, .. } = self;
        if !behind {
            let kept = inner.land(lead, key, value, &life);
            let load = began.elapsed();
            // A tombstone outlives a load of this length, and no longer one.
            if let Some(stamp) = start.stamp.filter(|_| kept && load <= inner.load_max) {
                inner.fill(&full_key, Outgoing { value: value.clone(), life, stamp, load });
            }
            return;
        }
        lead.land(Landing::Value { value: value.clone(), life, behind }, || ());
    }

    /// Ends with the knowledge that there is no such thing: a stale value goes, unless that may be out of date itself.
    pub(super) fn absent(self) {
        self.measured();
        let life = self.life(Vec::new(), false);
        let behind = self.is_behind();
        let Self { inner, lead, key, .. } = self;
        let gone = lead.land(Landing::Absent { life, behind }, || {
            if behind { None } else { key.with_bytes(|bytes| inner.memory.remove(bytes)) }
        });
        drop(gone);
    }

    /// Ends without a value.
    pub(super) fn failed(self, failed: LoadFailed) {
        self.measured();
        self.inner.meters.load_failures.increment(1);
        Scope::with_current(|scope| scope.read(self.declared.iter().cloned()));
        self.lead.land(Landing::Failed(failed), || ());
    }

    /// What the outcome depends on: the declared tags, those `found`, and those the loader read; noted in the caller's
    /// scope as well.
    fn life(&self, found: Vec<Tag>, refreshable: bool) -> Arc<Life> {
        let mut tags = self.declared.clone();
        tags.extend(found);
        tags.extend_from_slice(self.scope.tags().as_slice());
        let origin = self.inner.origin(self.ttl, self.declared.len(), refreshable);
        let life = Arc::new(self.inner.life(self.key, tags, origin, self.start.change));
        note_read(&life);
        life
    }

    /// Whether the outcome must not be kept: it was read from a server that may not have reached what was required, or
    /// depends on more than its tags say, so that no invalidation could be trusted to find it.
    fn is_behind(&self) -> bool {
        if self.scope.is_behind() {
            self.inner.meters.behind.increment(1);
            true
        } else if self.scope.tags().overflowed() {
            self.inner.meters.overtagged.increment(1);
            true
        } else {
            false
        }
    }

    fn measured(&self) {
        self.inner.meters.loads.increment(1);
        self.inner.meters.load_seconds.record(self.began.elapsed());
    }
}
