//! Which replica gets the next read.

use crate::{
    cluster::{Cluster, Server},
    config::PoolConfig,
    places::Place,
};
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

/// How the replica of a read is chosen.
pub(crate) enum Selection {
    /// By the pool's own rule, which needs no list of candidates.
    Balanced(Balanced),
    /// By the user's.
    Own(Box<dyn ReplicaSelector>),
}

impl Selection {
    /// One of the servers for which `lag` says how far behind they are; of the others it knows nothing.
    pub(crate) fn choose(&self, cluster: &Cluster, lag: impl Fn(usize) -> Option<Duration>) -> Option<usize> {
        match self {
            Self::Balanced(balanced) => balanced.choose(lag, |server| cluster.servers()[server].read.busy()),
            Self::Own(selector) => {
                let mut candidates = [Candidate::default(); PoolConfig::REPLICAS_MAX];
                let mut count = 0;
                for (server, Server { endpoint, read, .. }) in cluster.replicas() {
                    let Some(lag) = lag(server) else { continue };
                    candidates[count] =
                        Candidate { server, in_use: read.busy(), latency: endpoint.member.latency(), lag };
                    count += 1;
                }
                let candidates = &candidates[..count];
                let first = candidates.first()?;
                let chosen = selector.select(candidates);
                Some(candidates.get(chosen).unwrap_or(first).server)
            }
        }
    }
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
    /// Whether any of them is in another zone.
    zoned: bool,
}

const LAG_SHARE: u32 = 100;

impl Balanced {
    pub(crate) fn new(balancer: Balancer, width: usize, zone_factor: f64, places: Vec<Place>) -> Self {
        let zoned = places.iter().any(|place| place.far);
        Self { balancer, width, zone_factor, places, zoned }
    }

    fn is_far(&self, server: usize) -> bool {
        self.places.get(server).is_some_and(|place| place.far)
    }

    fn terms(&self, server: usize, lag: Duration) -> Terms {
        let weight = self.places.get(server).map_or(1.0, |place| place.weight);
        let terms = Terms::default().weight(self.width as f64 * weight).plus(lag / LAG_SHARE);
        if self.is_far(server) { terms.far(self.zone_factor) } else { terms }
    }

    fn choose(
        &self,
        lag: impl Fn(usize) -> Option<Duration>,
        in_use: impl Fn(usize) -> usize,
    ) -> Option<usize> {
        // Cost speaks of how long an answer takes, and not of how long a caller waits for a session.
        let has_room = |far| {
            let of_zone = |server: &usize| self.is_far(*server) == far && in_use(*server) < self.width;
            (0..self.places.len()).filter(of_zone).any(|server| lag(server).is_some())
        };
        let near_is_full = self.zoned && has_room(true) && !has_room(false);
        self.balancer.pick(|server| {
            let lag = if near_is_full && !self.is_far(server) { None } else { lag(server) };
            lag.map(|lag| self.terms(server, lag))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Balanced;
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
        let lag = |server| (server > 0).then_some(Duration::ZERO);
        let in_use = |server| if server == 1 { near_in_use } else { far_in_use };
        Balanced::new(balancer, WIDTH, 2.0, places).choose(lag, in_use).expect("each of them may serve it")
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
