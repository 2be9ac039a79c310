//! One load per key at a time: who leads it, who waits for it, and who may still store its result.

mod flights;
mod lead;
mod led;

pub(crate) use flights::{Flights, Joined};
pub(crate) use lead::{Landing, Lead};
pub(crate) use led::{as_part, is_leading, is_leading_any, leading, leading_all};
