//! How the catalogue is read.

use crate::{config::PoolConfig, error::PoolError};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Whether and how a pool reads the database's catalogue, which tells of functions, operators, views and tables what no
/// text shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogConfig {
    /// Whether the catalogue is read. The pool then has one more session on the primary, and trusts what functions
    /// declare: one that says `STABLE` and takes an advisory lock all the same takes it on a replica. Default: `false`,
    /// statements are judged by their text and the lists of [`PoolConfig`] alone.
    pub enabled: bool,
    /// Time between two looks for changes that others made. What a change makes of a function is known this late at
    /// most, while the primary answers. Default: 5 s.
    #[serde(with = "humantime_serde")]
    pub poll_interval: Duration,
    /// Nothing is proven any more by a snapshot for which nobody could look for changes for this long: the primary is away.
    /// Default: 30 s.
    #[serde(with = "humantime_serde")]
    pub unchecked_max: Duration,
    /// Shortest time between two readings of the whole catalogue, however often it changes. While one is due, nothing is
    /// proven by the snapshot before it. Default: 1 s.
    #[serde(with = "humantime_serde")]
    pub read_interval_min: Duration,
    /// Longest time one reading, or one look for changes, may take. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub read_timeout: Duration,
    /// Most functions, operators, types, relations, views and policies of a snapshot, by name. A database with more is judged as
    /// if this were off. Default: 50 000.
    pub entries_max: usize,
    /// Most bytes of names and definitions that one reading may bring, by which its memory is bounded. Default: 16 MiB.
    pub bytes_max: usize,
}

impl Default for CatalogConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            poll_interval: Duration::from_secs(5),
            unchecked_max: Duration::from_secs(30),
            read_interval_min: Duration::from_secs(1),
            read_timeout: Duration::from_secs(10),
            entries_max: 50_000,
            bytes_max: 16 << 20,
        }
    }
}

impl CatalogConfig {
    /// Checks every value.
    pub(crate) fn check(&self) -> Result<(), PoolError> {
        for (key, value) in [
            ("catalog.poll_interval", self.poll_interval),
            ("catalog.unchecked_max", self.unchecked_max),
            ("catalog.read_interval_min", self.read_interval_min),
            ("catalog.read_timeout", self.read_timeout),
        ] {
            if value < Duration::from_millis(1) {
                return Err(PoolError::config(key, "must be at least 1 ms"));
            }
            if value > PoolConfig::DURATION_MAX {
                return Err(PoolError::config(key, "must be at most 365 days"));
            }
        }
        if self.unchecked_max <= self.poll_interval {
            return Err(PoolError::config(
                "catalog.unchecked_max",
                "must be longer than catalog.poll_interval",
            ));
        }
        for (key, value) in [("catalog.entries_max", self.entries_max), ("catalog.bytes_max", self.bytes_max)]
        {
            if value == 0 {
                return Err(PoolError::config(key, "must be at least 1"));
            }
        }
        Ok(())
    }
}
