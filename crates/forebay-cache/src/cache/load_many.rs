use super::{batch::Batch, find_many::Wanted, loading::Loading, observe::Would, per_key::PerKey};
use crate::{
    CacheKey, ErrorKind, LoadError, LoadFailed, Mode, StoredAs,
    flight::{Joined, Lead, is_leading, leading_all},
    spans,
};
use forebay_scope::{Scope, Tag};
use futures_util::FutureExt as _;
use std::{
    collections::HashMap,
    fmt,
    panic::{AssertUnwindSafe, resume_unwind},
    pin::pin,
    sync::Arc,
    time::Instant,
};

/// What a batch brought; made by [`Batch::get_or_load`].
#[derive(Debug)]
pub struct Many<V, E> {
    /// For each key, in the order asked: its value, `None` when there is no such thing, or why there is neither.
    pub found: Vec<Result<Option<Arc<V>>, LoadFailed>>,
    /// What this call's own loader failed with, if it did. What it [means](crate::CacheBuilder::classify) it means for
    /// each key the loader was to load: that there is no such thing, or a stale value or [`LoadFailed::Leader`].
    pub error: Option<E>,
}

impl<V, E: From<LoadFailed>> Many<V, E> {
    /// All values, in the order asked.
    ///
    /// # Errors
    /// When a key has neither a value nor is known to have none: the loader's own error, or else why another's failed.
    pub fn all(self) -> Result<Vec<Option<Arc<V>>>, E> {
        let Self { found, error } = self;
        let found: Result<Vec<_>, _> = found.into_iter().collect();
        found.map_err(|failed| error.unwrap_or_else(|| failed.into()))
    }
}

/// Keys whose load is this batch's: the loader is called once for all of them.
pub(super) struct Turn<'a, K, V> {
    pub(super) led: Vec<(usize, Loading<'a, K, V>)>,
    /// Those this task is loading already, further out: loaded again, and not kept.
    pub(super) alone: Vec<usize>,
    /// What memory would have answered, while the cache observes.
    pub(super) observed: HashMap<usize, Option<Would<V>>>,
}

impl<'a, K: CacheKey, V: Send + Sync + 'static> Batch<'a, K, V> {
    /// The values, in the order asked; `load` makes what no tier has.
    ///
    /// `load` gets the keys that are missing and nobody else loads, and returns pairs of a key and what its value is, in
    /// any order: whatever a single loader may return ([`StoredAs`]), so that one key may fail where others do not. A key
    /// it leaves out has no value; keys it was not asked for are ignored. It runs inline, so it may borrow, but not change
    /// what it borrows: as it may be called again. What others
    /// load already is waited for, after this batch's own load has ended, so that batches which overlap never wait for
    /// each other in a circle. `load` is called again for keys whose load another caller gave up. Other nodes are not waited
    /// for: batches take no [leases](crate::CacheBuilder::load_lease).
    ///
    /// A stale value stands in for a load that failed, as far as [`stale_if_error`](crate::CacheBuilder::stale_if_error)
    /// allows. A loader that takes longer than [`load_max`](crate::CacheBuilder::load_max) is stopped: its keys have a stale
    /// value or [`LoadFailed::Deadline`]. Errors of the whole batch, and those of single keys, are
    /// [classified](crate::CacheBuilder::classify), and put each key to [rest](crate::CacheBuilder::backoff). A batch takes
    /// one turn among [`loads_max`](crate::CacheBuilder::loads_max). The [soft
    /// timeout](crate::CacheBuilder::soft_timeout) bounds the wait for what others load, and not the batch's own loader:
    /// that ends with its caller, and the cache's own loader would load its keys one by one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use forebay_cache::{Cache, LoadFailed, Tag};
    ///
    /// let users: Cache<u64, String> = Cache::builder("users").build()?;
    /// users.insert(&1, "Ada".to_owned()).await;
    ///
    /// let found = users
    ///     .entries(&[1, 2, 404])
    ///     .tags(|id| [Tag::of("user", id)])
    ///     .get_or_load(async |ids: Vec<u64>| {
    ///         assert_eq!(ids, [2, 404]); // SELECT … WHERE id = ANY($1)
    ///         Ok::<_, LoadFailed>(vec![(2, "Grace".to_owned())])
    ///     })
    ///     .await
    ///     .all()?;
    /// let names: Vec<_> = found.iter().map(|user| user.as_deref().map(String::as_str)).collect();
    /// assert_eq!(names, [Some("Ada"), Some("Grace"), None]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation safety
    /// A batch that is dropped hands each key it loads over to a caller that waits for it.
    pub async fn get_or_load<I, R, E, F>(self, mut load: impl FnMut(Vec<K>) -> F) -> Many<V, E>
    where
        F: Future<Output = Result<I, E>>,
        I: IntoIterator<Item = (K, R)>,
        R: StoredAs<V>,
        E: fmt::Display + 'static,
    {
        let inner = &self.cache.0;
        let mut asked = PerKey::new(&self);
        // Whatever was invalidated up to here must not be in what we return.
        let arrived_at = inner.namespace.changes();
        let mut error = None;
        while !asked.pending.is_empty() {
            let mut turn = self.take_turn(&mut asked, None);
            if turn.is_empty() {
                let Some((at, bytes)) = asked.pending.pop() else { break };
                let asked_at = Instant::now();
                let joined = self.cache.join_patiently(&self.keys[at], &bytes).await;
                inner.meters.wait_seconds.record(asked_at.elapsed());
                match joined {
                    Err(stale) => {
                        asked.resolve(at, stale);
                        continue;
                    }
                    Ok(Joined::Lead(lead)) => turn = self.take_turn(&mut asked, Some((at, lead))),
                    Ok(Joined::Landed(landing)) => {
                        match inner.follow(&self.keys[at], landing, arrived_at) {
                            Some(outcome) => {
                                inner.meters.coalesced.increment(1);
                                asked.resolve(at, outcome);
                            }
                            None => asked.pending.push((at, bytes)),
                        }
                        continue;
                    }
                }
            }
            error = self.run(turn, &mut asked, &mut load).await.or(error);
        }
        Many { found: asked.finish(), error }
    }

    /// Takes the lead of every pending key that nobody leads, besides the one that was handed over.
    fn take_turn(&self, asked: &mut PerKey<V>, handed: Option<(usize, Lead<'a, V>)>) -> Turn<'a, K, V> {
        let inner = &self.cache.0;
        let mode = inner.mode.get();
        let mut turn = Turn { led: Vec::new(), alone: Vec::new(), observed: HashMap::new() };
        let mut leads: Vec<_> = handed.into_iter().collect();
        for (at, bytes) in std::mem::take(&mut asked.pending) {
            if mode == Mode::On
                && let Some(failed) = inner.resting(&self.keys[at])
            {
                inner.meters.rested.increment(1);
                asked.resolve(at, self.stand_in(at, failed));
                continue;
            }
            if mode == Mode::Observe {
                turn.observed.insert(at, inner.would_hit(&self.keys[at]));
            }
            if mode == Mode::Off || is_leading(&inner.flights, &bytes) {
                turn.alone.push(at);
            } else if let Some(lead) = inner.flights.try_lead(&bytes) {
                leads.push((at, lead));
            } else if mode == Mode::Observe {
                turn.alone.push(at);
            } else {
                asked.pending.push((at, bytes));
            }
        }
        for (at, lead) in leads {
            let key = &self.keys[at];
            let landed = self.places.look_in_memory.then(|| inner.landed_meanwhile(key)).flatten();
            if let Some(value) = landed {
                asked.resolve(at, Ok(Some(value)));
                continue;
            }
            let loading = Loading::begin(inner, lead, key, self.declared(key), self.ttl, self.is_open());
            turn.led.push((at, loading.within(self.places)));
        }
        turn
    }

    /// Asks the remote tiers, and then the loader for what is still missing; its error.
    async fn run<I, R, E, F>(
        &self,
        turn: Turn<'a, K, V>,
        asked: &mut PerKey<V>,
        load: &mut impl FnMut(Vec<K>) -> F,
    ) -> Option<E>
    where
        F: Future<Output = Result<I, E>>,
        I: IntoIterator<Item = (K, R)>,
        R: StoredAs<V>,
        E: fmt::Display + 'static,
    {
        let inner = &self.cache.0;
        let scope = Scope::with_current(Scope::child).unwrap_or_default();
        let Turn { led, alone, observed } = turn;
        let led = self.find_led(led, asked).await;
        if led.is_empty() && alone.is_empty() {
            return None;
        }
        let Ok(_turn) = inner.turn(true).await else {
            self.shed(led, &alone, asked);
            return None;
        };
        let led: Vec<_> = led.into_iter().map(|(at, loading)| (at, loading.sharing(&scope).runs())).collect();
        for at in &alone {
            let (key, open) = (&self.keys[*at], self.is_open());
            let start = inner.start(key, &inner.full_key(key), &self.declared(key), open);
            scope.require_all(&start.required);
        }
        let missing = led.iter().map(|(at, _)| *at).chain(alone.iter().copied());
        let keys: Vec<K> = missing.map(|at| self.keys[at].clone()).collect();
        let bytes = keys.iter().map(|key| key.with_bytes(|bytes| bytes.into())).collect();
        let called = Instant::now();
        let ended = {
            let load = leading_all(&inner.flights, bytes, scope.run(async { load(keys).await }));
            let outcome = |result: &Result<I, E>| if result.is_ok() { "value" } else { "failed" };
            let load = pin!(spans::within(spans::load(&inner.name, "batch"), load, outcome));
            AssertUnwindSafe(inner.within_load_max(load)).catch_unwind().await
        };
        Scope::with_current(|outer| outer.absorb(&scope));
        let turn = Turn { led, alone, observed };
        let transient = ErrorKind::Transient;
        match ended {
            Ok(Some(Ok(loaded))) => self.land(turn, called, asked, loaded),
            Ok(Some(Err(error))) => {
                let kind = inner.kind_of(Some(LoadError::inline(&error)));
                self.land_failed(turn, called, asked, kind, &LoadFailed::of(&error));
                return Some(error);
            }
            Ok(None) => self.land_failed(turn, called, asked, transient, &LoadFailed::Deadline),
            Err(panic) => {
                self.land_failed(turn, called, asked, transient, &LoadFailed::Panicked);
                resume_unwind(panic)
            }
        }
        None
    }

    /// Resolves what the remote tiers have, in one round trip for each; what they do not have goes on.
    async fn find_led(
        &self,
        led: Vec<(usize, Loading<'a, K, V>)>,
        asked: &mut PerKey<V>,
    ) -> Vec<(usize, Loading<'a, K, V>)> {
        if led.is_empty() || !self.places.look_in_tiers || !self.cache.0.has_tiers() {
            return led;
        }
        let wanted: Vec<Wanted<'_, K>> = led.iter().map(|(_, loading)| loading.wanted()).collect();
        let found = self.cache.0.find_remote_many(&wanted).await;
        drop(wanted);
        let mut missing = Vec::new();
        for ((at, loading), found) in led.into_iter().zip(found) {
            match loading.found(found) {
                Ok(value) => asked.resolve(at, Ok(Some(value))),
                Err(loading) => missing.push((at, loading)),
            }
        }
        missing
    }

    pub(super) fn declared(&self, key: &K) -> Vec<Tag> {
        let mut tags = Vec::new();
        if let Some(declared) = &self.declared {
            declared(key, &mut tags);
        }
        tags
    }

    pub(super) fn found(&self, at: usize, value: &V) -> Vec<Tag> {
        let mut tags = Vec::new();
        if let Some(found) = &self.found {
            found(&self.keys[at], value, &mut tags);
        }
        tags
    }

    /// Whether values may bring tags that were not declared.
    fn is_open(&self) -> bool {
        self.found.is_some() || self.cache.0.tags_of.is_some()
    }
}

impl<K, V> Turn<'_, K, V> {
    fn is_empty(&self) -> bool {
        self.led.is_empty() && self.alone.is_empty()
    }
}
