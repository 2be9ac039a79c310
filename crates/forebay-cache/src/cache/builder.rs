use super::{
    handle::Cache,
    hot,
    inner::{Inner, TagsOf, TtlOf, Weigher},
    lease::Leases,
    loads::Loads,
    observe::Same,
    remote::Remote,
    sweep,
};
use crate::{
    CacheConfig, CacheError, CacheKey, Clock, Codec, LoadLease, Loader, MessagePack, Mode, Namespace,
    envelope::{Compression, Form, Limits},
    flight::Flights,
    freshness::Freshness,
    heat::Saver,
    memory::{EvictCause, Listener, Memory},
    metrics::Meters,
    mode::Switch,
    namespace::Member,
    tasks::Tasks,
    values::Wire,
    writes::WritesConfig,
};
use forebay_metrics::Meter;
use forebay_scope::Tag;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

/// Describes a cache; made by [`Cache::builder`].
#[must_use = "a builder does nothing until `build`"]
pub struct CacheBuilder<K, V> {
    name: String,
    namespace: Option<Namespace>,
    meter: Meter,
    clock: Clock,
    entries: usize,
    weight: Option<(u64, Weigher<K, V>)>,
    freshness: Freshness,
    tags_of: Option<TagsOf<K, V>>,
    ttl_of: Option<TtlOf<K, V>>,
    loader: Option<Arc<dyn Loader<K, V>>>,
    codec: Option<Arc<dyn Codec<V>>>,
    form: Form,
    writes: WritesConfig,
    pub(super) loads: Loads,
    lease: Option<LoadLease>,
    on_evict: Option<Listener<K, V>>,
    sweep_every: Option<Duration>,
    pub(super) mode: Mode,
    pub(super) hot: Option<Saver<K>>,
    pub(super) same: Option<Same<V>>,
    /// Laid over everything else by `build`.
    outside: CacheConfig,
}

impl<K: CacheKey, V: Send + Sync + 'static> CacheBuilder<K, V> {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            namespace: None,
            meter: Meter::default(),
            clock: Clock::default(),
            entries: 10_000,
            weight: None,
            freshness: Freshness::default(),
            tags_of: None,
            ttl_of: None,
            loader: None,
            codec: None,
            form: Form::default(),
            writes: WritesConfig::default(),
            loads: Loads::default(),
            lease: None,
            on_evict: None,
            sweep_every: None,
            mode: Mode::On,
            hot: None,
            same: None,
            outside: CacheConfig::default(),
        }
    }

    /// The caches it shares tags and invalidations with. Default: a namespace of its own, in this process.
    pub fn namespace(mut self, namespace: &Namespace) -> Self {
        self.namespace = Some(namespace.clone());
        self
    }

    /// Where measurements go. Default: [`Meter::global`].
    pub fn meter(mut self, meter: &Meter) -> Self {
        self.meter = meter.clone();
        self
    }

    /// Where the time is read from. Default: [`Clock::system`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How many entries memory holds. Default: 10 000.
    pub fn capacity(mut self, entries: usize) -> Self {
        self.entries = entries;
        self.weight = None;
        self
    }

    /// How much memory holds, in whatever unit `weigh` gives for an entry (bytes, as a rule), and about how many
    /// entries that is. An entry heavier than one of the store's shards (a part of `weight`) is not kept; one that
    /// weighs nothing counts as 1. Default: each entry weighs 1, see [`capacity`](Self::capacity).
    pub fn capacity_by_weight(
        mut self,
        weight: u64,
        entries: usize,
        weigh: impl Fn(&K, &V) -> u64 + Send + Sync + 'static,
    ) -> Self {
        self.entries = entries;
        self.weight = Some((weight, Box::new(weigh)));
        self
    }

    /// How long a value is fresh. Default: until it is invalidated.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.freshness.ttl = Some(ttl);
        self
    }

    /// How long a value is fresh, told from its key and itself; `None` leaves it to the call or the cache. Wins over
    /// both, because it has seen the value; a loader that [decides](crate::Load::ttl) wins over it. Default: none.
    ///
    /// This is how *negative caching* gets a time of its own: a cache whose value type says that there is none keeps that
    /// as well ([`StoredAs`](crate::StoredAs)), as a rule for a shorter time.
    /// ```
    /// # use forebay_cache::{Cache, CacheError};
    /// # use std::time::Duration;
    /// # #[derive(Clone)] struct User;
    /// # fn build() -> Result<(), CacheError> {
    /// let users: Cache<u64, Option<User>> = Cache::builder("users")
    ///     .ttl(Duration::from_secs(300))
    ///     .ttl_from(|_, user: &Option<User>| user.is_none().then_some(Duration::from_secs(5)))
    ///     .build()?;
    /// # drop(users); Ok(()) }
    /// ```
    pub fn ttl_from(mut self, ttl: impl Fn(&K, &V) -> Option<Duration> + Send + Sync + 'static) -> Self {
        self.ttl_of = Some(Box::new(ttl));
        self
    }

    /// The largest part of the ttl, 0 to 1, by which an entry's is shortened, so that entries loaded together do
    /// not expire together. Never extends it. Default: 0.
    pub fn jitter(mut self, part: f64) -> Self {
        self.freshness.jitter = part;
        self
    }

    /// For how long after its ttl a value is still served while the cache's [`loader`](Self::loader) reloads it in
    /// the background. An invalidated value is not. Default: not at all.
    pub fn stale_while_revalidate(mut self, window: Duration) -> Self {
        self.freshness.stale_while_revalidate = window;
        self
    }

    /// For how long after its ttl a value is still served when a reload fails. Default: not at all.
    pub fn stale_if_error(mut self, window: Duration) -> Self {
        self.freshness.stale_if_error = window;
        self
    }

    /// Tags that every entry gets from its key and value. Default: none.
    pub fn tags_from<I>(mut self, tags: impl Fn(&K, &V) -> I + Send + Sync + 'static) -> Self
    where
        I: IntoIterator<Item = Tag>,
    {
        self.tags_of = Some(Box::new(move |key, value, into| into.extend(tags(key, value))));
        self
    }

    /// Makes values where no caller can: for refreshing while a stale value is served. Default: none, so that an
    /// expired value is reloaded by the next caller.
    pub fn loader(mut self, loader: impl Loader<K, V>) -> Self {
        self.loader = Some(Arc::new(loader));
        self
    }

    /// Keeps entries in the namespace's remote tiers as well, in MessagePack. Default: memory only.
    pub fn shared(self) -> Self
    where
        V: Serialize + DeserializeOwned,
    {
        self.codec(MessagePack::new())
    }

    /// Keeps entries in the namespace's remote tiers as well, as `codec` writes them. Default: memory only.
    pub fn codec(mut self, codec: impl Codec<V>) -> Self {
        self.codec = Some(Arc::new(codec));
        self
    }

    /// What is sent to remote tiers, and what is read from them. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.form.limits = limits;
        self
    }

    /// How values are compressed on their way to remote tiers, from [`Limits::compress_from_bytes`] on; what is found
    /// there is read however it was compressed. Default: [`Compression::Lz4`].
    pub fn compression(mut self, compression: Compression) -> Self {
        self.form.compression = compression;
        self
    }

    /// Encrypts values and tags in remote tiers, bound to namespace, cache and key. What was not encrypted, or with a key
    /// that is not on the ring, is a miss. Keys, sizes and ages of entries are not hidden. Default: not encrypted.
    #[cfg(feature = "encryption")]
    pub fn encryption(mut self, keyring: &crate::Keyring) -> Self {
        self.form.keyring = Some(keyring.clone());
        self
    }

    /// How entries are written to remote tiers: how many wait, in what batches they go, how often one that fails is tried
    /// again. Default: [`WritesConfig::default`].
    pub fn writes(mut self, writes: WritesConfig) -> Self {
        self.writes = writes;
        self
    }

    /// Refreshes a value that is asked for before its ttl ends, through the cache's own [`loader`](Self::loader), so that
    /// no caller waits for it: with a probability that grows towards the end, and begins the earlier the longer the load
    /// of the value took (XFetch). 1 is the usual `eagerness`; more refreshes earlier. Entries without a ttl are not
    /// refreshed so. A refresh looks into the remote tiers first: of many nodes few load. Default: 0, not at all.
    pub fn early_refresh(mut self, eagerness: f64) -> Self {
        self.freshness.early_refresh = eagerness;
        self
    }

    /// Has the nodes of the namespace agree on one load of a key at a time: a cold key that callers on all of them want is
    /// loaded once. Needs a [`shared`](Self::shared) cache and a tier that leases keys
    /// ([`Tier::leases`](crate::Tier::leases)); without one, and while that is away, each node loads for itself. Default:
    /// not.
    pub fn load_lease(mut self, lease: LoadLease) -> Self {
        self.lease = Some(lease);
        self
    }

    /// For how long a value may go unread: then the next caller loads it again, though its ttl, which is its greatest age
    /// and must be set, has not ended. Reads are noted in this node's memory, to a 64th of `idle_max`; so the cache cannot
    /// be [shared](Self::shared). Default: until its ttl ends.
    pub fn idle_max(mut self, idle_max: Duration) -> Self {
        self.freshness.idle_max = Some(idle_max);
        self
    }

    /// Is told of every entry that leaves memory, and why; see [`EvictCause`]. Called outside of all locks, in the task
    /// that caused it, so it should be quick. What it panics with is logged and goes no further. Default: nobody.
    ///
    /// An entry that is invalidated by its key leaves at once. One that expired, or whose tag was invalidated, is never
    /// served again but takes room until it is replaced, evicted or [swept](Self::sweep_every), and is told of then.
    pub fn on_evict(mut self, listener: impl Fn(&K, &Arc<V>, EvictCause) + Send + Sync + 'static) -> Self {
        self.on_evict = Some(Arc::new(listener));
        self
    }

    /// How often memory is [swept](Cache::sweep), on a task that ends with the cache. Default: not at all; what can
    /// never be served again then leaves when its room is needed.
    pub fn sweep_every(mut self, pause: Duration) -> Self {
        self.sweep_every = Some(pause);
        self
    }

    /// Settings from outside of the program. They win over those given in code, in whatever order both are given.
    /// Default: none.
    pub fn config(mut self, config: CacheConfig) -> Self {
        self.outside = config;
        self
    }

    /// Checks the settings and makes the cache.
    ///
    /// # Errors
    /// A setting that makes no sense, or a name that is taken in the namespace.
    ///
    /// # Panics
    /// With [`sweep_every`](Self::sweep_every) or [`hot_keys`](Self::hot_keys), outside of a tokio runtime.
    pub fn build(mut self) -> Result<Cache<K, V>, CacheError> {
        self.take_outside();
        self.check()?;
        if self.meter.lacks_recorder() {
            tracing::warn!(cache = %self.name, "no metrics recorder is installed yet: this cache is not measured");
        }
        let namespace = self.namespace.unwrap_or_else(|| Namespace::local(&*self.name));
        let (weight, weigher) = match self.weight {
            Some((weight, weigher)) => (weight, Some(weigher)),
            None => (self.entries as u64, None),
        };
        let (floors, meters) = (namespace.floors(&self.name), Meters::new(&self.meter, &self.name));
        let remote = self.codec.map(|codec| {
            let wire = Wire::new(&self.name, codec, self.form, self.clock, &self.meter);
            Remote::new(&self.name, wire, self.writes, namespace.tiers(), &meters, &self.meter)
        });
        let inner = Arc::new(Inner {
            memory: Memory::new((self.entries, weight), floors, self.clock, self.on_evict),
            flights: Flights::new(self.clock, self.loads.load_max),
            freshness: self.freshness,
            weigher,
            tags_of: self.tags_of,
            ttl_of: self.ttl_of,
            loader: self.loader,
            failing: self.loads.failing(self.clock),
            bulkhead: self.loads.bulkhead(),
            load_max: self.loads.load_max,
            lease: self.lease.map(Leases::new),
            soft_timeout: self.loads.soft_timeout,
            classifier: self.loads.classifier,
            meters,
            mode: Switch::new(self.mode),
            looker: Tasks::new(1),
            hot: self.hot,
            same: self.same,
            remote,
            tasks: Tasks::new(self.loads.background_loads_max),
            sweeper: Tasks::new(1),
            timers: Tasks::new(self.loads.timed_keys_max),
            spread: foldhash::fast::RandomState::default(),
            name: self.name.into(),
            namespace: namespace.clone(),
        });
        let member: Weak<dyn Member> = Arc::downgrade(&(inner.clone() as Arc<dyn Member>));
        if inner.load_max > namespace.tombstone_keep() {
            return Err(CacheError::Setting {
                cache: inner.name.to_string(),
                setting: "load_max",
                problem: "must not be longer than the namespace's `tombstone_keep`",
            });
        }
        namespace.join(&inner.name, inner.freshness.kept_max(), member)?;
        hot::start(&inner);
        if let Some(pause) = self.sweep_every {
            sweep::start(&inner, pause);
        }
        Ok(Cache(inner))
    }

    fn take_outside(&mut self) {
        let outside = std::mem::take(&mut self.outside);
        let Freshness { ttl, jitter, stale_while_revalidate, stale_if_error, early_refresh, idle_max } =
            &mut self.freshness;
        *ttl = outside.ttl.or(*ttl);
        *jitter = outside.jitter.unwrap_or(*jitter);
        *stale_while_revalidate = outside.stale_while_revalidate.unwrap_or(*stale_while_revalidate);
        *early_refresh = outside.early_refresh.unwrap_or(*early_refresh);
        *idle_max = outside.idle_max.or(*idle_max);
        *stale_if_error = outside.stale_if_error.unwrap_or(*stale_if_error);
        self.entries = outside.capacity.unwrap_or(self.entries);
        self.loads.take(&outside);
        self.lease = outside.load_lease.or(self.lease.take());
        self.sweep_every = outside.sweep_every.or(self.sweep_every);
        self.mode = outside.mode.unwrap_or(self.mode);
        self.writes = outside.writes.unwrap_or_else(|| self.writes.clone());
        self.form.compression = outside.compression.unwrap_or(self.form.compression);
    }

    fn check(&self) -> Result<(), CacheError> {
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.name.is_empty() || !self.name.chars().all(named) {
            return Err(CacheError::Name(self.name.clone()));
        }
        let wrong =
            |setting, problem| Err(CacheError::Setting { cache: self.name.clone(), setting, problem });
        let Freshness { ttl, stale_while_revalidate, jitter, early_refresh, idle_max, .. } = self.freshness;
        if self.entries == 0 || self.weight.as_ref().is_some_and(|(weight, _)| *weight == 0) {
            return wrong("capacity", "must not be 0");
        }
        if ttl.is_some_and(|ttl| ttl.is_zero()) {
            return wrong("ttl", "must not be 0; leave it out for values that live until invalidated");
        }
        if !(0.0..=1.0).contains(&jitter) {
            return wrong("jitter", "must lie between 0 and 1");
        }
        if !stale_while_revalidate.is_zero() && self.loader.is_none() {
            return wrong("stale_while_revalidate", "needs a `loader` to reload with in the background");
        }
        if self.sweep_every.is_some_and(|pause| pause.is_zero()) {
            return wrong("sweep_every", "must not be 0; leave it out for no sweeps");
        }
        if let Err(problem) = self.writes.check() {
            return wrong("writes", problem);
        }
        if !early_refresh.is_finite() || early_refresh < 0.0 {
            return wrong("early_refresh", "must be a number, and not below 0");
        }
        if early_refresh > 0.0 && self.loader.is_none() {
            return wrong("early_refresh", "needs a `loader` to reload with in the background");
        }
        if idle_max.is_some_and(|idle| idle.is_zero() || ttl.is_none_or(|ttl| idle > ttl)) {
            return wrong("idle_max", "must not be 0, and needs a `ttl` that is no shorter");
        }
        if idle_max.is_some() && self.codec.is_some() {
            return wrong("idle_max", "is counted in one node's memory, so that the cache cannot be shared");
        }
        if let Some(Err(problem)) = self.lease.as_ref().map(LoadLease::check) {
            return wrong("load_lease", problem);
        }
        self.loads.check(self.loader.is_some()).or_else(|(setting, problem)| wrong(setting, problem))
    }
}

impl<K, V> fmt::Debug for CacheBuilder<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("name", &self.name)
            .field("entries", &self.entries)
            .field("freshness", &self.freshness)
            .finish_non_exhaustive()
    }
}
