//! Remote tiers, as the cache uses them: guarded, so that trouble costs a bounded delay and never an error.

#[cfg(any(feature = "memcached", feature = "redis"))]
mod gather;
mod guarded;
mod metrics;
mod told;

#[cfg(any(feature = "memcached", feature = "redis"))]
pub(crate) use gather::Gather;
#[cfg(feature = "redis")]
pub(crate) use gather::KEYS_MAX;
pub(crate) use guarded::Look;
pub(crate) use guarded::NoAnswer;
pub use guarded::{GuardedTier, TierConfig};
pub(crate) use metrics::METRICS;
