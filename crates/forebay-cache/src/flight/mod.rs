//! One load per key at a time: who leads it, who waits for it, and who may still store its result.

mod flights;
mod lead;

pub(crate) use flights::{Flights, Joined};
pub(crate) use lead::{Landing, Lead};
