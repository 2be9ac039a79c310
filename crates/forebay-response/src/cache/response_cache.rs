use super::{
    config::ResponseCacheConfig,
    extensions::Known,
    fetch::FillFailed,
    fills::Fills,
    rules::CacheRules,
    shared::{Partition, Partitioner, Policy, Shared},
    stored::StoredResponse,
    watch::Watch,
};
use crate::{Error, ResponseKey};
use async_trait::async_trait;
use forebay_cache::{Cache, CacheBuilder, Load, LoadFailed, Loader, LoaderError, Meter};
use http::request::Parts;
use std::{fmt, sync::Arc, time::SystemTime};

/// A shared cache of responses (RFC 9111), on a [`forebay_cache::Cache`]: its flights, tiers, tags and modes are the ones
/// there are.
///
/// ```
/// # #[cfg(feature = "axum")] fn build() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, routing::get};
/// use forebay_response::{CacheRules, ResponseCache, ResponseLayer};
///
/// let cache = ResponseCache::builder("pages")
///     .rules(CacheRules { vary: vec!["accept-language".into()], ..CacheRules::default() })
///     .build()?;
/// let layer = ResponseLayer::builder().build()?.cached(&cache);
///
/// let cached = Router::new()
///     .route("/products", get(async || ([("cache-control", "s-maxage=60, stale-while-revalidate=600")], "…")))
///     .layer(layer);
/// let routes: Router = Router::new().merge(cached).route("/account", get(async || "never cached"));
/// # drop(routes); Ok(()) }
/// ```
///
/// Cloning is one reference count. Put it around the routes that are to be cached, below a
/// [`ResponseLayer`](crate::ResponseLayer), by [`ResponseLayer::cached`](crate::ResponseLayer::cached).
#[derive(Debug, Clone)]
pub struct ResponseCache {
    shared: Arc<Shared>,
}

impl ResponseCache {
    /// Describes a cache; its name labels its metrics and is part of every key in a remote tier.
    pub fn builder(name: impl Into<String>) -> ResponseCacheBuilder {
        ResponseCacheBuilder {
            cache: Cache::builder(name),
            config: ResponseCacheConfig::default(),
            partitioner: None,
            extensions: Known::default(),
            meter: Meter::default(),
            now: Arc::new(SystemTime::now),
        }
    }

    /// The cache itself: to invalidate tags, keys, prefixes (by the text `scheme://host/path?query`), softly or hard; to
    /// switch it off or to observing; to ask it why.
    #[must_use]
    pub fn cache(&self) -> &Cache<ResponseKey, StoredResponse> {
        &self.shared.cache
    }

    /// The rules it was built with.
    #[must_use]
    pub fn rules(&self) -> &CacheRules {
        &self.shared.policy.rules
    }

    /// Waits for the fills that run, and for what is on its way to remote tiers.
    pub async fn shutdown(&self) {
        self.shared.fills.ended().await;
        self.shared.cache.shutdown().await;
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

/// Describes a [`ResponseCache`].
#[must_use = "a builder does nothing until `build`"]
pub struct ResponseCacheBuilder {
    cache: CacheBuilder<ResponseKey, StoredResponse>,
    config: ResponseCacheConfig,
    partitioner: Option<Partitioner>,
    extensions: Known,
    meter: Meter,
    now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

impl ResponseCacheBuilder {
    /// Every setting at once, in place of what was said before. Default: [`ResponseCacheConfig::default`].
    pub fn config(mut self, config: ResponseCacheConfig) -> Self {
        self.config = config;
        self
    }

    /// What is kept, by which key, and what the handler sees. Default: [`CacheRules::default`].
    pub fn rules(mut self, rules: CacheRules) -> Self {
        self.config.rules = rules;
        self
    }

    /// Settings of the cache below: its namespace, remote tiers ([`shared`](CacheBuilder::shared)), the longest time of a
    /// fill ([`load_max`](CacheBuilder::load_max), after which clients get a 504), how many fills run at once, its mode. How
    /// long entries live is the responses' own business. Default: memory only, as [`Cache::builder`] has it.
    pub fn cache(
        mut self,
        set: impl FnOnce(CacheBuilder<ResponseKey, StoredResponse>) -> CacheBuilder<ResponseKey, StoredResponse>,
    ) -> Self {
        self.cache = set(self.cache);
        self
    }

    /// Whose response a request asks for. Default: everybody's ([`Partition::Shared`]).
    pub fn partition(mut self, partition: impl Fn(&Parts) -> Partition + Send + Sync + 'static) -> Self {
        self.partitioner = Some(Box::new(partition));
        self
    }

    /// Extensions of this type reach the handler while an entry is filled, though they are not in the key: only such as
    /// cannot change a response, like a request's number or a pool of connections. Default: what axum's router adds (with
    /// feature `axum`), its `OriginalUri` with no more of the query than the key has.
    ///
    /// A request with an extension of a type that is neither here nor [ignored](Self::ignore_extension) passes the cache,
    /// unless it has a [partition](Self::partition) or [`CacheRules::trust_extensions`] is set.
    pub fn forward_extension<T: Clone + Send + Sync + 'static>(mut self) -> Self {
        self.extensions.forward::<T>();
        self
    }

    /// Extensions of this type never change a response, and are taken from the request while an entry is filled. Default:
    /// none.
    pub fn ignore_extension<T: Clone + Send + Sync + 'static>(mut self) -> Self {
        self.extensions.ignore::<T>();
        self
    }

    /// Memory, in bytes, for responses and their encoded forms. Default: 256 MiB.
    pub fn bytes_max(mut self, bytes: u64) -> Self {
        self.config.bytes_max = bytes;
        self
    }

    /// How many requests wait for fills on tasks of their own; those beyond fill in the request's task, and end with it.
    /// Default: 1024.
    pub fn fills_max(mut self, fills: usize) -> Self {
        self.config.fills_max = fills;
        self
    }

    /// Whether responses are kept in the namespace's remote tiers as well, in MessagePack, so that other nodes find them
    /// there; encrypted, with [`encryption`](CacheBuilder) set by [`cache`](Self::cache). Default: `false`, memory only.
    pub fn shared(mut self, shared: bool) -> Self {
        self.config.shared = shared;
        self
    }

    /// Where measurements go. Default: [`Meter::global`].
    pub fn meter(mut self, meter: &Meter) -> Self {
        self.meter = meter.clone();
        self
    }

    /// Where the date is read from, for `Age` and `Date`. Default: [`SystemTime::now`].
    pub fn now(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.now = Arc::new(now);
        self
    }

    /// Checks the settings and makes the cache.
    ///
    /// # Errors
    /// A rule that makes no sense, or what [`CacheBuilder::build`] says.
    pub fn build(self) -> Result<ResponseCache, Error> {
        let ResponseCacheConfig { rules, bytes_max, fills_max, shared } = self.config;
        let fields = rules.fields()?;
        // An estimate, for the size of the tables: responses of 16 KiB.
        let entries = usize::try_from(bytes_max >> 14).unwrap_or(usize::MAX).clamp(16, 1 << 20);
        let weigh = |key: &ResponseKey, stored: &StoredResponse| {
            (key.len() + stored.bytes_held() + ENTRY_BYTES) as u64
        };
        let below = if shared { self.cache.shared() } else { self.cache };
        let cache = below
            .meter(&self.meter)
            .capacity_by_weight(bytes_max, entries, weigh)
            .same(StoredResponse::is_equal)
            .loader(AskAgain)
            .build()?;
        let policy = Policy { rules, fields, partitioner: self.partitioner, extensions: self.extensions };
        let (fills, watch) = (Fills::new(fills_max), Watch::new(&self.meter));
        Ok(ResponseCache { shared: Arc::new(Shared { cache, fills, watch, now: self.now, policy }) })
    }
}

/// The request by which an entry is asked for again, and its place in the tables.
const ENTRY_BYTES: usize = 1536;

/// Refreshes what is stale through the handler that made it, which the key brings along.
struct AskAgain;

#[async_trait]
impl Loader<ResponseKey, StoredResponse> for AskAgain {
    async fn load(&self, _: &ResponseKey) -> Result<Option<Arc<StoredResponse>>, LoaderError> {
        Err(LoadFailed::NoLoader.into())
    }

    async fn load_with(
        &self,
        key: &ResponseKey,
        load: &mut Load<StoredResponse>,
    ) -> Result<Option<Arc<StoredResponse>>, LoaderError> {
        let fetch = key.fetch().ok_or(FillFailed::Load(LoadFailed::NoLoader))?;
        Ok(fetch.fetch(load, key.is_awaited()).await?)
    }

    fn gives_tags(&self) -> bool {
        true
    }
}

impl fmt::Debug for ResponseCacheBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseCacheBuilder")
            .field("cache", &self.cache)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
