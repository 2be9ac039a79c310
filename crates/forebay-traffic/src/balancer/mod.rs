//! The balancer that learns from outcomes.
//!
//! Two mechanisms work together. The *cost* of a member ([`fleet`]) is what a call there is expected to take; it
//! follows each answer at once and costs no lock. The *standing* of a member ([`standing`]) is decided every
//! [`judge_every`](BalancerConfig::judge_every) by comparing members with each other ([`outliers`]), behind a
//! lock that one caller takes and nobody waits for; it bounds how much traffic a member that stands out may draw,
//! however cheap it looks.

mod choice;
mod config;
mod fleet;
#[cfg(test)]
mod interleavings;
mod judge;
mod latency;
mod measure;
mod member;
mod outliers;
mod standing;
mod tally;
mod terms;

pub use config::BalancerConfig;
pub use fleet::Balancer;
pub(crate) use measure::{EJECTED, LATENCY, PANICS, SHARE};
pub use member::{Call, Member, MemberStatus};
pub use standing::Standing;
pub use terms::Terms;
