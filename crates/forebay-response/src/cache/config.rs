use super::rules::CacheRules;
use crate::Error;
use serde::{Deserialize, Serialize};

/// The settings of a [`ResponseCache`](crate::ResponseCache) as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResponseCacheConfig {
    /// What is kept, by which key, and what the handler sees. Default: [`CacheRules::default`].
    pub rules: CacheRules,
    /// Memory, in bytes, for responses and their encoded forms. Default: 256 MiB.
    pub bytes_max: u64,
    /// How many requests wait for fills on tasks of their own; those beyond fill in the request's task, and end with it.
    /// Default: 1024.
    pub fills_max: usize,
    /// Whether responses are kept in the namespace's remote tiers as well, where other nodes find them. Default: `false`,
    /// memory only.
    pub shared: bool,
}

impl Default for ResponseCacheConfig {
    fn default() -> Self {
        Self { rules: CacheRules::default(), bytes_max: 256 << 20, fills_max: 1024, shared: false }
    }
}

impl ResponseCacheConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// The first name or number that makes no sense.
    pub fn check(&self) -> Result<(), Error> {
        self.rules.fields().map(drop)
    }
}
