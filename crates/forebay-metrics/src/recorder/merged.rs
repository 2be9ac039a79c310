use super::buckets::{self, BUCKETS};

/// Counts of several steps put together, from which percentiles are read.
#[derive(Debug)]
pub(super) struct Merged {
    counts: Box<[u64]>,
    pub(super) count: u64,
    pub(super) max: f64,
    sum: f64,
}

impl Merged {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; BUCKETS].into(), count: 0, max: 0.0, sum: 0.0 }
    }

    pub(super) fn add(&mut self, bucket: usize, count: u64) {
        self.counts[bucket] += count;
        self.count += count;
    }

    pub(super) fn add_sum(&mut self, sum: f64, max: f64) {
        self.sum += sum;
        self.max = self.max.max(max);
    }

    pub(super) fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }

    /// The smallest value that at least this share of the values does not exceed (nearest rank), as its bucket
    /// tells it; 0 when there are none.
    pub(super) fn percentile(&self, share: f64) -> f64 {
        let rank = ((share * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                // The middle of the last bucket may lie above everything that was seen.
                return buckets::middle(bucket).min(self.max);
            }
        }
        0.0
    }

    /// How many values are at most `limit`. The bucket that holds the limit counts by the share below it.
    pub(super) fn at_most(&self, limit: f64) -> f64 {
        let mut below = 0.0;
        for (bucket, count) in self.counts.iter().enumerate() {
            let (low, high) = buckets::edges(bucket);
            if *count == 0 || limit < low {
                continue;
            }
            let share = if limit >= high.min(self.max) { 1.0 } else { (limit - low) / (high - low) };
            below += share * *count as f64;
        }
        below
    }
}
