use crate::GuardedTier;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a cache writes to its remote tiers, behind its callers' backs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WritesConfig {
    /// Keys that wait at most. When there are more, the one furthest from its next try is given up, or else the new one: it
    /// stays in memory only. What a caller of [`insert_through`](crate::Lookup::insert_through) waits for is sent all the
    /// same, and not tried again. Default: 10 000.
    pub queued_max: usize,
    /// Entries in one call of a tier, which takes one round trip a server; at most 1024. Default: 256.
    pub batch_max: usize,
    /// Batches under way at once. Default: 4.
    pub batches_max: usize,
    /// How often an entry is sent before it is parked. Calls that an open circuit breaker refused do not count. Default: 3.
    pub attempts_max: u32,
    /// The wait before the second try; it doubles with each further one. Default: 100 ms.
    #[serde(with = "humantime_serde")]
    pub retry_delay_min: Duration,
    /// The longest wait between two tries. Default: 5 s.
    #[serde(with = "humantime_serde")]
    pub retry_delay_max: Duration,
    /// For how long the key of an entry that failed `attempts_max` times is not written. Default: 60 s.
    #[serde(with = "humantime_serde")]
    pub park_for: Duration,
    /// Keys that are parked at most; the one parked first makes room. Default: 256.
    pub parked_max: usize,
    /// How long [`Cache::shutdown`](crate::Cache::shutdown) waits for what is queued. Default: 5 s.
    #[serde(with = "humantime_serde")]
    pub drain_max: Duration,
}

impl Default for WritesConfig {
    fn default() -> Self {
        Self {
            queued_max: 10_000,
            batch_max: 256,
            batches_max: 4,
            attempts_max: 3,
            retry_delay_min: Duration::from_millis(100),
            retry_delay_max: Duration::from_secs(5),
            park_for: Duration::from_secs(60),
            parked_max: 256,
            drain_max: Duration::from_secs(5),
        }
    }
}

impl WritesConfig {
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.queued_max == 0 || self.batch_max == 0 || self.batches_max == 0 || self.attempts_max == 0 {
            return Err("`queued_max`, `batch_max`, `batches_max` and `attempts_max` must not be 0");
        }
        if self.batch_max > GuardedTier::BATCH_MAX {
            return Err("`batch_max` must not be above 1024");
        }
        if self.retry_delay_min.is_zero() || self.retry_delay_min > self.retry_delay_max {
            return Err("`retry_delay_min` must lie above 0 and not above `retry_delay_max`");
        }
        Ok(())
    }

    /// The wait after this many failures.
    pub(super) fn delay(&self, attempts: u32) -> Duration {
        let doubled = self.retry_delay_min.saturating_mul(1 << attempts.saturating_sub(1).min(20));
        doubled.min(self.retry_delay_max)
    }
}
