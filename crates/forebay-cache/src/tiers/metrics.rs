use forebay_metrics::{Meter, Metric};
use metrics::{Counter, Histogram};

/// What is measured of each remote tier.
pub(crate) const METRICS: [Metric; 3] = [CALLS, SECONDS, REFUSED];

const CALLS: Metric = Metric::counter(
    "forebay_cache_tier_calls_total",
    &["tier", "step", "outcome"],
    "Calls of a remote tier, by step (`get`, `put`, `remove`) and outcome: `done`, `failed`, `late` after the \
     deadline, or `skipped` because the circuit breaker is open.",
);
const SECONDS: Metric = Metric::seconds(
    "forebay_cache_tier_seconds",
    &["tier", "step"],
    "How long a call of a remote tier took, until its answer or the deadline.",
);
const REFUSED: Metric = Metric::counter(
    "forebay_cache_tier_refused_fills_total",
    &["tier"],
    "Fills a remote tier did not take, because the key was invalidated or filled by a later load meanwhile, or because \
     of their size.",
);

/// The handles of one step of one tier.
#[derive(Debug)]
pub(super) struct StepMeters {
    pub(super) done: Counter,
    pub(super) failed: Counter,
    pub(super) late: Counter,
    pub(super) skipped: Counter,
    pub(super) seconds: Histogram,
}

/// The handles of one tier.
#[derive(Debug)]
pub(super) struct TierMeters {
    pub(super) get: StepMeters,
    pub(super) put: StepMeters,
    pub(super) remove: StepMeters,
    pub(super) refused: Counter,
}

impl TierMeters {
    pub(super) fn new(meter: &Meter, tier: &str) -> Self {
        meter.describe(&METRICS);
        let step = |step| StepMeters {
            done: meter.counter(&CALLS, &[tier, step, "done"]),
            failed: meter.counter(&CALLS, &[tier, step, "failed"]),
            late: meter.counter(&CALLS, &[tier, step, "late"]),
            skipped: meter.counter(&CALLS, &[tier, step, "skipped"]),
            seconds: meter.histogram(&SECONDS, &[tier, step]),
        };
        Self {
            get: step("get"),
            put: step("put"),
            remove: step("remove"),
            refused: meter.counter(&REFUSED, &[tier]),
        }
    }
}
