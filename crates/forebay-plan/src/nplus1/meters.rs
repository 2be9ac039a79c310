//! What is measured of watching requests.

use super::repetition::{Pattern, Repetition};
use crate::metrics::{REPETITION_SECONDS, REPETITIONS, REQUEST_STATEMENTS, REQUESTS};
use forebay_metrics::Meter;
use metrics::{Counter, Histogram};

pub(super) struct Meters {
    pub(super) requests: Counter,
    pub(super) seen: Counter,
    pub(super) unattributed: Counter,
    pub(super) unwatched: Counter,
    pub(super) beyond: Counter,
    found: [(Pattern, Counter); 4],
    saved: Histogram,
}

impl Meters {
    pub(super) fn new(meter: &Meter) -> Self {
        meter.describe(&[REQUESTS, REQUEST_STATEMENTS, REPETITIONS, REPETITION_SECONDS]);
        let statements = |how| meter.counter(&REQUEST_STATEMENTS, &[how]);
        let patterns = [Pattern::NPlusOne, Pattern::Chain, Pattern::RepeatedQuery, Pattern::WriteLoop];
        Self {
            requests: meter.counter(&REQUESTS, &[]),
            seen: statements("seen"),
            unattributed: statements("unattributed"),
            unwatched: statements("unwatched"),
            beyond: statements("beyond"),
            found: patterns.map(|pattern| (pattern, meter.counter(&REPETITIONS, &[pattern.id()]))),
            saved: meter.histogram(&REPETITION_SECONDS, &[]),
        }
    }

    /// A request ended in which this was found.
    pub(super) fn found(&self, found: &Repetition) {
        if let Some((_, counter)) = self.found.iter().find(|(pattern, _)| *pattern == found.pattern) {
            counter.increment(1);
        }
        self.saved.record(found.saved);
    }
}
