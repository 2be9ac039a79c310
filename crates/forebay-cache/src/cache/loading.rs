use super::inner::{Inner, note_read};
use crate::{
    CacheKey, LoadFailed,
    flight::{Landing, Lead},
};
use forebay_scope::{Scope, Tag};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A load that has begun: what was known before anything was read, and how it may end.
pub(super) struct Loading<'a, K, V> {
    inner: &'a Inner<K, V>,
    lead: Lead<'a, V>,
    key: &'a K,
    declared: Vec<Tag>,
    ttl: Option<Duration>,
    /// The node's count of invalidations when it began.
    change: u64,
    /// What the loader runs in: a child of the caller's scope, that must read what the invalidations stand for.
    pub(super) scope: Scope,
    began: Instant,
}

impl<'a, K: CacheKey, V: Send + Sync + 'static> Loading<'a, K, V> {
    /// Takes the stamp, before any lower tier is asked and the loader runs.
    pub(super) fn begin(
        inner: &'a Inner<K, V>,
        lead: Lead<'a, V>,
        key: &'a K,
        declared: Vec<Tag>,
        ttl: Option<Duration>,
    ) -> Self {
        let change = inner.namespace.changes();
        let scope = Scope::with_current(Scope::child).unwrap_or_default();
        scope.require_all(&inner.namespace.required(&inner.full_key(key), &declared));
        Self { inner, lead, key, declared, ttl, change, scope, began: Instant::now() }
    }

    /// Ends with a value: kept if it may be, and given to those who wait in any case. `refreshable` tells
    /// whether the cache's own loader could make an entry with the same tags.
    pub(super) fn value(self, value: &Arc<V>, found: Vec<Tag>, refreshable: bool) {
        self.measured();
        let Self { inner, lead, key, declared, ttl, change, scope, .. } = self;
        let origin = inner.origin(ttl, declared.len(), refreshable);
        let mut tags = declared;
        tags.extend(found);
        inner.add_own_tags(key, value, &mut tags);
        let read = scope.tags();
        tags.extend_from_slice(read.as_slice());
        let life = Arc::new(inner.life(key, tags, origin, change));
        note_read(&life);
        if scope.is_behind() {
            inner.meters.behind.increment(1);
        } else if read.overflowed() {
            // It depends on more than its tags say, so no invalidation could be trusted to find it.
            inner.meters.overtagged.increment(1);
        } else {
            return inner.land(lead, key, value, &life);
        }
        lead.land(Landing::Value { value: value.clone(), life, behind: scope.is_behind() }, || ());
    }

    /// Ends with the knowledge that there is no such thing: a stale value goes.
    pub(super) fn absent(self) {
        self.measured();
        let Self { inner, lead, key, change, .. } = self;
        let gone = lead.land(Landing::Absent { loaded_at_change: change }, || {
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
