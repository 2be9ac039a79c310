//! How values are distributed, in bounded memory and without locks.

use std::sync::atomic::{AtomicU64, Ordering};

/// Buckets per power of two: a percentile is at most an eighth too high.
const PARTS: usize = 4;
/// Of values below 2^32; larger ones are in the last.
const BUCKETS: usize = 31 * PARTS;

/// Counts values in buckets whose width grows with the value.
#[derive(Debug)]
pub(super) struct Histogram([AtomicU64; BUCKETS]);

impl Histogram {
    pub(super) fn new() -> Self {
        Self([const { AtomicU64::new(0) }; BUCKETS])
    }

    pub(super) fn add(&self, value: u64) {
        self.0[bucket(value)].fetch_add(1, Ordering::Relaxed);
    }

    /// The buckets that are not empty: the largest value of each, and how many values it has.
    pub(super) fn counts(&self) -> Vec<(u64, u64)> {
        let counts = self.0.iter().map(|count| count.load(Ordering::Relaxed)).enumerate();
        counts.filter(|(_, count)| *count > 0).map(|(at, count)| (largest(at), count)).collect()
    }
}

/// The value that `share` of all are not above, of what [`Histogram::counts`] gave.
pub(super) fn percentile(counts: &[(u64, u64)], share: f64) -> Option<u64> {
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let wanted = ((all as f64 * share).ceil() as u64).max(1);
    let mut seen = 0;
    counts.iter().find_map(|&(value, count)| {
        seen += count;
        (seen >= wanted).then_some(value)
    })
}

fn bucket(value: u64) -> usize {
    let value = value.min(u64::from(u32::MAX));
    if value < PARTS as u64 {
        return value as usize;
    }
    let power = value.ilog2() as usize;
    let part = (value >> (power - 2)) as usize & (PARTS - 1);
    (power - 1) * PARTS + part
}

fn largest(bucket: usize) -> u64 {
    if bucket < PARTS {
        return bucket as u64;
    }
    let (power, part) = (bucket / PARTS + 1, bucket % PARTS);
    ((PARTS + part + 1) as u64) * (1 << (power - 2)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_the_bucket_that_ends_behind_it() {
        for value in (0..5000).chain([1 << 20, (1 << 31) - 1, u64::from(u32::MAX), u64::MAX]) {
            let at = bucket(value);
            let capped = value.min(u64::from(u32::MAX));
            assert!(largest(at) >= capped, "{value}");
            assert!(at == 0 || largest(at - 1) < capped, "{value}");
            assert!(largest(at) as f64 <= capped as f64 * 1.25 + 1.0, "{value}");
        }
    }

    #[test]
    fn percentiles_are_those_of_the_values() {
        let histogram = Histogram::new();
        (1..=100).for_each(|value| histogram.add(value));
        let counts = histogram.counts();
        assert_eq!(percentile(&counts, 0.5), Some(55));
        assert_eq!(percentile(&counts, 0.99), Some(111));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
