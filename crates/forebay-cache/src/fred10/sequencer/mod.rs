//! The chain of invalidations in Redis; see [`fred10`](crate::fred10) for its keys.

mod bus;
mod chain;
mod config;
mod inbox;
mod lineage;
mod redis_sequencer;
mod replay;
mod wire;

pub(super) use chain::{Chain, Wanted};
pub use config::SequencerConfig;
pub use redis_sequencer::RedisSequencer;
