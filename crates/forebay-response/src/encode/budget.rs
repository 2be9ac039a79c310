use super::clock::Clock;
use crate::{Error, config::check};
use serde::{Deserialize, Serialize};
use std::{
    sync::{Mutex, PoisonError},
    thread::available_parallelism,
    time::Duration,
};

/// How much of the processor encoders may take. They measure themselves; nothing else is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetConfig {
    /// What encoders may take of each core's time in the long run, in percent; 0 sets no limit. Default: 75.
    pub core_percent: u32,
    /// What they may take of each core's time at once. With less than half of it left they go down to
    /// `pressed_level`, with less than a quarter to a cheaper coding, and with nothing left bodies are sent plain;
    /// they come back at three quarters, a half and a quarter. Default: 500 ms.
    #[serde(with = "humantime_serde")]
    pub burst: Duration,
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self { core_percent: 75, burst: Duration::from_millis(500) }
    }
}

impl BudgetConfig {
    pub(crate) fn check(self) -> Result<(), Error> {
        check("budget.core_percent", "at most 100", self.core_percent.into(), 0, 100)?;
        let millis = u64::try_from(self.burst.as_millis()).unwrap_or(u64::MAX);
        check("budget.burst", "1 to 60000 ms", millis, 1, 60_000)
    }
}

/// What is done about encoders that take too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pressure {
    None,
    LowerLevel,
    CheaperCoding,
    Plain,
}

const STEPS: [Pressure; 4] = [Pressure::None, Pressure::LowerLevel, Pressure::CheaperCoding, Pressure::Plain];

/// A bucket of encoder time that fills as time passes.
#[derive(Debug)]
pub(crate) struct Budget {
    clock: Clock,
    /// What comes in for each second that passes, in nanoseconds of encoder time; 0 for no limit.
    per_second: i64,
    full: i64,
    purse: Mutex<Purse>,
}

#[derive(Debug)]
struct Purse {
    /// What is left, in nanoseconds. An encoder that took longer than expected may leave a debt.
    left: i64,
    filled_at: Duration,
    pressure: Pressure,
}

impl Budget {
    pub(crate) fn new(config: BudgetConfig, clock: Clock) -> Self {
        let cores = available_parallelism().map_or(1, |cores| i64::try_from(cores.get()).unwrap_or(1));
        let full = nanos(config.burst).saturating_mul(cores);
        let purse = Purse { left: full, filled_at: clock.now(), pressure: Pressure::None };
        let per_second = i64::from(config.core_percent) * 10_000_000 * cores;
        Self { clock, per_second, full, purse: Mutex::new(purse) }
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// What is to be done about a body whose encoding should take this long.
    pub(crate) fn pressure(&self, expected: Duration) -> Pressure {
        if self.per_second == 0 {
            return Pressure::None;
        }
        let now = self.now();
        let mut purse = self.purse.lock().unwrap_or_else(PoisonError::into_inner);
        self.fill(&mut purse, now);
        purse.pressure = self.step(purse.pressure, purse.left);
        // What one long body would take is no reason to treat the next one otherwise.
        self.step(purse.pressure, purse.left.saturating_sub(nanos(expected))).max(purse.pressure)
    }

    /// Pays for what was done since `began`; how long that took.
    pub(crate) fn pay(&self, began: Duration) -> Duration {
        let now = self.now();
        let took = now.saturating_sub(began);
        if self.per_second > 0 {
            let mut purse = self.purse.lock().unwrap_or_else(PoisonError::into_inner);
            self.fill(&mut purse, now);
            purse.left = purse.left.saturating_sub(nanos(took)).max(-self.full);
        }
        took
    }

    fn fill(&self, purse: &mut Purse, now: Duration) {
        let passed = now.saturating_sub(purse.filled_at);
        purse.filled_at = purse.filled_at.max(now);
        let earned = i128::from(nanos(passed)) * i128::from(self.per_second) / 1_000_000_000;
        let earned = i64::try_from(earned).unwrap_or(i64::MAX);
        purse.left = purse.left.saturating_add(earned).min(self.full);
    }

    /// The step for what is left, coming from another: the way back needs a quarter more than the way down, so
    /// that it is not walked up and down with every body.
    fn step(&self, from: Pressure, left: i64) -> Pressure {
        let quarter = self.full / 4;
        let mut at = from as usize;
        // Down at less than a half, a quarter, and at nothing.
        while at < 3 && left < [2 * quarter, quarter, 1][at] {
            at += 1;
        }
        while at > 0 && left >= [3 * quarter, 2 * quarter, quarter][at - 1] {
            at -= 1;
        }
        STEPS[at]
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
