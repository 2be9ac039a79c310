use forebay_cache::{CacheConfig, TierConfig, WhenSilent};
use forebay_metrics::RecorderConfig;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, time::Duration};

/// Everything a [`DataPath`](crate::DataPath) can be told, as plain data: the shape of the TOML file.
///
/// ```toml
/// [service]
/// name = "shop"
///
/// [postgres]
/// primary = "postgres://app@db-1/shop"
/// replicas = ["postgres://app@db-2/shop"]
/// observed_values = "shown"
///
/// [plan.explain]
/// enabled = true
///
/// [redis]
/// url = "redis://cache-1"
///
/// [caches.users]
/// ttl = "5m"
///
/// [response]
/// min_bytes = 512
///
/// [fields]
/// names_max = 50
///
/// [response_cache]
/// bytes_max = 1073741824
///
/// [response_cache.rules]
/// vary = ["accept-language"]
///
/// [paging]
/// size_max = 200
///
/// [metrics]
/// bearer_token = "…"
/// ```
///
/// Unknown keys are refused. Keys that are left out keep what code said, or their default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What concerns the whole service.
    pub service: ServiceSettings,
    /// The database. Default: none.
    #[cfg(feature = "postgres")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgres: Option<crate::pool::PoolConfig>,
    /// What is kept of the database's statements, and how the planner is asked about them.
    #[cfg(feature = "plan")]
    pub plan: crate::plan::PlanConfig,
    /// The shared cache tier and the bus for invalidations. Default: none, memory only.
    #[cfg(feature = "redis")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<crate::cache::fred10::RedisConfig>,
    /// A shared cache tier below Redis. Nodes find each other's entries in it only where they also share a Redis, which
    /// numbers their invalidations. Default: none.
    #[cfg(feature = "memcached")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memcached: Option<crate::cache::memcache021::MemcachedConfig>,
    /// How each remote tier is guarded: the delay a dead one may cost, and when it is left alone.
    pub tier: TierConfig,
    /// How nodes keep up with each other's invalidations.
    pub coherence: CoherenceSettings,
    /// Caches by their names, such as `[caches.users]`. Default: as code has them.
    pub caches: BTreeMap<String, CacheConfig>,
    /// How responses are encoded.
    #[cfg(feature = "response")]
    pub response: crate::response::ResponseConfig,
    /// How clients may choose fields of JSON responses (`?fields=id,name`). Default: not, responses are sent whole.
    #[cfg(feature = "response")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<crate::response::FieldsConfig>,
    /// What the path's caches of responses keep. What concerns one of them as a cache (`mode`, `load_max`) is under
    /// `caches`, by its name.
    #[cfg(feature = "response-cache")]
    pub response_cache: crate::response::ResponseCacheConfig,
    /// Lists in pages.
    #[cfg(feature = "paging")]
    pub paging: crate::response::PageConfig,
    /// What is measured, and who may read it.
    pub metrics: MetricsSettings,
}

/// How nodes keep up with each other's invalidations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CoherenceSettings {
    /// How often the bus is asked for a sign of life; an invalidation lost on the way is noticed within this time.
    /// Default: 1 s.
    #[serde(with = "humantime_serde")]
    pub heartbeat: Duration,
    /// How long nothing may be heard of the bus before memory goes by `when_silent`. Must be longer than `heartbeat`.
    /// Default: 60 s.
    #[serde(with = "humantime_serde")]
    pub silence_max: Duration,
    /// What is done with memory then: `"revalidate"`, `"bypass"` or `{ serve_stale = "10m" }`. Default: `"revalidate"`.
    pub when_silent: WhenSilent,
}

impl Default for CoherenceSettings {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(1),
            silence_max: Duration::from_secs(60),
            when_silent: WhenSilent::default(),
        }
    }
}

/// What concerns the whole service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceSettings {
    /// Names the namespace of the service's caches: nodes with the same name share what is in Redis, and each
    /// other's invalidations. Default: `default`.
    pub name: String,
    /// How long after its arrival a request's answer is worth anything; waits in the pool and in the caches end
    /// then. Default: none.
    #[serde(with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    pub request_deadline: Option<Duration>,
    /// How long [`DataPath::shutdown`](crate::DataPath::shutdown) waits for work under way. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub drain_timeout: Duration,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self { name: "default".to_owned(), request_deadline: None, drain_timeout: Duration::from_secs(10) }
    }
}

/// What is measured, and who may read it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsSettings {
    /// The token `/metrics` asks for, as `Authorization: Bearer …`. Default: none, everyone may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer_token: Option<String>,
    /// The in-process recorder, with its objectives.
    pub recorder: RecorderConfig,
    /// The Prometheus text.
    #[cfg(feature = "axum")]
    pub prometheus: crate::metrics::PrometheusConfig,
}

impl fmt::Debug for MetricsSettings {
    /// The token is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsSettings")
            .field("bearer_token", &self.bearer_token.as_ref().map(|_| "…"))
            .field("recorder", &self.recorder)
            .finish_non_exhaustive()
    }
}
