use crate::{Mode, WritesConfig, envelope::Compression};
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
    /// See [`CacheBuilder::sweep_every`](crate::CacheBuilder::sweep_every).
    #[serde(with = "humantime_serde")]
    pub sweep_every: Option<Duration>,
    /// See [`CacheBuilder::mode`](crate::CacheBuilder::mode): `on`, `off` or `observe`.
    pub mode: Option<Mode>,
    /// See [`CacheBuilder::compression`](crate::CacheBuilder::compression).
    pub compression: Option<Compression>,
    /// See [`CacheBuilder::writes`](crate::CacheBuilder::writes).
    pub writes: Option<WritesConfig>,
}
