//! The memory tier: typed values, judged where they are found.

mod floors;
mod glance;
mod life;
mod slot;
mod store;

pub(crate) use life::{Life, Origin, Times, Verdict};
pub(crate) use slot::Slot;
pub(crate) use store::{Found, Inspected, Memory};
