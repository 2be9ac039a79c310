use super::{
    Rate, Window,
    clock::{HOUR_PERIODS, MINUTE_STEPS, PERIOD_STEPS, start_of},
    total::Total,
    view::Moment,
};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// One counter: a total for those who count, and what it said at the beginning of recent steps.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) total: Arc<Total>,
    /// One per step, oldest first; the first is its registration.
    steps: VecDeque<Sample>,
    /// One per period, oldest first; the first is its registration.
    periods: VecDeque<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    step: u64,
    at: Duration,
    total: u64,
}

impl Series {
    pub(super) fn new(registered: Moment) -> Self {
        let first = VecDeque::from([Sample { step: registered.step, at: registered.now, total: 0 }]);
        Self { total: Arc::default(), steps: first.clone(), periods: first }
    }

    pub(super) fn total(&self) -> u64 {
        self.total.get()
    }

    /// Notes that step `to` began.
    pub(super) fn advance(&mut self, from: u64, to: u64) {
        let sample = Sample { step: to, at: start_of(to), total: self.total() };
        push(&mut self.steps, sample, MINUTE_STEPS);
        if from / PERIOD_STEPS != to / PERIOD_STEPS {
            push(&mut self.periods, sample, HOUR_PERIODS * PERIOD_STEPS);
        }
    }

    /// What was counted in a window.
    pub(super) fn window(&self, window: Window, moment: Moment) -> Rate {
        let (samples, first) = match window {
            Window::Minute => (&self.steps, moment.step + 1 - MINUTE_STEPS),
            Window::Hour => (&self.periods, (moment.step / PERIOD_STEPS + 1 - HOUR_PERIODS) * PERIOD_STEPS),
        };
        // The window begins at the last sample taken at or before its first step.
        let before = samples.iter().rev().find(|sample| sample.step <= first);
        let Some(base) = before.or(samples.front()) else { return Rate::default() };
        Rate::over(self.total().saturating_sub(base.total), moment.now.saturating_sub(base.at))
    }
}

/// Keeps the samples of the last `window` steps, and the newest one from before them: there the window begins.
fn push(samples: &mut VecDeque<Sample>, sample: Sample, window: u64) {
    samples.push_back(sample);
    while samples.get(1).is_some_and(|second| second.step + window <= sample.step) {
        samples.pop_front();
    }
}
