//! What a Redis knows of a namespace, looked at from outside: for the command line and for pages of operators.

mod explain;
mod inspector;
mod sample;
mod state;

pub use inspector::{InspectError, RedisInspector};
pub use sample::{CacheSample, Sample};
pub use state::ChainState;
