//! What is measured of asking.

use super::eligible::Skipped;
use crate::metrics::{EXPLAIN_SECONDS, EXPLAIN_SKIPPED, EXPLAINS};
use forebay_metrics::Meter;
use metrics::{Counter, Histogram};

pub(super) struct ExplainMeters {
    pub(super) planned: Counter,
    pub(super) refused: Counter,
    pub(super) timed_out: Counter,
    pub(super) unreachable: Counter,
    pub(super) seconds: Histogram,
    skipped: [(Skipped, Counter); 4],
}

impl ExplainMeters {
    pub(super) fn new(meter: &Meter) -> Self {
        meter.describe(&[EXPLAINS, EXPLAIN_SKIPPED, EXPLAIN_SECONDS]);
        let result = |result| meter.counter(&EXPLAINS, &[result]);
        Self {
            planned: result("planned"),
            refused: result("refused"),
            timed_out: result("timeout"),
            unreachable: result("unreachable"),
            seconds: meter.histogram(&EXPLAIN_SECONDS, &[]),
            skipped: Skipped::ALL.map(|why| (why, meter.counter(&EXPLAIN_SKIPPED, &[why.as_str()]))),
        }
    }

    pub(super) fn skip(&self, why: Skipped) {
        if let Some((_, counter)) = self.skipped.iter().find(|(one, _)| *one == why) {
            counter.increment(1);
        }
    }
}
