//! The half-open circuit breaker.
//!
//! The closed state lives in one atomic word ([`window`]): a call loads it, and a success on a clean record
//! writes nothing. Every other state lives behind a lock ([`circuit`]) that is taken only to change state or
//! to hand out a probe. A generation number in the word ties each permit to the state it was given in, so an
//! answer that arrives late cannot influence a state it says nothing about.

mod circuit;
mod config;
#[cfg(test)]
mod interleavings;
mod measure;
mod permit;
mod window;

pub use circuit::{Breaker, State};
pub use config::BreakerConfig;
pub(crate) use measure::{OPENED, REJECTED, STATE};
pub use permit::{Permit, Rejected};
