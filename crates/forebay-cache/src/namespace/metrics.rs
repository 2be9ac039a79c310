use crate::tally::Tally;
use forebay_metrics::{Meter, Metric};
use metrics::{Gauge, Histogram};

/// What is measured of each namespace.
pub(crate) const METRICS: [Metric; 9] =
    [ISSUED, ISSUE_SECONDS, QUEUED, HEARD, GAPS, REPLAYS, SUSPECTED, SILENT, TOMBSTONES_OWED];

const ISSUED: Metric = Metric::counter(
    "forebay_cache_issued_total",
    &["namespace", "outcome"],
    "Invalidations of this node: `numbered` by the sequencer, or `queued` because it did not answer.",
);
const ISSUE_SECONDS: Metric = Metric::seconds(
    "forebay_cache_issue_seconds",
    &["namespace"],
    "How long the sequencer took to number an invalidation, until its answer or the deadline.",
);
const QUEUED: Metric = Metric::gauge(
    "forebay_cache_queued_invalidations",
    &["namespace"],
    "Invalidations that wait for the sequencer to answer again.",
);
const HEARD: Metric = Metric::counter(
    "forebay_cache_heard_total",
    &["namespace"],
    "Invalidations heard on the backplane that this node did not know yet.",
);
const GAPS: Metric = Metric::counter(
    "forebay_cache_gaps_total",
    &["namespace"],
    "Times the chain of invalidations did not fit to what was heard before.",
);
const REPLAYS: Metric = Metric::counter(
    "forebay_cache_replays_total",
    &["namespace", "outcome"],
    "Times what was missed was asked for: `complete`, `incomplete` so that everything became suspect, or `failed`.",
);
const SUSPECTED: Metric = Metric::counter(
    "forebay_cache_suspected_total",
    &["namespace"],
    "Times everything in memory had to be loaded again, because the backplane was silent or had lost invalidations.",
);
const SILENT: Metric = Metric::gauge(
    "forebay_cache_silent",
    &["namespace"],
    "1 while nothing is heard of other nodes for so long that memory is not trusted as usual, else 0.",
);
const TOMBSTONES_OWED: Metric = Metric::gauge(
    "forebay_cache_tombstones_owed",
    &["namespace", "tier"],
    "Invalidated keys whose tombstone a remote tier has not confirmed yet.",
);

/// The handles of one namespace.
#[derive(Debug)]
pub(super) struct SpaceMeters {
    pub(super) numbered: Tally,
    pub(super) postponed: Tally,
    pub(super) issue_seconds: Histogram,
    pub(super) queued: Gauge,
    pub(super) heard: Tally,
    pub(super) gaps: Tally,
    pub(super) replays_complete: Tally,
    pub(super) replays_incomplete: Tally,
    pub(super) replays_failed: Tally,
    pub(super) suspected: Tally,
    pub(super) silent: Gauge,
}

impl SpaceMeters {
    pub(super) fn new(meter: &Meter, namespace: &str) -> Self {
        meter.describe(&METRICS);
        Self {
            numbered: Tally::new(meter.counter(&ISSUED, &[namespace, "numbered"])),
            postponed: Tally::new(meter.counter(&ISSUED, &[namespace, "queued"])),
            issue_seconds: meter.histogram(&ISSUE_SECONDS, &[namespace]),
            queued: meter.gauge(&QUEUED, &[namespace]),
            heard: Tally::new(meter.counter(&HEARD, &[namespace])),
            gaps: Tally::new(meter.counter(&GAPS, &[namespace])),
            replays_complete: Tally::new(meter.counter(&REPLAYS, &[namespace, "complete"])),
            replays_incomplete: Tally::new(meter.counter(&REPLAYS, &[namespace, "incomplete"])),
            replays_failed: Tally::new(meter.counter(&REPLAYS, &[namespace, "failed"])),
            suspected: Tally::new(meter.counter(&SUSPECTED, &[namespace])),
            silent: meter.gauge(&SILENT, &[namespace]),
        }
    }
}

/// The gauge of the tombstones one tier has not confirmed.
pub(super) fn tombstones_owed(meter: &Meter, namespace: &str, tier: &str) -> Gauge {
    meter.gauge(&TOMBSTONES_OWED, &[namespace, tier])
}
