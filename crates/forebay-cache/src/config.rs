use crate::{LoadLease, Mode, WritesConfig, envelope::Compression};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Settings of one cache from outside of the program, such as a file; what is left out stays as the program has it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// See [`CacheBuilder::capacity`](crate::CacheBuilder::capacity). It does not apply to a cache that is bounded by
    /// weight.
    pub capacity: Option<usize>,
    /// See [`CacheBuilder::ttl`](crate::CacheBuilder::ttl).
    #[serde(with = "humantime_serde")]
    pub ttl: Option<Duration>,
    /// See [`CacheBuilder::jitter`](crate::CacheBuilder::jitter).
    pub jitter: Option<f64>,
    /// See [`CacheBuilder::stale_while_revalidate`](crate::CacheBuilder::stale_while_revalidate).
    #[serde(with = "humantime_serde")]
    pub stale_while_revalidate: Option<Duration>,
    /// See [`CacheBuilder::stale_if_error`](crate::CacheBuilder::stale_if_error).
    #[serde(with = "humantime_serde")]
    pub stale_if_error: Option<Duration>,
    /// See [`CacheBuilder::load_max`](crate::CacheBuilder::load_max).
    #[serde(with = "humantime_serde")]
    pub load_max: Option<Duration>,
    /// See [`CacheBuilder::load_lease`](crate::CacheBuilder::load_lease).
    pub load_lease: Option<LoadLease>,
    /// See [`CacheBuilder::sweep_every`](crate::CacheBuilder::sweep_every).
    #[serde(with = "humantime_serde")]
    pub sweep_every: Option<Duration>,
    /// See [`CacheBuilder::mode`](crate::CacheBuilder::mode): `on`, `off` or `observe`.
    pub mode: Option<Mode>,
    /// See [`CacheBuilder::compression`](crate::CacheBuilder::compression).
    pub compression: Option<Compression>,
    /// See [`CacheBuilder::writes`](crate::CacheBuilder::writes).
    pub writes: Option<WritesConfig>,
    /// See [`CacheBuilder::early_refresh`](crate::CacheBuilder::early_refresh).
    pub early_refresh: Option<f64>,
    /// See [`CacheBuilder::idle_max`](crate::CacheBuilder::idle_max).
    #[serde(with = "humantime_serde")]
    pub idle_max: Option<Duration>,
    /// See [`CacheBuilder::soft_timeout`](crate::CacheBuilder::soft_timeout).
    #[serde(with = "humantime_serde")]
    pub soft_timeout: Option<Duration>,
    /// The first rest of a key whose load failed: see [`CacheBuilder::backoff`](crate::CacheBuilder::backoff).
    #[serde(with = "humantime_serde")]
    pub backoff: Option<Duration>,
    /// The longest such rest. Default: 60 s.
    #[serde(with = "humantime_serde")]
    pub backoff_max: Option<Duration>,
    /// See [`CacheBuilder::loads_max`](crate::CacheBuilder::loads_max).
    pub loads_max: Option<usize>,
    /// See [`CacheBuilder::waiting_loads_max`](crate::CacheBuilder::waiting_loads_max).
    pub waiting_loads_max: Option<usize>,
    /// See [`CacheBuilder::load_wait_max`](crate::CacheBuilder::load_wait_max).
    #[serde(with = "humantime_serde")]
    pub load_wait_max: Option<Duration>,
    /// See [`CacheBuilder::background_loads_max`](crate::CacheBuilder::background_loads_max).
    pub background_loads_max: Option<usize>,
}
