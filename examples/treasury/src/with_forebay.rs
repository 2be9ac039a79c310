//! The same handlers over forebay: finished answers in memory, their parts in memory and Redis, reads from the
//! standbys that are fresh enough, and payments that make exactly what they changed be read anew.

mod answer;
mod caches;
mod parts;
mod session;
mod store;
mod tiers;

pub(crate) use store::WithForebay;
