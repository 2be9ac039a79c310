use crate::tally::Tally;
use forebay_metrics::{Meter, Metric};
use metrics::Histogram;

/// What is measured of each remote tier.
pub(crate) const METRICS: [Metric; 5] = [CALLS, SECONDS, REFUSED, TOO_LARGE, BYTES];

const CALLS: Metric = Metric::counter(
    "forebay_cache_tier_calls_total",
    &["tier", "step", "outcome"],
    "Calls of a remote tier, by step (`get`, `put`, `remove`, `lease`) and outcome: `done`, `failed`, `late` after the \
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
    "Fills a remote tier did not take, because the key was invalidated or filled by a later load meanwhile.",
);
const TOO_LARGE: Metric = Metric::counter(
    "forebay_cache_tier_too_large_total",
    &["tier"],
    "Fills a remote tier did not take, because they are larger than it takes or would expire too soon.",
);

const BYTES: Metric = Metric::counter(
    "forebay_cache_tier_bytes_total",
    &["tier", "way"],
    "Bytes of envelopes a remote tier gave (`read`) and was given (`written`).",
);

/// The handles of one step of one tier.
#[derive(Debug)]
pub(super) struct StepMeters {
    pub(super) step: &'static str,
    pub(super) done: Tally,
    pub(super) failed: Tally,
    pub(super) late: Tally,
    pub(super) skipped: Tally,
    pub(super) seconds: Histogram,
}

/// The handles of one tier.
#[derive(Debug)]
pub(super) struct TierMeters {
    pub(super) get: StepMeters,
    pub(super) put: StepMeters,
    pub(super) remove: StepMeters,
    pub(super) lease: StepMeters,
    pub(super) refused: Tally,
    pub(super) too_large: Tally,
    pub(super) read_bytes: Tally,
    pub(super) written_bytes: Tally,
}

impl TierMeters {
    pub(super) fn new(meter: &Meter, tier: &str) -> Self {
        meter.describe(&METRICS);
        let step = |step| StepMeters {
            step,
            done: Tally::new(meter.counter(&CALLS, &[tier, step, "done"])),
            failed: Tally::new(meter.counter(&CALLS, &[tier, step, "failed"])),
            late: Tally::new(meter.counter(&CALLS, &[tier, step, "late"])),
            skipped: Tally::new(meter.counter(&CALLS, &[tier, step, "skipped"])),
            seconds: meter.histogram(&SECONDS, &[tier, step]),
        };
        Self {
            get: step("get"),
            put: step("put"),
            remove: step("remove"),
            lease: step("lease"),
            refused: Tally::new(meter.counter(&REFUSED, &[tier])),
            too_large: Tally::new(meter.counter(&TOO_LARGE, &[tier])),
            read_bytes: Tally::new(meter.counter(&BYTES, &[tier, "read"])),
            written_bytes: Tally::new(meter.counter(&BYTES, &[tier, "written"])),
        }
    }
}
