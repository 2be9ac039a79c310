use super::BreakerConfig;

/// The closed state in one word: 24 bits of generation, 8 of failures in a row, 16 of calls, 16 of failures.
///
/// The generation counts state changes. It wraps after 16.7 million of them: a permit would have to be held
/// through exactly that many to be taken for a current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

/// Stands in the place of the failures in a row when the breaker is not closed.
const NOT_CLOSED: u64 = 0xFF;
const GENERATIONS: u32 = 1 << 24;

/// What an outcome does to a closed breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The record stays as it is.
    Same,
    /// The record becomes this.
    Next(Word),
    /// The breaker opens.
    Trip,
}

impl Word {
    pub(super) const fn closed(generation: u32) -> Self {
        Self((generation as u64) << 40)
    }

    pub(super) const fn not_closed(generation: u32) -> Self {
        Self((generation as u64) << 40 | NOT_CLOSED << 32)
    }

    pub(super) const fn following(generation: u32) -> u32 {
        (generation + 1) % GENERATIONS
    }

    pub(super) const fn is_closed(self) -> bool {
        self.0 >> 32 & 0xFF != NOT_CLOSED
    }

    pub(super) const fn generation(self) -> u32 {
        (self.0 >> 40) as u32
    }

    const fn run(self) -> u32 {
        (self.0 >> 32 & 0xFF) as u32
    }

    const fn calls(self) -> u32 {
        (self.0 >> 16 & 0xFFFF) as u32
    }

    const fn failures(self) -> u32 {
        (self.0 & 0xFFFF) as u32
    }

    /// The record after one more answer.
    pub(super) fn after(self, failed: bool, config: &BreakerConfig) -> Step {
        let (mut calls, mut failures) = (self.calls() + 1, self.failures() + u32::from(failed));
        // Beyond half a window, calls without any failure change no decision: leaving them uncounted keeps the
        // usual success a single load.
        if !failed && self.run() == 0 && failures == 0 && calls > config.window_calls / 2 {
            return Step::Same;
        }
        // 250 is the largest run a configuration can ask for; the field must not reach its marker.
        let run = if failed { (self.run() + 1).min(250) } else { 0 };
        if failed && trips(run, calls, failures, config) {
            return Step::Trip;
        }
        if calls >= config.window_calls {
            (calls, failures) = (calls / 2, failures / 2);
        }
        let record = u64::from(run) << 32 | u64::from(calls) << 16 | u64::from(failures);
        Step::Next(Self(u64::from(self.generation()) << 40 | record))
    }
}

fn trips(run: u32, calls: u32, failures: u32, config: &BreakerConfig) -> bool {
    let in_a_row = config.consecutive_failures > 0 && run >= config.consecutive_failures;
    let by_ratio = config.failure_ratio > 0.0
        && calls >= config.window_calls_min
        && f64::from(failures) >= config.failure_ratio * f64::from(calls);
    in_a_row || by_ratio
}
