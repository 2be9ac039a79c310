use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// When requests are due, whatever the answers do: Poisson arrivals at a rate.
///
/// A latency counts from the time a request was due, not from when a free client got to it: a slow answer
/// delays those behind it, and that delay is part of what users see.
#[derive(Debug)]
pub(crate) struct Schedule {
    start: Instant,
    due: Vec<Duration>,
    next: AtomicUsize,
}

impl Schedule {
    pub(crate) fn new(rate: f64, length: Duration, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let gaps = std::iter::repeat_with(|| -(1.0 - rng.random::<f64>()).ln() / rate.max(0.001));
        let due = gaps.scan(0.0, |at, gap| {
            *at += gap;
            Some(Duration::from_secs_f64(*at))
        });
        let due = due.take_while(|at| *at < length).collect();
        Self { start: Instant::now(), due, next: AtomicUsize::new(0) }
    }

    /// Takes the next request and sleeps until it is due; `None` when there are no more.
    pub(crate) fn wait(&self) -> Option<Instant> {
        let due = self.start + *self.due.get(self.next.fetch_add(1, Ordering::Relaxed))?;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        Some(due)
    }

    /// How many requests no client took.
    pub(crate) fn untaken(&self) -> u64 {
        self.due.len().saturating_sub(self.next.load(Ordering::Relaxed)) as u64
    }
}
