use super::storable::Why;
use crate::metrics::{CACHE, CACHE_REFUSED};
use ::metrics::Counter;
use forebay_metrics::Meter;

/// What came of a request to a cached route, in the order of the labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Hit,
    Stale,
    Miss,
    Collapsed,
    Revalidated,
    Error,
    Pass,
}

const OUTCOMES: [&str; 7] = ["hit", "stale", "miss", "collapsed", "revalidated", "error", "pass"];

/// The handles, registered once per cache.
pub(crate) struct Watch {
    outcomes: [Counter; OUTCOMES.len()],
    refused: [Counter; Why::ALL.len()],
}

impl Watch {
    pub(crate) fn new(meter: &Meter) -> Self {
        meter.describe(crate::METRICS);
        Self {
            outcomes: OUTCOMES.map(|outcome| meter.counter(&CACHE, &[outcome])),
            refused: Why::ALL.map(|why| meter.counter(&CACHE_REFUSED, &[why.text()])),
        }
    }

    pub(crate) fn saw(&self, outcome: Outcome) {
        self.outcomes[outcome as usize].increment(1);
    }

    /// A request that went past, or a response that was not kept.
    pub(crate) fn refused(&self, why: Why) {
        self.refused[why as usize].increment(1);
    }
}
