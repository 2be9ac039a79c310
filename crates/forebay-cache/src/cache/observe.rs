use super::{builder::CacheBuilder, handle::Cache, inner::Inner, lookup::TagSource, plan::Plan};
use crate::{CacheKey, Load, Loaded, Mode, StoredAs, memory::Life, namespace::Member};
use std::sync::Arc;

/// Whether a value a hit would have returned is as good as the one that was loaded.
pub(super) type Same<V> = Box<dyn Fn(&V, &V) -> bool + Send + Sync>;

/// What memory would have answered.
pub(super) struct Would<V> {
    value: Arc<V>,
    life: Arc<Life>,
}

impl<K: CacheKey, V: Send + Sync + 'static> CacheBuilder<K, V> {
    /// Whether the cache takes part; see [`Mode`]. Default: [`Mode::On`].
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// How [`Mode::Observe`] tells whether a value that would have been served is the one that was loaded. Default: the
    /// bytes of the cache's [codec](Self::codec) are compared; without a codec, would-be hits are counted as `unjudged`.
    pub fn same(mut self, same: impl Fn(&V, &V) -> bool + Send + Sync + 'static) -> Self {
        self.same = Some(Box::new(same));
        self
    }

    /// [`same`](Self::same) by `==`. Default: see there.
    pub fn same_if_equal(self) -> Self
    where
        V: PartialEq,
    {
        self.same(|a, b| a == b)
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Whether the cache takes part.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.0.mode.get()
    }

    /// Changes whether the cache takes part, on this node. What it holds in memory is forgotten; remote tiers keep what
    /// they have, which is judged as ever when the cache is on again.
    pub fn set_mode(&self, mode: Mode) {
        let member: Arc<dyn Member> = self.0.clone();
        self.0.namespace.set_mode_of(member, mode);
    }
}

impl<K: CacheKey, V> Inner<K, V> {
    /// Hides a new entry from hits, unless the cache is on and memory may serve.
    pub(super) fn hidden(&self, life: Life) -> Life {
        match self.mode.get() {
            Mode::On if self.namespace.is_bypassed() => life.mere_fallback(),
            Mode::On => life,
            Mode::Off => life.never_served(),
            Mode::Observe => life.observed(),
        }
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> Inner<K, V> {
    /// Runs the caller's loader, and counts how memory would have done.
    pub(super) async fn observe<R: StoredAs<V>>(
        self: &Arc<Self>,
        key: &K,
        plan: Plan<impl TagSource<()>, impl TagSource<V>>,
        load: impl AsyncFnOnce(&mut Load<V>) -> R,
    ) -> R {
        let would = self.would_hit(key);
        // Of several at once one may store what it loaded: it is fenced against invalidations meanwhile.
        let result = match key.with_bytes(|bytes| self.flights.try_lead(bytes)) {
            Some(lead) => self.lead(lead, key, plan, load).await,
            None => self.alone(key, plan, load).await,
        };
        self.count_observed(key, would, result.loaded());
        result
    }

    pub(super) fn would_hit(&self, key: &K) -> Option<Would<V>> {
        let found = self.inspect(key)?;
        let times = found.life.observed_times()?;
        let refreshed = self.loader.is_some() && found.life.origin.refreshable;
        let until = if refreshed { times.refresh_until } else { times.fresh_until };
        let served = self.memory.is_valid(key, &found.life) && self.memory.clock.now() < until;
        served.then_some(Would { value: found.value, life: found.life })
    }

    pub(super) fn count_observed(&self, key: &K, would: Option<Would<V>>, loaded: Loaded<V>) {
        let meters = &self.meters.observed;
        let Some(Would { value, life }) = would else { return meters.miss.increment(1) };
        let same = match loaded {
            Loaded::Value(loaded) => self.are_same(&value, &loaded),
            Loaded::Absent => Some(false),
            Loaded::Failed(_) => None,
        };
        match same {
            Some(true) => meters.right.increment(1),
            None => meters.unjudged.increment(1),
            // It was invalidated while the truth was loaded: a hit at the beginning was right then.
            Some(false) if !self.memory.is_valid(key, &life) => meters.overtaken.increment(1),
            Some(false) => {
                tracing::debug!(cache = %self.name, "a hit would have returned something else than was loaded");
                meters.wrong.increment(1);
            }
        }
    }

    fn are_same(&self, a: &V, b: &V) -> Option<bool> {
        if let Some(same) = &self.same {
            return Some(same(a, b));
        }
        let wire = &self.remote.as_ref()?.wire;
        Some(wire.encode(a)? == wire.encode(b)?)
    }
}
