//! Remote tiers, as the cache uses them: guarded, so that trouble costs a bounded delay and never an error.

mod guarded;
mod metrics;
mod told;

pub(crate) use guarded::Look;
pub(crate) use guarded::NoAnswer;
pub use guarded::{GuardedTier, TierConfig};
pub(crate) use metrics::METRICS;
