use super::{CacheStats, TierStats};
use crate::Stamp;
use serde::{Serialize, Serializer};
use std::time::Duration;

/// How a namespace does on this node, from what it knows: no I/O. Made by
/// [`Namespace::status`](crate::Namespace::status).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NamespaceStatus {
    /// Its name.
    pub namespace: String,
    /// How far this node has followed the chain of invalidations without a gap; `None` before it joined.
    pub chain: Option<Stamp>,
    /// Whether remote tiers may be trusted: the node has caught up, and none of its own invalidations waits.
    pub trusts_tiers: bool,
    /// How long ago the last sign of life of the backplane was; `None` without one, or before the first.
    #[serde(rename = "heard_seconds_ago", serialize_with = "seconds")]
    pub heard_ago: Option<Duration>,
    /// Own invalidations that wait for a number.
    pub queued: u64,
    /// The circuit breaker in front of questions to the sequencer; `None` without one.
    pub sequencer_breaker: Option<&'static str>,
    /// Invalidations of this node that got their number at once.
    pub numbered: u64,
    /// Invalidations of this node that had to be queued.
    pub postponed: u64,
    /// Invalidations heard of others.
    pub heard: u64,
    /// Times the chain did not fit to what was heard before.
    pub gaps: u64,
    /// Times what was missed was asked for and came whole.
    pub replays: u64,
    /// Times it came with a part missing, so that everything became suspect.
    pub replays_incomplete: u64,
    /// Times it did not come.
    pub replays_failed: u64,
    /// Times everything in memory became suspect.
    pub suspected: u64,
    /// Its remote tiers, nearest first.
    pub tiers: Vec<TierStats>,
    /// Its caches, by name.
    pub caches: Vec<CacheStats>,
}

fn seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs_f64()).serialize(serializer)
}
