//! How slow a slow answer usually is.

use crate::{clock::nanos, sync::AtomicU64};
use std::{fmt, sync::atomic::Ordering, time::Duration};

/// Follows a percentile of a stream of durations in one word: what hedges wait for before they ask a second server.
///
/// Each answer that took longer than the present value moves it up a little, each other one down a much smaller step, so
/// that it stays where the wanted share of answers is below it. It forgets without a clock: a server that became ten
/// times slower is known after some thirty answers, one that became ten times faster after some five hundred. No lock
/// and no list of samples; at rest it is within a few percent of the true value for smooth distributions.
///
/// Source of the idea: Q. Ma, S. Muthukrishnan, M. Sandler, "Frugal Streaming for Estimating Quantiles", 2013; steps here
/// are factors.
///
/// ```
/// use forebay_traffic::Percentile;
/// use std::time::Duration;
///
/// let slow = Percentile::new(0.95);
/// assert_eq!(slow.value(), None, "nothing is known yet");
/// for answer in 0..10_000_u64 {
///     // One in ten takes 50 ms, the others 1 ms.
///     slow.note(Duration::from_millis(if answer % 10 == 7 { 50 } else { 1 }));
/// }
/// assert!(slow.value() > Some(Duration::from_millis(40)));
/// ```
pub struct Percentile {
    /// Samples so far, up to `SAMPLES_MIN`, and the value in nanoseconds as a float.
    word: AtomicU64,
    share: f32,
}

/// Before so many samples nothing is said.
const SAMPLES_MIN: u32 = 20;
/// The largest part of itself by which one sample moves the value.
const STEP: f32 = 0.1;

impl Percentile {
    /// Follows the duration that this share of answers stays below, from 0.5 to 0.999; what lies outside is taken for the
    /// nearest.
    #[must_use]
    pub fn new(share: f64) -> Self {
        Self { word: AtomicU64::new(0), share: share.clamp(0.5, 0.999) as f32 }
    }

    /// An answer took this long.
    pub fn note(&self, took: Duration) {
        let sample = nanos(took).max(1) as f32;
        let mut seen = self.word.load(Ordering::Relaxed);
        loop {
            let next = self.after(seen, sample);
            match self.word.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// What that share of answers stays below; `None` before the first twenty.
    #[must_use]
    pub fn value(&self) -> Option<Duration> {
        let (samples, value) = unpack(self.word.load(Ordering::Relaxed));
        (samples >= SAMPLES_MIN).then(|| Duration::from_nanos(value as u64))
    }

    fn after(&self, seen: u64, sample: f32) -> u64 {
        let (samples, value) = unpack(seen);
        let value = match samples {
            0 => sample,
            // At first it goes wherever answers are, and then up by what is rare and down by what is not.
            _ if samples < SAMPLES_MIN => value.max(sample),
            _ if sample > value => value * STEP.mul_add(self.share, 1.0),
            _ => value * STEP.mul_add(self.share - 1.0, 1.0),
        };
        u64::from((samples + 1).min(SAMPLES_MIN)) << 32 | u64::from(value.max(1.0).to_bits())
    }
}

const fn unpack(word: u64) -> (u32, f32) {
    ((word >> 32) as u32, f32::from_bits(word as u32))
}

impl fmt::Debug for Percentile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Percentile").field("share", &self.share).field("value", &self.value()).finish()
    }
}
