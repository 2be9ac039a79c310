use crate::{DataPathBuilder, Health, config::Settings, measuring::Measuring, parts::Parts};
use forebay_cache::{
    Cache, CacheBuilder, CacheKey, Explanation, Invalidation, Namespace, NamespaceStatus, Reached, Strength,
    Tag, Target,
};
use forebay_metrics::{Meter, Snapshot};
use forebay_scope::Scope;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// One handle on everything a service's requests use on the way to their data. Cloning is one reference count.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use forebay::{DataPath, cache::Cache};
/// use std::time::Duration;
///
/// // Nothing configured: memory only, no server.
/// let data = DataPath::builder().build().await?;
/// let users: Cache<u64, String> = data.cache("users").ttl(Duration::from_secs(300)).build()?;
///
/// let name = users.get_or_load(&7, async || "Ada".to_owned()).await;
/// assert_eq!(name, "Ada");
/// data.shutdown().await;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct DataPath(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    measuring: Measuring,
    parts: Parts,
    /// Set once, by `shutdown`.
    draining: AtomicBool,
}

impl DataPath {
    /// Starts from the defaults: memory only.
    pub fn builder() -> DataPathBuilder {
        DataPathBuilder::new()
    }

    pub(crate) fn new(settings: Settings, measuring: Measuring, parts: Parts) -> Self {
        Self(Arc::new(Inner { settings, measuring, parts, draining: AtomicBool::new(false) }))
    }

    /// The settings in force, after code, file and environment.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The Postgres pool.
    ///
    /// # Errors
    /// [`Error::NoDatabase`](crate::Error::NoDatabase) when none is configured.
    #[cfg(feature = "postgres")]
    pub fn pool(&self) -> Result<forebay_pool::Pool, crate::Error> {
        self.0.parts.pool.clone().ok_or(crate::Error::NoDatabase)
    }

    /// What the pool's statements did, the plans of their slow calls, and what is wrong in them.
    ///
    /// # Errors
    /// [`Error::NoDatabase`](crate::Error::NoDatabase) when none is configured.
    #[cfg(feature = "plan")]
    pub fn plans(&self) -> Result<forebay_plan::Plans, crate::Error> {
        self.0.parts.plans.clone().ok_or(crate::Error::NoDatabase)
    }

    /// Describes a cache of this path: it shares the path's remote tiers (once it is given a codec, with
    /// [`shared`](CacheBuilder::shared)), tags and measurements. The name is part of its keys and labels its metrics;
    /// two caches of a path cannot have the same. Settings of this name from file and environment win.
    pub fn cache<K: CacheKey, V: Send + Sync + 'static>(
        &self,
        name: impl Into<String>,
    ) -> CacheBuilder<K, V> {
        let name = name.into();
        let config = self.0.settings.caches.get(&name).cloned().unwrap_or_default();
        let builder = Cache::builder(name).namespace(&self.0.parts.namespace).meter(&self.0.measuring.meter);
        builder.config(config)
    }

    /// Why a read of `key` in the path's cache of this name would be answered, or not: what each tier holds, what that is
    /// good for and by which numbers. `None` when there is no such cache. Looks only.
    ///
    /// The cache is given by its name, so that a page for operators need not know the types of its values.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay::Error> {
    /// # let data = forebay::DataPath::builder().build().await?;
    /// let users: forebay::cache::Cache<u64, String> = data.cache("users").build()?;
    /// users.get_or_load(&7, async || "Ada".to_owned()).await;
    /// let why = data.explain("users", &7_u64).await.expect("there is such a cache");
    /// assert!(why.is_hit());
    /// println!("{why}");
    /// # Ok(()) }
    /// ```
    pub async fn explain<K: CacheKey>(&self, cache: &str, key: &K) -> Option<Explanation> {
        self.0.parts.namespace.explain(cache, key).await
    }

    /// How the path's caches, their remote tiers and their chain of invalidations do on this node, as plain data: no I/O.
    #[must_use]
    pub fn cache_status(&self) -> NamespaceStatus {
        let (mut status, page) = (self.0.parts.namespace.status(), self.snapshot());
        for cache in &mut status.caches {
            let hits = page.counter("forebay_cache_hits_total", &[("cache", &cache.cache)]);
            cache.hits = Some(hits.map_or(0, |hits| hits.total));
        }
        status
    }

    /// What the path's caches share: their tags and their chain of invalidations.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.0.parts.namespace
    }

    /// Forgets every value of every cache of the path that carries the tag, on this node at once and on the others
    /// when they hear of it. What this request wrote to the database goes along, so that the next load reads it.
    ///
    /// Cancel safe: once polled the invalidation happens, whether or not the future is polled to its end.
    pub async fn invalidate_tag(&self, tag: &Tag) -> Reached {
        self.invalidate_tags([tag.clone()]).await
    }

    /// [`invalidate_tag`](Self::invalidate_tag) for several tags, which are all forgotten on this node before the first
    /// is sent to others.
    pub async fn invalidate_tags(&self, tags: impl IntoIterator<Item = Tag>) -> Reached {
        let positions = Scope::with_current(Scope::written).unwrap_or_default();
        let invalidations = tags.into_iter().map(|tag| Invalidation {
            target: Target::Tag(tag),
            strength: Strength::Hard,
            positions: positions.clone(),
        });
        self.0.parts.namespace.invalidate_all(invalidations).await
    }

    /// The layer for a service's router: one scope per request (with the configured deadline), and around it
    /// negotiation, encoding and validators.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay::Error> {
    /// # let data = forebay::DataPath::builder().build().await?;
    /// # #[cfg(feature = "axum")] {
    /// let routes: axum::Router = axum::Router::new()
    ///     .route("/", axum::routing::get(async || "hello"))
    ///     .layer(data.response_layer());
    /// # }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "response")]
    #[must_use]
    pub fn response_layer(&self) -> (forebay_response::ResponseLayer, forebay_response::ScopeLayer) {
        (self.0.parts.response.clone(), self.scope_layer())
    }

    /// Describes a cache of responses of this path: it has the path's settings (`[response_cache]`, and `[caches.NAME]` for
    /// what concerns it as a cache), tags and measurements. The name is part of its keys and labels its metrics; no other
    /// cache of the path can have it.
    ///
    /// A response has the tags of each cached value its handler read, so that [`invalidate_tag`](Self::invalidate_tag)
    /// forgets both, on every node. Give it to [`cached_response_layer`](Self::cached_response_layer).
    #[cfg(feature = "response-cache")]
    pub fn response_cache(&self, name: impl Into<String>) -> forebay_response::ResponseCacheBuilder {
        let name = name.into();
        let Settings { caches, response_cache, .. } = self.settings();
        let (config, namespace) = (caches.get(&name).cloned().unwrap_or_default(), &self.0.parts.namespace);
        let builder = forebay_response::ResponseCache::builder(name)
            .config(response_cache.clone())
            .meter(&self.0.measuring.meter)
            .cache(|cache| cache.namespace(namespace).config(config));
        // Clients are told apart by what is in the key only.
        #[cfg(feature = "axum")]
        let builder = builder.ignore_extension::<axum::extract::ConnectInfo<std::net::SocketAddr>>();
        builder
    }

    /// [`response_layer`](Self::response_layer) for the routes whose responses a cache keeps, in the order that is right: the
    /// request's scope, negotiation and encoding, the cache, the choice of fields.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let data = forebay::DataPath::builder().build().await?;
    /// # #[cfg(feature = "axum")] {
    /// use axum::{Router, routing::get};
    ///
    /// let pages = data.response_cache("pages").build()?;
    /// let cached: Router = Router::new()
    ///     .route("/products", get(async || ([("cache-control", "max-age=60")], "…")))
    ///     .layer(data.cached_response_layer(&pages));
    /// let routes: Router = Router::new().route("/account", get(async || "…")).layer(data.response_layer());
    /// let routes: Router = cached.merge(routes);
    /// # drop(routes); }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "response-cache")]
    #[must_use]
    pub fn cached_response_layer(
        &self,
        cache: &forebay_response::ResponseCache,
    ) -> (forebay_response::ScopeLayer, forebay_response::CachedLayer) {
        (self.scope_layer(), self.0.parts.response.clone().cached(cache))
    }

    #[cfg(feature = "response")]
    fn scope_layer(&self) -> forebay_response::ScopeLayer {
        let scope = forebay_response::ScopeLayer::new();
        match self.0.settings.service.request_deadline {
            Some(within) => scope.deadline(within),
            None => scope,
        }
    }

    /// A router with `/health/live`, `/health/ready`, `/health/{part}` and `/metrics`, to merge into the service's
    /// own or to serve on a port of its own.
    ///
    /// Live says that the process answers; ready says whether to send it requests ([`Health::ready`]). `/metrics`
    /// is Prometheus text, behind a bearer token where one is configured.
    #[cfg(feature = "axum")]
    pub fn router(&self) -> axum::Router {
        crate::pages::router(self.clone())
    }

    /// Where the path measures, for the service's own counters and timers.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.0.measuring.meter
    }

    /// What was measured: totals, rates and percentiles of the last minute and hour, and how the objectives do.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.0.measuring.recorder.snapshot()
    }

    /// How each part does, from what it already knows: no I/O.
    #[must_use]
    pub fn health(&self) -> Health {
        let parts = self.0.parts.health();
        Health::of(parts, self.0.draining.load(Ordering::Acquire))
    }

    /// Stops being ready, waits for work under way ([`drain_timeout`](crate::config::ServiceSettings::drain_timeout))
    /// and ends every background task. A second call waits as well. From then on the
    /// pool answers with errors; caches go on from memory and their loaders.
    pub async fn shutdown(&self) {
        self.0.draining.store(true, Ordering::Release);
        self.0.parts.shutdown(&self.0.settings).await;
    }

    #[cfg(feature = "axum")]
    pub(crate) fn metrics_token(&self) -> Option<&str> {
        self.0.settings.metrics.bearer_token.as_deref()
    }

    #[cfg(feature = "axum")]
    pub(crate) fn prometheus_text(&self) -> String {
        self.0.measuring.prometheus.render()
    }
}
