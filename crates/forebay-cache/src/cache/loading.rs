use super::{
    decide::Born,
    find_many::Wanted,
    inner::{Inner, note_read},
    lease::HeldLease,
    places::Places,
    remote::{FoundRemote, Outgoing},
};
use crate::{
    CacheKey, ErrorKind, LoadFailed,
    clock::Moment,
    flight::{Landing, Lead},
    freshness::Freshness,
    guards::{self, Guard},
    load::Decided,
    memory::{EvictCause, Life, Origin, Verdict},
    namespace::Start,
};
use bytes::Bytes;
use forebay_scope::{Positions, Scope, Tag};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::time::Instant;

/// A load that has begun: what was known before anything was read, and how it may end.
pub(super) struct Loading<'a, K, V> {
    pub(super) inner: &'a Arc<Inner<K, V>>,
    lead: Lead<'a, V>,
    pub(super) key: &'a K,
    pub(super) full_key: Bytes,
    declared: Vec<Tag>,
    ttl: Option<Duration>,
    pub(super) places: Places,
    pub(super) start: Start,
    /// What the loader runs in: a child of the caller's scope, that must read what the invalidations stand for.
    pub(super) scope: Scope,
    /// What its reads had to reach from the beginning, unless that was all there is.
    had_to_reach: Option<Positions>,
    began: Instant,
    /// When the loader was called, after the remote tiers were asked.
    called: Instant,
    /// The right to load for all nodes, where they agree on one.
    pub(super) lease: Option<HeldLease>,
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
        let mut start = inner.start(key, &full_key, &declared, open);
        if !start.requires_all {
            start.required.merge_all(&inner.foreseen(key));
        }
        let scope = Scope::with_current(Scope::child).unwrap_or_default();
        scope.require_all(&start.required);
        let had_to_reach = (!start.requires_all).then(|| scope.requirements());
        let began = Instant::now();
        let places = Places::ALL;
        Self {
            inner,
            lead,
            key,
            full_key,
            declared,
            ttl,
            places,
            start,
            scope,
            had_to_reach,
            began,
            called: began,
            lease: None,
        }
    }

    /// Shares one run of a loader with others.
    pub(super) fn sharing(self, scope: &Scope) -> Self {
        scope.require_all(&self.start.required);
        let had_to_reach = self.had_to_reach.map(|_| scope.requirements());
        Self { scope: scope.clone(), had_to_reach, ..self }
    }

    /// Looks and keeps only in these places. Default: in all.
    pub(super) fn within(self, places: Places) -> Self {
        Self { places, ..self }
    }

    /// The same, as if it began now.
    fn stamped_now(self) -> Self {
        let start = self.inner.start(self.key, &self.full_key, &self.declared, true);
        Self { start, ..self }
    }

    /// The loader is called now.
    pub(super) fn runs(self) -> Self {
        Self { called: Instant::now(), ..self }
    }

    /// Looks into the remote tiers: ends with a fresh entry, or goes on with a stale one as a fallback in memory.
    pub(super) async fn remote(self) -> Result<Arc<V>, Self> {
        self.remote_after(0).await
    }

    /// [`Loading::remote`], for an entry that was loaded at that time or later.
    pub(super) async fn remote_after(self, born_after: Moment) -> Result<Arc<V>, Self> {
        if !self.places.look_in_tiers || self.inner.skips_look() {
            return Err(self);
        }
        let promote = self.places.keep_all();
        let found = self.inner.find_remote(self.key, &self.full_key, &self.start, promote, None).await;
        self.found_after(found, born_after)
    }

    /// The present value, from wherever there is one. What is made of it depends on what it depends on.
    pub(super) async fn present(&self) -> Option<Arc<V>> {
        let in_memory = || self.inner.inspect(self.key).map(|found| (found.value, found.life, found.verdict));
        let found =
            in_memory().filter(|(.., verdict)| self.places.look_in_memory && *verdict == Verdict::Fresh);
        let found = match found {
            None if self.places.look_in_tiers => {
                let found =
                    self.inner.find_remote(self.key, &self.full_key, &self.start, false, None).await?;
                (found.value, found.life, found.verdict)
            }
            found => found?,
        };
        let (value, life, verdict) = found;
        (verdict == Verdict::Fresh).then(|| {
            self.scope.read(life.tags().iter().cloned());
            value
        })
    }

    /// What it asks the remote tiers for.
    pub(super) fn wanted(&self) -> Wanted<'_, K> {
        let promote = self.places.keep_all();
        Wanted { key: self.key, full_key: &self.full_key, start: &self.start, promote }
    }

    /// Takes what the remote tiers had: see [`Loading::remote`].
    #[expect(clippy::result_large_err, reason = "what is not ended goes on, where it is")]
    pub(super) fn found(self, found: Option<FoundRemote<V>>) -> Result<Arc<V>, Self> {
        self.found_after(found, 0)
    }

    #[expect(clippy::result_large_err, reason = "what is not ended goes on, where it is")]
    pub(super) fn found_after(
        self,
        found: Option<FoundRemote<V>>,
        born_after: Moment,
    ) -> Result<Arc<V>, Self> {
        let Some(found) = found else { return Err(self) };
        let FoundRemote { value, life, verdict } = found;
        if verdict == Verdict::Fresh && life.born >= born_after {
            note_read(&life);
            self.key.with_bytes(|bytes| self.inner.wakes(bytes));
            if self.places.keep_in_memory {
                self.inner.land(self.lead, self.key, &value, &life);
            } else {
                self.lead.land(Landing::Value { value: value.clone(), life, behind: false }, || ());
            }
            return Ok(value);
        }
        if self.places.keep_in_memory
            && self.inner.inspect(self.key).is_none_or(|present| present.verdict == Verdict::Dead)
        {
            let slot = self.inner.slot(self.key, &value, &life);
            let evicted = self.lead.meanwhile(|| self.inner.memory.store(slot, value));
            drop(evicted);
        }
        Err(self)
    }

    /// Ends with a stale value, while another node makes a new one.
    pub(super) fn stale(self, value: Arc<V>, life: Arc<Life>) -> Arc<V> {
        note_read(&life);
        self.lead.land(Landing::Value { value: value.clone(), life, behind: false }, || ());
        value
    }

    /// Runs the loader, and holds on to the lease as long as it runs.
    pub(super) async fn holding<F: Future>(&self, load: Pin<&mut F>) -> F::Output {
        match &self.lease {
            Some(lease) => lease.during(load).await,
            None => load.await,
        }
    }

    /// Ends because another node could not load it.
    pub(super) fn failed_elsewhere(self, failed: LoadFailed) {
        self.lead.land(Landing::Failed(failed), || ());
    }

    /// Ends with a value: kept if it may be, and given to those who wait in any case. `refreshable` tells
    /// whether the cache's own loader could make an entry with the same tags.
    pub(super) fn value(
        self,
        value: &Arc<V>,
        found: Vec<Tag>,
        decided: Decided,
        refreshable: bool,
    ) -> Landing<V> {
        let inner = self.inner;
        let (landing, outgoing) = self.valued(value, found, decided, refreshable);
        inner.fill_all(outgoing.into_iter().collect());
        landing
    }

    /// [`Loading::value`], and what is to be sent to the remote tiers.
    pub(super) fn valued(
        self,
        value: &Arc<V>,
        found: Vec<Tag>,
        decided: Decided,
        refreshable: bool,
    ) -> (Landing<V>, Option<(Bytes, Outgoing<V>)>) {
        let this = if guards::holds(Guard::StampFirst) { self } else { self.stamped_now() };
        this.ends_with(value, found, decided, refreshable)
    }

    fn ends_with(
        self,
        value: &Arc<V>,
        found: Vec<Tag>,
        mut decided: Decided,
        refreshable: bool,
    ) -> (Landing<V>, Option<(Bytes, Outgoing<V>)>) {
        self.measured(true);
        self.key.with_bytes(|bytes| self.inner.wakes(bytes));
        let mut found = found;
        found.append(&mut decided.tags);
        if let Some(old) = &decided.not_modified {
            self.inner.meters.not_modified.increment(1);
            found.extend_from_slice(old.tags());
        }
        self.inner.add_own_tags(self.key, value, &mut found);
        let origin = self.inner.origin(self.ttl, self.declared.len(), refreshable);
        let freshness = self.inner.freshness_for(self.key, value, &origin, &decided);
        let life = self.life(found, &freshness, origin, decided.validator.take());
        let behind = self.is_behind(&life);
        let Self { inner, lead, key, full_key, places, start, began, lease, .. } = self;
        let landing = Landing::Value { value: value.clone(), life: life.clone(), behind };
        if behind || decided.do_not_keep {
            if !behind {
                inner.meters.unwanted.increment(1);
            }
            lead.land(landing.clone(), || ());
            return (landing, None);
        }
        let kept = if places.keep_in_memory {
            inner.land(lead, key, value, &life)
        } else {
            lead.land(landing.clone(), || ()).is_some()
        };
        let kept = kept && places.keep_in_tiers;
        // A tombstone outlives a load of this length, and no longer one.
        let waits = !places.look_in_tiers;
        let stamp =
            start.stamp.filter(|_| kept && began.elapsed() <= inner.load_max && !inner.skips_fill(waits));
        let outgoing = stamp.map(|stamp| {
            (full_key, Outgoing { value: value.clone(), life, freshness, stamp, waits, _lease: lease })
        });
        (landing, outgoing)
    }

    /// Ends with the knowledge that there is no such thing: a stale value goes, unless that may be out of date itself.
    /// `failed` is what its loader said, if it said so by an error.
    pub(super) fn absent(self, failed: Option<LoadFailed>) -> Landing<V> {
        self.measured(true);
        self.key.with_bytes(|bytes| self.inner.wakes(bytes));
        let origin = self.inner.origin(self.ttl, self.declared.len(), false);
        let life = self.life(Vec::new(), &self.inner.freshness_of(&origin), origin, None);
        let behind = self.is_behind(&life);
        let Self { inner, lead, key, places, .. } = self;
        let goes = !behind && places.keep_in_memory;
        let landing = Landing::Absent { life, behind, failed };
        let gone = lead.land(landing.clone(), || {
            goes.then(|| key.with_bytes(|bytes| inner.memory.remove(bytes, EvictCause::Absent)))
        });
        drop(gone);
        landing
    }

    /// Ends with an error of the loader.
    pub(super) fn unsuccessful(self, kind: ErrorKind, failed: LoadFailed) -> Landing<V> {
        match kind {
            ErrorKind::NotFound => self.absent(Some(failed)),
            ErrorKind::Transient => self.failed(&failed),
            ErrorKind::Fatal => self.fatal(failed),
        }
    }

    /// Ends without a value, for now: the key is left alone for a while, if the cache does that.
    pub(super) fn failed(mut self, failed: &LoadFailed) -> Landing<V> {
        self.measured(false);
        if let Some(lease) = &mut self.lease {
            lease.fail(failed);
        }
        let origin = self.inner.origin(self.ttl, self.declared.len(), false);
        let life = self.life(Vec::new(), &self.inner.freshness_of(&origin), origin, None);
        let landing = Landing::Failed(failed.clone());
        let Self { inner, lead, key, .. } = self;
        // Not when the key was invalidated meanwhile: what failed is not what the next caller loads.
        lead.land(landing.clone(), || key.with_bytes(|bytes| inner.rests(bytes, failed, life)));
        landing
    }

    /// Ends without a value, and nothing may stand in for it. Other nodes that wait for it find out for themselves: to be told
    /// that it failed would have them serve what is stale.
    fn fatal(self, failed: LoadFailed) -> Landing<V> {
        self.measured(false);
        Scope::with_current(|scope| scope.read(self.declared.iter().cloned()));
        self.end(Landing::Fatal(failed))
    }

    /// Ends before the loader was called: too many run already.
    pub(super) fn shed(self) -> Landing<V> {
        self.end(Landing::Failed(LoadFailed::Busy))
    }

    fn end(self, landing: Landing<V>) -> Landing<V> {
        self.lead.land(landing.clone(), || ());
        landing
    }

    /// What the outcome depends on: the declared tags, those `found`, and those the loader read; noted in the caller's
    /// scope as well.
    fn life(
        &self,
        found: Vec<Tag>,
        freshness: &Freshness,
        origin: Origin,
        validator: Option<Arc<str>>,
    ) -> Arc<Life> {
        let mut tags = self.declared.clone();
        tags.extend(found);
        tags.extend_from_slice(self.scope.tags().as_slice());
        let load = self.called.elapsed();
        let born = Born { change: self.start.change, age: Duration::ZERO, load, validator };
        let life = Arc::new(self.inner.life(self.key, tags, freshness, origin, born));
        note_read(&life);
        life
    }

    /// Whether the outcome must not be kept: it was read from a server that may not have reached what was required, or what
    /// would have been, had all its tags been known before; or it depends on more than its tags say, so that no invalidation
    /// could be trusted to find it.
    fn is_behind(&self, life: &Life) -> bool {
        if self.scope.is_behind() && guards::holds(Guard::Behind) {
            self.inner.meters.behind.increment(1);
            true
        } else if self.scope.tags().overflowed() {
            self.inner.meters.overtagged.increment(1);
            true
        } else if self.had_to_reach.as_ref().is_some_and(|had_to| {
            self.inner.fell_short(had_to, &self.scope, &life.tags()[self.declared.len()..])
        }) {
            self.inner.meters.behind.increment(1);
            // What the caller builds from it is no newer.
            Scope::with_current(Scope::mark_behind);
            true
        } else {
            false
        }
    }

    fn measured(&self, succeeded: bool) {
        self.inner.measured(self.key, self.called.elapsed(), succeeded);
    }
}
