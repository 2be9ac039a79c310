use super::{
    decide::Born,
    failures::failure,
    handle::Cache,
    inner::{Inner, note_read},
    loading::Loading,
    lookup::TagSource,
    places::Places,
    plan::Plan,
    remote::Outgoing,
    timeouts::Timed,
};
use crate::{
    CacheKey, ErrorKind, Load, LoadError, LoadFailed, Loaded, Mode, StoredAs,
    flight::{Joined, Landing, Lead, is_leading, leading},
    guards::{self, Guard},
    load::Decided,
    memory::{EvictCause, Life, Verdict},
    spans,
};
use bytes::Bytes;
use forebay_scope::Scope;
use futures_util::FutureExt as _;
use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    pin::{Pin, pin},
    sync::Arc,
    time::Instant,
};

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// The way past memory: joins the key's flight, or leads it with `load`.
    pub(super) async fn load<R: StoredAs<V>>(
        &self,
        key: &K,
        plan: Plan<impl TagSource<()>, impl TagSource<V>>,
        load: impl AsyncFnOnce(&mut Load<V>) -> R,
    ) -> R {
        let inner = &self.0;
        // Whatever was invalidated up to here must not be in what we return.
        let arrived_at = inner.namespace.changes();
        let bytes = key.with_bytes(|bytes| Box::<[u8]>::from(bytes));
        if plan.places == Places::NONE || is_leading(&inner.flights, &bytes) {
            return inner.alone(key, plan, load).await;
        }
        match inner.mode.get() {
            Mode::On => {}
            Mode::Off => return inner.alone(key, plan, load).await,
            Mode::Observe => return inner.observe(key, plan, load).await,
        }
        if let Some(failed) = inner.resting(key)
            && let Some(result) = inner.instead(key, failed)
        {
            inner.meters.rested.increment(1);
            return result;
        }
        // The cache's own loader would look and keep wherever there is a place.
        if plan.places == Places::ALL
            && let Some(result) = self.load_behind(key, arrived_at).await
        {
            return result;
        }
        loop {
            let asked_at = Instant::now();
            let landing = match self.join_patiently(key, &bytes).await {
                Ok(Joined::Lead(lead)) => return inner.lead(lead, key, plan, load).await,
                Ok(Joined::Landed(landing)) => landing,
                Err(stale) => return stale,
            };
            inner.meters.wait_seconds.record(asked_at.elapsed());
            if let Some(result) = inner.follow(key, landing, arrived_at) {
                inner.meters.coalesced.increment(1);
                return result;
            }
            if Scope::with_current(Scope::remaining).flatten().is_some_and(|left| left.is_zero()) {
                // There is no time left to wait for anyone, and no error to say so.
                return inner.alone(key, plan, load).await;
            }
        }
    }

    /// Asks the remote tiers; `None` when none of them has the value.
    pub(super) async fn find(&self, key: &K, places: Places) -> Option<Arc<V>> {
        let inner = &self.0;
        if !places.look_in_tiers || !inner.has_tiers() {
            return None;
        }
        if !places.keep_all() {
            return inner.look(key).await;
        }
        let Some(lead) = key.with_bytes(|bytes| inner.flights.try_lead(bytes)) else {
            // Whoever loads it may take long, which is not ours to wait for.
            return inner.look(key).await.or_else(|| inner.landed_meanwhile(key));
        };
        if let Some(value) = inner.landed_meanwhile(key) {
            return Some(value);
        }
        // A caller that waits for us with a loader leads when we find nothing.
        Loading::begin(inner, lead, key, Vec::new(), None, true).remote().await.ok()
    }

    /// Stores a value that was not loaded, unless what the caller read may be out of date; what is to be sent to the remote
    /// tiers.
    pub(super) fn put(
        &self,
        key: &K,
        plan: Plan<impl TagSource<()>, impl TagSource<V>>,
        value: Arc<V>,
    ) -> Option<(Bytes, Outgoing<V>)> {
        let inner = &self.0;
        if !plan.places.keep_in_memory && !plan.places.keep_in_tiers {
            return None;
        }
        if Scope::with_current(Scope::is_behind) == Some(true) {
            inner.meters.behind.increment(1);
            return None;
        }
        if inner.mode.get() == Mode::Off {
            return None;
        }
        let full_key = inner.full_key(key);
        let start = inner.start(key, &full_key, &[], true);
        let from_value = plan.tags_from_value::<V>();
        let mut tags = Vec::new();
        plan.declared.add(&(), &mut tags);
        let declared = tags.len();
        plan.found.add(&value, &mut tags);
        inner.add_own_tags(key, &value, &mut tags);
        let refreshable = !from_value && plan.places.keep_in_tiers;
        let origin = inner.origin(plan.ttl, declared, refreshable);
        let freshness = inner.freshness_for(key, &value, &origin, &Decided::default());
        let born = Born { change: start.change, ..Born::default() };
        let life = Arc::new(inner.life(key, tags, &freshness, origin, born));
        note_read(&life);
        let slot = inner.slot(key, &value, &life);
        let evicted = key.with_bytes(|bytes| {
            let mut shard = inner.flights.lock(bytes);
            // A load that is under way began before this value was known.
            shard.detach(bytes);
            inner.wakes(bytes);
            if plan.places.keep_in_memory {
                inner.memory.store(slot, value.clone())
            } else {
                inner.memory.remove(bytes, EvictCause::Replaced)
            }
        });
        if plan.places.keep_in_memory {
            inner.stored(key, &evicted);
        }
        let stamp = start.stamp.filter(|_| plan.places.keep_in_tiers)?;
        Some((full_key, Outgoing { value, life, freshness, stamp, waits: true, _lease: None }))
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> Inner<K, V> {
    /// What a waiting caller makes of the outcome; `None` sends it round again.
    pub(super) fn follow<R: StoredAs<V>>(&self, key: &K, landing: Landing<V>, arrived_at: u64) -> Option<R> {
        match landing {
            Landing::Value { value, life, behind } => {
                // A load older than this call serves it only if nothing it depends on was invalidated since.
                let older = life.loaded_at_change < arrived_at && guards::holds(Guard::Followers);
                if older && !self.memory.is_valid(key, &life) {
                    return None;
                }
                note_followed(&life, behind);
                Some(R::from_hit(value))
            }
            Landing::Absent { life, behind, failed } => {
                if life.loaded_at_change < arrived_at {
                    return None;
                }
                let absent = R::from_absent().or_else(|| R::from_failure(failed?))?;
                note_followed(&life, behind);
                Some(absent)
            }
            Landing::Failed(failed) => self.instead(key, failed),
            Landing::Fatal(failed) => failure(failed),
        }
    }

    /// A fresh value that was stored between the caller's look at memory and its turn to lead. Those who wait find it as
    /// well, once the lead is dropped and their turn comes.
    pub(super) fn landed_meanwhile(&self, key: &K) -> Option<Arc<V>> {
        let found = self.inspect(key).filter(|found| found.verdict == Verdict::Fresh)?;
        note_read(&found.life);
        Some(found.value)
    }

    /// Looks into the remote tiers without a turn, and keeps nothing.
    pub(super) async fn look(&self, key: &K) -> Option<Arc<V>> {
        let full_key = self.full_key(key);
        let start = self.start(key, &full_key, &[], true);
        let found = self.find_remote(key, &full_key, &start, false, None).await?;
        (found.verdict == Verdict::Fresh).then(|| {
            note_read(&found.life);
            found.value
        })
    }

    /// Whether the value may bring tags besides those declared.
    fn is_open<D>(&self, plan: &Plan<D, impl TagSource<V>>) -> bool {
        plan.tags_from_value::<V>() || plan.talks || self.tags_of.is_some()
    }

    /// Runs the loader for this caller only: its outcome is neither shared nor kept.
    pub(super) async fn alone<R: StoredAs<V>>(
        &self,
        key: &K,
        plan: Plan<impl TagSource<()>, impl TagSource<V>>,
        load: impl AsyncFnOnce(&mut Load<V>) -> R,
    ) -> R {
        let (open, mut tags) = (self.is_open(&plan), Vec::new());
        plan.declared.add(&(), &mut tags);
        let mut told = Load::new(plan.talks.then(|| self.previous(key)).flatten());
        let scope = Scope::with_current(Scope::child).unwrap_or_default();
        scope.require_all(&self.start(key, &self.full_key(key), &tags, open).required);
        let called = Instant::now();
        let load = scope.run(async { load(&mut told).await });
        let result = spans::within(spans::load(&self.name, "alone"), load, outcome::<V, R>).await;
        tags.extend(told.into_decided().tags);
        let loaded = result.loaded();
        self.measured(key, called.elapsed(), !matches!(loaded, Loaded::Failed(_)));
        if let Loaded::Value(value) = loaded {
            plan.found.add(&value, &mut tags);
            self.add_own_tags(key, &value, &mut tags);
        }
        Scope::with_current(|outer| {
            outer.absorb(&scope);
            outer.read(tags);
        });
        result
    }

    /// Runs a loader, known as such to what it asks, in a span; or what its caller gets when it took too long.
    async fn run<'a, R: StoredAs<V>>(
        &self,
        loading: Loading<'a, K, V>,
        load: Pin<&mut impl Future<Output = R>>,
    ) -> Result<(Loading<'a, K, V>, R), R> {
        let ended = {
            let load = loading.scope.run(load);
            let load = loading.key.with_bytes(|bytes| leading(&self.flights, bytes, load));
            let load = pin!(spans::within(spans::load(&self.name, "load"), load, outcome::<V, R>));
            let load = pin!(loading.holding(load));
            AssertUnwindSafe(self.in_time(loading.key, load)).catch_unwind().await
        };
        Scope::with_current(|outer| outer.absorb(&loading.scope));
        match ended {
            Ok(Timed::Ended(result)) => Ok((loading, result)),
            Ok(Timed::Stopped(result)) => {
                loading.failed(&LoadFailed::Deadline);
                Err(result)
            }
            Err(panic) => {
                loading.failed(&LoadFailed::Panicked);
                resume_unwind(panic)
            }
        }
    }

    /// Runs the loader of a flight and shares its outcome.
    pub(super) async fn lead<R: StoredAs<V>>(
        self: &Arc<Self>,
        lead: Lead<'_, V>,
        key: &K,
        plan: Plan<impl TagSource<()>, impl TagSource<V>>,
        load: impl AsyncFnOnce(&mut Load<V>) -> R,
    ) -> R {
        if plan.places.look_in_memory
            && let Some(value) = self.landed_meanwhile(key)
        {
            return R::from_hit(value);
        }
        let (from_value, open) = (plan.tags_from_value::<V>(), self.is_open(&plan));
        let mut declared = Vec::new();
        plan.declared.add(&(), &mut declared);
        let loading = Loading::begin(self, lead, key, declared, plan.ttl, open).within(plan.places);
        let loading = match self.loaded_elsewhere(key, loading).await {
            Ok(loading) => loading,
            Err(result) => return result,
        };
        let turn = self.turn(true).await;
        if turn.is_err()
            && let Some(result) = self.instead(key, LoadFailed::Busy)
        {
            loading.shed();
            return result;
        }
        let mut told = Load::new(plan.talks.then(|| self.previous(key)).flatten());
        let ran = {
            let load = pin!(async { load(&mut told).await });
            self.run(loading.runs(), load).await
        };
        drop(turn);
        let (loading, result) = match ran {
            Ok(ended) => ended,
            Err(instead) => return instead,
        };
        match result.loaded() {
            Loaded::Value(value) => {
                let mut found = Vec::new();
                plan.found.add(&value, &mut found);
                let decided = told.into_decided();
                // The cache's own loader may not know of tags that the call's did.
                let same = decided.not_modified.as_ref().is_none_or(|old| old.origin.refreshable);
                let same = same && !from_value && decided.tags.is_empty();
                let refreshable = (same || plan.by_loader) && plan.places.keep_in_tiers;
                loading.value(&value, found, decided, refreshable);
                result
            }
            Loaded::Absent => {
                loading.absent(None);
                result
            }
            Loaded::Failed(failed) => {
                let kind = self.kind_of(result.error().map(LoadError::inline));
                loading.unsuccessful(kind, failed);
                let stale = if kind == ErrorKind::Transient { self.stand_in(key) } else { None };
                stale.unwrap_or(result)
            }
        }
    }
}

/// What a loader made, for a trace.
fn outcome<V, R: StoredAs<V>>(result: &R) -> &'static str {
    match result.loaded() {
        Loaded::Value(_) => "value",
        Loaded::Absent => "absent",
        Loaded::Failed(_) => "failed",
    }
}

/// Adds what another's load depended on to the request's scope, if there is one.
fn note_followed(life: &Life, behind: bool) {
    note_read(life);
    if behind {
        Scope::with_current(Scope::mark_behind);
    }
}
