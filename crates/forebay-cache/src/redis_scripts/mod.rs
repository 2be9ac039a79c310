//! What a Redis tier does, whatever the client: its scripts, what they are given and what they answer.
//!
//! Every argument is a string, so that a driver needs to know nothing but how to call a script.

mod calls;
mod leases;

pub(crate) use calls::{ScriptCall, fill, outcome, removal, stored};
pub(crate) use leases::{answer, ask, release, renewal};

/// Stores an entry unless what is there has a larger stamp.
pub(crate) const PUT: &str = include_str!("put.lua");
/// Leaves a tombstone unless what is there refuses as much already.
pub(crate) const REMOVE: &str = include_str!("remove.lua");
/// Reads an entry, and leases its key where that is stale or missing.
pub(crate) const LEASE: &str = include_str!("lease.lua");
/// Holds on to a lease.
pub(crate) const RENEW_LEASE: &str = include_str!("renew_lease.lua");
/// Gives a lease back.
pub(crate) const RELEASE_LEASE: &str = include_str!("release_lease.lua");
/// Says how much longer keys are kept.
#[cfg(feature = "redis")]
pub(crate) const LEFT: &str = include_str!("left.lua");
