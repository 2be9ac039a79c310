use forebay_metrics::{Meter, Metric};
use metrics::{Counter, Gauge};

/// What is measured of the writes of each cache.
pub(crate) const METRICS: [Metric; 3] = [WRITES, WAITING, BATCHES];

const WRITES: Metric = Metric::counter(
    "forebay_cache_writes_total",
    &["cache", "outcome"],
    "Entries on their way to remote tiers: `done` when every tier had answered, `retried` each time one was put back, \
     `parked` after it failed too often or because its key is, `expired` when it came too late, `overflow` when there was \
     no room in the queue, `skipped` when no tier was asked because their circuit breakers are open, `abandoned` at \
     shutdown.",
);
const WAITING: Metric = Metric::gauge(
    "forebay_cache_writes_waiting",
    &["cache"],
    "Keys whose entries wait to be sent to remote tiers, for the first time or again.",
);
const BATCHES: Metric =
    Metric::counter("forebay_cache_write_batches_total", &["cache"], "Batches of entries that were sent.");

/// The handles of one cache.
#[derive(Debug)]
pub(super) struct WriteMeters {
    pub(super) done: Counter,
    pub(super) retried: Counter,
    pub(super) parked: Counter,
    pub(super) expired: Counter,
    pub(super) overflow: Counter,
    pub(super) skipped: Counter,
    pub(super) abandoned: Counter,
    pub(super) waiting: Gauge,
    pub(super) batches: Counter,
}

impl WriteMeters {
    pub(super) fn new(meter: &Meter, cache: &str) -> Self {
        meter.describe(&METRICS);
        let outcome = |outcome| meter.counter(&WRITES, &[cache, outcome]);
        Self {
            done: outcome("done"),
            retried: outcome("retried"),
            parked: outcome("parked"),
            expired: outcome("expired"),
            overflow: outcome("overflow"),
            skipped: outcome("skipped"),
            abandoned: outcome("abandoned"),
            waiting: meter.gauge(&WAITING, &[cache]),
            batches: meter.counter(&BATCHES, &[cache]),
        }
    }
}
