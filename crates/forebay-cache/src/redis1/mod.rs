//! Redis (6 or later) through redis-rs 1: the tier, over a connection of the caller's.
//!
//! It keeps the same strings under the same keys as the tier on fred (feature `redis`) and calls the same scripts, so
//! nodes may use either. There is no sequencer here: nodes that invalidate each other's entries use
//! the one on fred beside it, or one of their own.

mod script;
mod tier;

pub use tier::RedisTier;
