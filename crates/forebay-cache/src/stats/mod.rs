//! What a cache, a tier and a namespace tell of themselves, as plain data.

mod cache;
mod namespace;
mod tier;

pub use cache::{CacheStats, ObservedStats};
pub use namespace::NamespaceStatus;
pub use tier::TierStats;
