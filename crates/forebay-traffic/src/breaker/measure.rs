use super::State;
use crate::METRICS;
use forebay_metrics::{Meter, Metric};
use metrics::{Counter, Gauge};

pub(crate) const STATE: Metric = Metric::gauge(
    "forebay_traffic_breaker_state",
    &["breaker"],
    "State of a circuit breaker: 0 closed, 1 half-open, 2 open",
);
pub(crate) const OPENED: Metric =
    Metric::counter("forebay_traffic_breaker_opened_total", &["breaker"], "Times a circuit breaker opened");
pub(crate) const REJECTED: Metric = Metric::counter(
    "forebay_traffic_breaker_rejected_total",
    &["breaker"],
    "Calls refused because a circuit breaker was open or its probes were under way",
);

#[derive(Debug)]
pub(super) struct Measure {
    state: Gauge,
    opened: Counter,
    pub(super) rejected: Counter,
}

impl Measure {
    pub(super) fn new(meter: &Meter, name: &str) -> Self {
        meter.describe(METRICS);
        let state = meter.gauge(&STATE, &[name]);
        state.set(0.0);
        Self { state, opened: meter.counter(&OPENED, &[name]), rejected: meter.counter(&REJECTED, &[name]) }
    }

    pub(super) fn entered(&self, state: State) {
        self.state.set(match state {
            State::Closed => 0.0,
            State::HalfOpen => 1.0,
            State::Open => 2.0,
        });
        if state == State::Open {
            self.opened.increment(1);
        }
    }
}
