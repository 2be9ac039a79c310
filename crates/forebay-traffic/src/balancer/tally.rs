use crate::sync::{AtomicU32, AtomicU64};
use std::sync::atomic::Ordering;

/// Outcomes of one member: those since the last judgement, and what is remembered of those before.
#[derive(Debug)]
pub(super) struct Tally {
    /// Since the last judgement: 24 bits of answers, 40 bits of the sum of their logarithms.
    answers: AtomicU64,
    failures: AtomicU32,
    /// Two floats, answers and failures that are remembered, for [`error_share`](Self::error_share).
    remembered: AtomicU64,
}

/// Outcomes, and of the answers also the sum of the binary logarithms of their nanoseconds.
///
/// Logarithms, because their mean tells a member that is slow from one that had a single slow statement: one
/// answer of twenty that took a hundred times as long moves the arithmetic mean sixfold, this one by a quarter.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Outcomes {
    pub(super) answers: f64,
    pub(super) failures: f64,
    pub(super) logs: f64,
}

const LOGS_BITS: u32 = 40;
const LOG_FRACTION_BITS: u32 = 8;
/// Calls without failure that are assumed of every member, so that the first failure of a quiet one is not taken
/// for a failure of all its calls.
const ASSUMED: f64 = 5.0;

impl Tally {
    pub(super) fn new() -> Self {
        Self { answers: AtomicU64::new(0), failures: AtomicU32::new(0), remembered: AtomicU64::new(0) }
    }

    pub(super) fn answered(&self, latency_ns: f32) {
        let log = (latency_ns.max(1.0).log2() * (1 << LOG_FRACTION_BITS) as f32) as u64;
        self.answers.fetch_add(1 << LOGS_BITS | log, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// The share of calls that failed, of those that are remembered and those since.
    pub(super) fn error_share(&self) -> f64 {
        let remembered = self.remembered.load(Ordering::Relaxed);
        let failures =
            f64::from(f32::from_bits(remembered as u32)) + f64::from(self.failures.load(Ordering::Relaxed));
        if failures == 0.0 {
            return 0.0;
        }
        let answers = f64::from(f32::from_bits((remembered >> 32) as u32))
            + (self.answers.load(Ordering::Relaxed) >> LOGS_BITS) as f64;
        failures / (answers + failures + ASSUMED)
    }

    /// Moves what was counted since the last time into `memory`, of which the share `kept` is kept. Only one
    /// thread at a time may do so.
    pub(super) fn settle(&self, memory: &mut Outcomes, kept: f64) {
        let (answers, failures) =
            (self.answers.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed));
        let logs = answers & ((1 << LOGS_BITS) - 1);
        memory.answers = memory.answers.mul_add(kept, (answers >> LOGS_BITS) as f64);
        memory.failures = memory.failures.mul_add(kept, f64::from(failures));
        memory.logs = memory.logs.mul_add(kept, logs as f64 / f64::from(1 << LOG_FRACTION_BITS));
        // First told, then taken away: for a moment both count, and never neither.
        self.tell(memory);
        self.answers.fetch_sub(answers, Ordering::Relaxed);
        self.failures.fetch_sub(failures, Ordering::Relaxed);
    }

    /// Shows readers what is remembered.
    pub(super) fn tell(&self, memory: &Outcomes) {
        let bits = |value: f64| u64::from((value as f32).to_bits());
        self.remembered.store(bits(memory.answers) << 32 | bits(memory.failures), Ordering::Relaxed);
    }
}

impl Outcomes {
    pub(super) fn calls(&self) -> f64 {
        self.answers + self.failures
    }

    pub(super) fn error_share(&self) -> f64 {
        self.failures / self.calls()
    }

    /// The geometric mean of the answers' nanoseconds.
    pub(super) fn typical_ns(&self) -> f64 {
        (self.logs / self.answers).exp2()
    }
}
