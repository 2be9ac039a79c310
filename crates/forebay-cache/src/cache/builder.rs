use super::{
    handle::Cache,
    hot,
    inner::{Inner, TagsOf, TtlOf, Weigher},
    lease::Leases,
    loads::Loads,
    observe::Same,
    remote::Remote,
    sweep,
    unforeseen::Unforeseen,
};
use crate::{
    CacheConfig, CacheError, CacheKey, Clock, Codec, LoadLease, Loader, Mode, Namespace,
    envelope::Form,
    flight::Flights,
    freshness::Freshness,
    heat::Saver,
    memory::{Listener, Memory},
    metrics::Meters,
    mode::Switch,
    namespace::Member,
    tasks::Tasks,
    values::Wire,
    writes::WritesConfig,
};
use forebay_metrics::Meter;
use forebay_scope::Tag;
use std::{
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

/// Describes a cache; made by [`Cache::builder`].
#[must_use = "a builder does nothing until `build`"]
pub struct CacheBuilder<K, V> {
    pub(super) name: String,
    namespace: Option<Namespace>,
    meter: Meter,
    clock: Clock,
    pub(super) entries: usize,
    pub(super) weight: Option<(u64, Weigher<K, V>)>,
    pub(super) freshness: Freshness,
    tags_of: Option<TagsOf<K, V>>,
    pub(super) ttl_of: Option<TtlOf<K, V>>,
    pub(super) loader: Option<Arc<dyn Loader<K, V>>>,
    pub(super) codec: Option<Arc<dyn Codec<V>>>,
    pub(super) form: Form,
    pub(super) writes: WritesConfig,
    pub(super) loads: Loads,
    pub(super) lease: Option<LoadLease>,
    pub(super) on_evict: Option<Listener<K, V>>,
    pub(super) sweep_every: Option<Duration>,
    pub(super) mode: Mode,
    pub(super) hot: Option<Saver<K>>,
    pub(super) same: Option<Same<V>>,
    /// Laid over everything else by `build`.
    pub(super) outside: CacheConfig,
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
            unforeseen: Unforeseen::default(),
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
