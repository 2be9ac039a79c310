use crate::sync::AtomicU64;
use std::sync::atomic::Ordering;

/// Decayed latency in one word: 32 bits of time in ticks, 32 of nanoseconds as a float. 0 before the first sample.
///
/// A slower answer than the present value replaces it at once; faster ones pull it down as time passes, with one
/// write a tick at most, so that a busy member does not fight over the word. After Finagle's "peak EWMA", but
/// without samples it fades towards what the peers take, and not towards zero: of a member that nobody called
/// nothing is known, and that must not make it the cheapest of all.
#[derive(Debug)]
pub(super) struct Latency(AtomicU64);

/// A tick is 2^20 nanoseconds, about a millisecond. Ticks wrap after 52 days.
const TICK_SHIFT: u32 = 20;
/// A stamp up to this many ticks ahead is one of another thread whose clock was read a little later; anything
/// more is a stamp from long ago.
const AHEAD_MAX: u32 = 60_000;

impl Latency {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Takes in an answer; the value loses its weight within `decay` ticks.
    pub(super) fn note(&self, sample_ns: f32, now: u64, decay: f32) {
        let tick = tick(now);
        let mut seen = self.0.load(Ordering::Relaxed);
        while let Some(next) = after(seen, sample_ns, tick, decay) {
            match self.0.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// In nanoseconds, faded towards `base_ns` for the time without answers.
    pub(super) fn at(&self, now: u64, base_ns: f32, decay: f32) -> f32 {
        value_at(self.0.load(Ordering::Relaxed), tick(now), base_ns, decay)
    }
}

/// A span in ticks.
pub(super) fn ticks(nanos: u64) -> f32 {
    nanos as f32 / (1_u64 << TICK_SHIFT) as f32
}

const fn tick(now: u64) -> u32 {
    (now >> TICK_SHIFT) as u32
}

const fn age(stamp: u32, tick: u32) -> u32 {
    let age = tick.wrapping_sub(stamp);
    if age > u32::MAX - AHEAD_MAX { 0 } else { age }
}

fn unpack(word: u64) -> (u32, f32) {
    ((word >> 32) as u32, f32::from_bits(word as u32))
}

fn pack(tick: u32, value: f32) -> u64 {
    // At least a nanosecond, so that no value packs to the word that means "none".
    u64::from(tick) << 32 | u64::from(value.max(1.0).to_bits())
}

/// The word after one more answer; `None` when it stays the same.
fn after(seen: u64, sample: f32, tick: u32, decay: f32) -> Option<u64> {
    let (stamp, value) = unpack(seen);
    let age = age(stamp, tick);
    if seen == 0 || sample > value {
        // A stamp never goes back.
        let stamp = if seen == 0 || age > 0 { tick } else { stamp };
        return Some(pack(stamp, sample));
    }
    if age == 0 {
        return None;
    }
    let kept = (-(age as f32) / decay).exp();
    Some(pack(tick, value.mul_add(kept, sample * (1.0 - kept))))
}

fn value_at(word: u64, tick: u32, base: f32, decay: f32) -> f32 {
    if word == 0 {
        return base;
    }
    let (stamp, value) = unpack(word);
    match age(stamp, tick) {
        0 => value,
        age => base + (value - base) * (-(age as f32) / decay).exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::{after, pack, unpack, value_at};

    #[test]
    fn a_slow_answer_counts_at_once_and_fast_ones_as_time_passes() {
        let word = after(0, 100.0, 5, 1_000.0).expect("the first sample");
        assert_eq!(unpack(word), (5, 100.0));
        assert_eq!(after(word, 50.0, 5, 1_000.0), None, "the same tick");
        let word = after(word, 10_000.0, 5, 1_000.0).expect("slower");
        assert_eq!(unpack(word), (5, 10_000.0));
        let (stamp, value) = unpack(after(word, 100.0, 1_005, 1_000.0).expect("later"));
        assert_eq!(stamp, 1_005);
        assert!((3_700.0..3_800.0).contains(&value), "a time constant later 37 % of it is left: {value}");
    }

    #[test]
    fn without_answers_it_fades_towards_the_peers_from_both_sides() {
        let long = 100_000;
        assert_eq!(value_at(pack(0, 9e6), 0, 1e6, 10.0), 9e6);
        assert_eq!(value_at(pack(0, 9e6), long, 1e6, 10.0), 1e6);
        assert_eq!(value_at(pack(0, 10.0), long, 1e6, 10.0), 1e6);
        assert_eq!(value_at(0, 0, 1e6, 10.0), 1e6, "of one that never answered nothing is known");
    }

    #[test]
    fn a_clock_read_late_does_not_age_it_and_the_wrap_of_ticks_does_not_freeze_it() {
        let word = pack(100, 500.0);
        assert_eq!(value_at(word, 99, 1.0, 10.0), 500.0);
        assert_eq!(after(word, 50.0, 99, 10.0), None);
        assert_eq!(unpack(after(word, 900.0, 99, 10.0).expect("slower")), (100, 900.0));
        assert_eq!(value_at(pack(u32::MAX - 4, 500.0), 5, 500.0, 10.0), 500.0);
        let (stamp, value) =
            unpack(after(pack(u32::MAX - 4, 500.0), 50.0, 5, 1e-3).expect("ten ticks later"));
        assert_eq!((stamp, value), (5, 50.0));
    }
}
