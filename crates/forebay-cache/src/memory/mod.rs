//! The memory tier: typed values, judged where they are found.

mod evicted;
mod floors;
mod glance;
mod life;
mod pass;
mod probe;
mod slide;
mod slot;
mod store;
mod sweep;
mod walk;

pub use evicted::EvictCause;
pub(crate) use evicted::{Evicted, Listener};
pub(crate) use floors::Floors;
pub(crate) use glance::Glanced;
pub(crate) use life::{Life, Origin, Times, Verdict};
pub(crate) use slot::Slot;
pub(crate) use store::{Found, Inspected, Memory};
