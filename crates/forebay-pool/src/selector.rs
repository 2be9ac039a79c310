//! Which replica gets the next read.

use crate::places::Place;
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
/// itself, so that of equals the fresher one is asked. Another zone is asked when this one is dearer by a factor, or has
/// no session free.
pub(crate) struct Balanced {
    balancer: Balancer,
    /// Calls that a replica serves at the same time without one waiting for another.
    width: usize,
    zone_factor: f64,
    /// By the place of a server in the cluster.
    places: Vec<Place>,
}

const LAG_SHARE: u32 = 100;

impl Balanced {
    pub(crate) const fn new(balancer: Balancer, width: usize, zone_factor: f64, places: Vec<Place>) -> Self {
        Self { balancer, width, zone_factor, places }
    }

    fn is_far(&self, candidate: &Candidate) -> bool {
        self.places.get(candidate.server).is_some_and(|place| place.far)
    }

    fn terms(&self, candidate: &Candidate) -> Terms {
        let weight = self.places.get(candidate.server).map_or(1.0, |place| place.weight);
        let terms = Terms::default().weight(self.width as f64 * weight).plus(candidate.lag / LAG_SHARE);
        if self.is_far(candidate) { terms.far(self.zone_factor) } else { terms }
    }
}

impl ReplicaSelector for Balanced {
    fn select(&self, candidates: &[Candidate]) -> usize {
        let place = |server| candidates.iter().position(|candidate| candidate.server == server);
        // Cost speaks of how long an answer takes, and not of how long a caller waits for a session.
        let has_room = |far| candidates.iter().any(|one| self.is_far(one) == far && one.in_use < self.width);
        let near_is_full = has_room(true) && !has_room(false);
        let terms = |server| {
            let candidate = &candidates[place(server)?];
            (self.is_far(candidate) || !near_is_full).then(|| self.terms(candidate))
        };
        self.balancer.pick(terms).and_then(place).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Balanced, Candidate, ReplicaSelector};
    use crate::places::Place;
    use forebay_traffic::{Balancer, BalancerConfig};
    use std::time::Duration;

    const WIDTH: usize = 4;

    /// A primary, one replica here and two in another zone.
    fn select(near_in_use: usize, far_in_use: usize) -> usize {
        let names = ["primary", "near", "far", "far too"];
        let balancer = Balancer::new(BalancerConfig::default(), names).expect("the defaults are right");
        balancer.members().for_each(|member| member.note_answer(Duration::from_millis(1)));
        let place = |far| Place { weight: 1.0, far };
        let places = [false, false, true, true].map(place).to_vec();
        let candidate = |server, in_use| Candidate { server, in_use, ..Candidate::default() };
        let candidates = [candidate(1, near_in_use), candidate(2, far_in_use), candidate(3, far_in_use)];
        candidates[Balanced::new(balancer, WIDTH, 2.0, places).select(&candidates)].server
    }

    #[test]
    fn reads_leave_their_zone_when_it_has_no_session_free() {
        for _ in 0..100 {
            assert_eq!(select(WIDTH - 1, 0), 1);
            assert_ne!(select(WIDTH, WIDTH - 1), 1);
            assert_eq!(select(WIDTH, WIDTH), 1, "they would wait there as well");
        }
    }
}
