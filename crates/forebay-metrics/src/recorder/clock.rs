use std::{
    fmt,
    time::{Duration, Instant},
};

/// Where a recorder takes the time from, so that tests can set it. It is `dyn` because a recorder's type should
/// not name its clock; the call costs nothing beside reading the time.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// How long ago some fixed moment was. It never goes back.
    fn elapsed(&self) -> Duration;
}

/// The operating system's monotonic clock.
#[derive(Debug)]
pub(super) struct Monotonic(Instant);

impl Monotonic {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Monotonic {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// One step: the grain of the one-minute window.
pub(super) const STEP: Duration = Duration::from_secs(5);
/// Steps in the one-minute window.
pub(super) const MINUTE_STEPS: u64 = 12;
/// Steps in one period: the grain of the one-hour window.
pub(super) const PERIOD_STEPS: u64 = 60;
/// Periods in the one-hour window.
pub(super) const HOUR_PERIODS: u64 = 12;
/// The number of the first step: time reaches one hour back from the start without going below zero.
pub(super) const FIRST_STEP: u64 = PERIOD_STEPS * HOUR_PERIODS;

/// The number of the step that `elapsed` falls in.
pub(super) fn step_at(elapsed: Duration) -> u64 {
    FIRST_STEP + elapsed.as_secs() / STEP.as_secs()
}

/// When step `step` began; zero for steps before the start.
pub(super) fn start_of(step: u64) -> Duration {
    Duration::from_secs(step.saturating_sub(FIRST_STEP) * STEP.as_secs())
}
