//! Which replica gets the next read.

use forebay_traffic::{Balancer, Terms};
use std::time::Duration;

/// Chooses among the replicas that may serve a read.
///
/// A trait object: it is asked once per checkout, and a user may bring another rule than the pool's own balancer.
pub trait ReplicaSelector: Send + Sync + 'static {
    /// The index of the chosen candidate. There is at least one; an index out of range counts as 0.
    fn select(&self, candidates: &[Candidate]) -> usize;
}

/// A replica that may serve a read: reachable, in its role, and not further behind than allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// Its place among the servers: 0 is what is configured as the primary, 1 the first of `PoolConfig::replicas`.
    pub server: usize,
    /// Sessions lent to readers right now.
    pub in_use: usize,
    /// Decayed time of one statement; of a server that never answered that of its peers.
    pub latency: Duration,
    /// How far behind the primary.
    pub lag: Duration,
}

/// Two replicas drawn at random, and of these the one that is expected to answer sooner; lag counts for a hundredth of
/// itself, so that of equals the fresher one is asked.
pub(crate) struct Balanced {
    balancer: Balancer,
    /// Calls that a replica serves at the same time without one waiting for another.
    width: f64,
}

const LAG_SHARE: u32 = 100;

impl Balanced {
    pub(crate) const fn new(balancer: Balancer, sessions: usize) -> Self {
        Self { balancer, width: sessions as f64 }
    }
}

impl ReplicaSelector for Balanced {
    fn select(&self, candidates: &[Candidate]) -> usize {
        let place = |server| candidates.iter().position(|candidate| candidate.server == server);
        let terms = |server| {
            let lag = candidates[place(server)?].lag;
            Some(Terms::default().weight(self.width).plus(lag / LAG_SHARE))
        };
        self.balancer.pick(terms).and_then(place).unwrap_or(0)
    }
}
