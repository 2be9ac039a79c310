//! Remote tiers, as the cache uses them: guarded, so that trouble costs a bounded delay and never an error.

#[cfg(any(feature = "memcached", feature = "redis"))]
mod gathered_reads;
mod guarded;
mod metrics;
mod told;

#[cfg(any(feature = "memcached", feature = "redis"))]
pub(crate) use gathered_reads::GatheredReads;
#[cfg(feature = "redis")]
pub(crate) use gathered_reads::KEYS_MAX;
pub(crate) use guarded::Look;
pub(crate) use guarded::NoAnswer;
pub use guarded::{GuardedTier, TierConfig};
pub(crate) use metrics::METRICS;
