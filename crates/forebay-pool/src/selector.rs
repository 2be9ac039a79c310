//! Which replica gets the next read.

use std::time::Duration;

/// Chooses among the replicas that may serve a read.
///
/// A trait object: it is asked once per checkout, and a user may bring another rule.
pub trait ReplicaSelector: Send + Sync + 'static {
    /// The index of the chosen candidate. There are at least two; an index out of range counts as 0.
    fn select(&self, candidates: &[Candidate]) -> usize;
}

/// A replica that may serve a read: reachable, in its role, and not further behind than allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// Its place among the servers: 0 is what is configured as the primary, 1 the first of `PoolConfig::replicas`.
    pub server: usize,
    /// Sessions lent to callers right now.
    pub in_use: usize,
    /// Decayed time of one statement; zero before the first.
    pub latency: Duration,
    /// How far behind the primary.
    pub lag: Duration,
}

/// Power of two choices: of two replicas drawn at random, the one with less work in the queue, measured as
/// sessions in use × decayed time of a statement. The default.
///
/// Source: M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 2001.
#[derive(Debug, Clone, Copy, Default)]
pub struct PowerOfTwo;

impl ReplicaSelector for PowerOfTwo {
    fn select(&self, candidates: &[Candidate]) -> usize {
        let first = rand::random_range(0..candidates.len());
        // The second draw leaves out the first.
        let second = (first + rand::random_range(1..candidates.len().max(2))) % candidates.len();
        let cost = |index: usize| {
            let candidate = &candidates[index];
            (candidate.in_use as u128 + 1) * (candidate.latency.as_nanos() + 1)
        };
        if cost(second) < cost(first) { second } else { first }
    }
}

#[cfg(test)]
mod tests {
    use super::{Candidate, PowerOfTwo, ReplicaSelector};
    use std::time::Duration;

    #[test]
    fn a_slow_replica_among_two_is_avoided() {
        let fast = Candidate { server: 0, latency: Duration::from_micros(100), ..Candidate::default() };
        let slow = Candidate { server: 1, latency: Duration::from_millis(10), ..Candidate::default() };
        for _ in 0..100 {
            assert_eq!(PowerOfTwo.select(&[fast, slow]), 0);
            assert_eq!(PowerOfTwo.select(&[slow, fast]), 1);
        }
    }

    #[test]
    fn equal_replicas_share() {
        let equal = [Candidate::default(); 3];
        let mut hits = [0; 3];
        for _ in 0..300 {
            hits[PowerOfTwo.select(&equal)] += 1;
        }
        assert!(hits.iter().all(|&hits| hits > 30), "{hits:?}");
    }
}
