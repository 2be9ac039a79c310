//! What a pool measures.

use crate::{
    endpoint::Endpoint,
    lane::{Access, Lane},
};
use forebay_metrics::{Meter, Metric};
use metrics::{Counter, Gauge, Histogram, Unit};
use std::time::Duration;

const QUERY: Metric = Metric::seconds(
    "forebay_pool_query_seconds",
    &["endpoint", "kind"],
    "time from sending a statement to its last row, by kind of session",
);
const WAIT: Metric = Metric::seconds(
    "forebay_pool_wait_seconds",
    &["kind"],
    "time callers waited for a session that was not idle",
);
const SESSIONS: Metric = Metric::gauge(
    "forebay_pool_sessions",
    &["endpoint", "kind", "state"],
    "sessions by state: busy, idle, all",
);
const WAITING: Metric =
    Metric::gauge("forebay_pool_waiting", &["endpoint", "kind"], "callers waiting for a session");
const LAG: Metric =
    Metric::gauge("forebay_pool_lag_seconds", &["endpoint"], "how far a replica is behind the primary")
        .unit(Unit::Seconds);
const UP: Metric =
    Metric::gauge("forebay_pool_up", &["endpoint"], "1 when a server is reachable and in its role");
const CONNECTS: Metric = Metric::counter("forebay_pool_connects_total", &[], "sessions opened");
const CONNECT_FAILURES: Metric =
    Metric::counter("forebay_pool_connect_failures_total", &[], "sessions that could not be opened");
const CLEANED: Metric = Metric::counter(
    "forebay_pool_cleaned_total",
    &[],
    "sessions that came back with a running statement or an open transaction and were made clean",
);
const DISCARDED: Metric = Metric::counter(
    "forebay_pool_discarded_total",
    &[],
    "sessions that could not be made clean and were closed",
);
const ROUTED: Metric = Metric::counter(
    "forebay_pool_reads_total",
    &["served_by"],
    "read sessions handed out: replica, primary because none is configured or usable, behind",
);
const GATED: Metric = Metric::counter(
    "forebay_pool_position_checks_total",
    &["result"],
    "reads that had to see a position no replica was known to have: reached, primary",
);
const HEALED: Metric = Metric::counter(
    "forebay_pool_healed_total",
    &["cause"],
    "statements run again after a replica refused or lost them",
);
const ABANDONED: Metric = Metric::counter(
    "forebay_pool_abandoned_total",
    &[],
    "statements whose future was dropped before the answer",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    QUERY,
    WAIT,
    SESSIONS,
    WAITING,
    LAG,
    UP,
    CONNECTS,
    CONNECT_FAILURES,
    CLEANED,
    DISCARDED,
    ROUTED,
    GATED,
    HEALED,
    ABANDONED,
];

/// Handles used on the path of a statement.
pub(crate) struct Counts {
    pub(crate) wait: [Histogram; 3],
    pub(crate) from_replica: Counter,
    pub(crate) from_primary: Counter,
    pub(crate) behind: Counter,
    pub(crate) reached: Counter,
    pub(crate) not_reached: Counter,
    pub(crate) refused: Counter,
    pub(crate) conflict: Counter,
    pub(crate) lost: Counter,
    pub(crate) abandoned: Counter,
}

impl Counts {
    pub(crate) fn new(meter: &Meter) -> Self {
        let wait = [Access::Write, Access::PrimaryRead, Access::Replica];
        Self {
            wait: wait.map(|access| meter.histogram(&WAIT, &[access.as_str()])),
            from_replica: meter.counter(&ROUTED, &["replica"]),
            from_primary: meter.counter(&ROUTED, &["primary"]),
            behind: meter.counter(&ROUTED, &["behind"]),
            reached: meter.counter(&GATED, &["reached"]),
            not_reached: meter.counter(&GATED, &["primary"]),
            refused: meter.counter(&HEALED, &["refused"]),
            conflict: meter.counter(&HEALED, &["conflict"]),
            lost: meter.counter(&HEALED, &["lost"]),
            abandoned: meter.counter(&ABANDONED, &[]),
        }
    }

    pub(crate) fn waited(&self, access: Access, time: Duration) {
        self.wait[access as usize].record(time);
    }
}

/// The time of statements on one lane.
pub(crate) fn query_histogram(meter: &Meter, endpoint: &Endpoint, access: Access) -> Histogram {
    meter.histogram(&QUERY, &[&endpoint.name, access.as_str()])
}

/// Handles used by the background.
pub(crate) struct Gauges {
    meter: Meter,
    pub(crate) connects: Counter,
    pub(crate) connect_failures: Counter,
    pub(crate) cleaned: Counter,
    pub(crate) discarded: Counter,
}

impl Gauges {
    pub(crate) fn new(meter: &Meter) -> Self {
        Self {
            connects: meter.counter(&CONNECTS, &[]),
            connect_failures: meter.counter(&CONNECT_FAILURES, &[]),
            cleaned: meter.counter(&CLEANED, &[]),
            discarded: meter.counter(&DISCARDED, &[]),
            meter: meter.clone(),
        }
    }

    /// Once a second per lane, so the handles are looked up instead of kept.
    pub(crate) fn sessions(&self, lane: &Lane) {
        let (name, kind) = (lane.endpoint.name.as_str(), lane.access.as_str());
        let (all, idle, waiting) = lane.counts();
        for (state, count) in [("all", all), ("idle", idle), ("busy", lane.busy())] {
            self.gauge(&SESSIONS, &[name, kind, state]).set(count as f64);
        }
        self.gauge(&WAITING, &[name, kind]).set(waiting as f64);
    }

    pub(crate) fn endpoint(&self, endpoint: &Endpoint) {
        self.gauge(&UP, &[&endpoint.name]).set(f64::from(u8::from(endpoint.is_usable())));
        if let Some(lag) = endpoint.lag() {
            self.gauge(&LAG, &[&endpoint.name]).set(lag.as_secs_f64());
        }
    }

    fn gauge(&self, metric: &Metric, labels: &[&str]) -> Gauge {
        self.meter.gauge(metric, labels)
    }
}
