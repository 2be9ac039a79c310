//! Which calls are kept: a random few, slow and recent ones likelier.

use super::sample::Sample;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// The calls with the highest scores.
///
/// A score is `ln(weight) + Gumbel noise`, so that the highest are a random choice without replacement, each call with a chance in
/// proportion to its weight (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006, in logarithms); the weight is
/// how long the call took, and grows with the time of the call, so that old ones fade.
#[derive(Debug)]
pub(super) struct Reservoir {
    max: usize,
    /// Bits of the lowest score that is kept, once there is no room.
    floor: AtomicU64,
    kept: Mutex<Vec<(f64, Arc<Sample>)>>,
}

impl Reservoir {
    pub(super) fn new(max: usize) -> Self {
        Self { max, floor: AtomicU64::new(f64::NEG_INFINITY.to_bits()), kept: Mutex::default() }
    }

    /// Whether a call of this score would be kept.
    pub(super) fn wants(&self, score: f64) -> bool {
        self.max > 0 && score > f64::from_bits(self.floor.load(Ordering::Relaxed))
    }

    pub(super) fn keep(&self, score: f64, sample: Sample) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((score, Arc::new(sample)));
        kept.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        kept.truncate(self.max);
        if kept.len() == self.max
            && let Some((lowest, _)) = kept.last()
        {
            self.floor.store(lowest.to_bits(), Ordering::Relaxed);
        }
    }

    /// What is kept, the slowest first.
    pub(super) fn all(&self) -> Vec<Arc<Sample>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = kept.iter().map(|(_, sample)| Arc::clone(sample)).collect();
        drop(kept);
        all.sort_by_key(|sample| std::cmp::Reverse(sample.took));
        all
    }
}

/// The score of a call that took `took_seconds`, `fades` times the fading time after the beginning. `random` is any number that differs
/// from call to call.
pub(super) fn score(took_seconds: f64, fades: f64, random: u64) -> f64 {
    // Between 0 and 1, neither included.
    let uniform = ((mixed(random) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    took_seconds.max(1e-6).ln() + fades - (-uniform.ln()).ln()
}

/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): the finalizer of SplitMix64.
const fn mixed(number: u64) -> u64 {
    let z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn slow_calls_win_in_proportion_to_their_time() {
        // Of two calls, the one that took three times as long is kept in three cases of four.
        let won = (0..10_000_u64).filter(|n| score(0.3, 0.0, 2 * n) > score(0.1, 0.0, 2 * n + 1)).count();
        assert!((7300..7700).contains(&won), "{won}");
    }

    #[test]
    fn old_calls_fade() {
        let won = (0..10_000_u64).filter(|n| score(0.1, 3.0, 2 * n) > score(0.1, 0.0, 2 * n + 1)).count();
        assert!(won > 9300, "{won}");
    }
}
