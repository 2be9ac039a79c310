//! What a pool measures.

use forebay_metrics::{Meter, Metric};
use metrics::{Counter, Gauge, Histogram, Unit};

const QUERY: Metric = Metric::seconds(
    "forebay_pool_query_seconds",
    &["endpoint", "kind"],
    "time from sending a statement to its last row, by kind of session",
);
const WAIT: Metric = Metric::seconds(
    "forebay_pool_wait_seconds",
    &["endpoint", "kind"],
    "time callers waited for a session that was not idle",
);
const SESSIONS: Metric = Metric::gauge(
    "forebay_pool_sessions",
    &["endpoint", "kind", "state"],
    "sessions by state: busy, idle, all",
);
const WAITING: Metric =
    Metric::gauge("forebay_pool_waiting", &["endpoint", "kind"], "callers waiting for a session");
const HELD_LONG: Metric = Metric::counter(
    "forebay_pool_held_long_total",
    &["endpoint", "kind"],
    "guards that were out for longer than held_warn",
);
const REFUSED: Metric = Metric::counter(
    "forebay_pool_refused_total",
    &["endpoint", "kind", "cause"],
    "callers refused at once: queue_full, overload (waits above queue_delay_max)",
);
const NESTED: Metric = Metric::counter(
    "forebay_pool_nested_total",
    &["endpoint", "kind"],
    "waits for a session by a task that held one of the same kind",
);
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
    "reads that had to see a position no replica was known to have: reached, primary, lost with its timeline",
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

pub(crate) const ROUTES: Metric = Metric::counter(
    "forebay_pool_routes_total",
    &["to", "why"],
    "statements sent where their text allows: replica because read; primary because write, unproven, learned, shadowed",
);
const ELECTIONS: Metric = Metric::counter(
    "forebay_pool_elections_total",
    &[],
    "times another server became the primary, or two would have been",
);

const UNHEARD: Metric = Metric::counter(
    "forebay_pool_notifications_dropped_total",
    &[],
    "notifications that came while a listener's buffer was full",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    QUERY,
    WAIT,
    SESSIONS,
    WAITING,
    HELD_LONG,
    REFUSED,
    NESTED,
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
    ELECTIONS,
    UNHEARD,
    ROUTES,
];

/// What is counted on the path of a statement.
pub(crate) struct Counts {
    pub(crate) from_replica: Counter,
    pub(crate) from_primary: Counter,
    pub(crate) behind: Counter,
    pub(crate) reached: Counter,
    pub(crate) not_reached: Counter,
    pub(crate) lost_position: Counter,
    pub(crate) refused: Counter,
    pub(crate) conflict: Counter,
    pub(crate) lost: Counter,
    pub(crate) abandoned: Counter,
}

impl Counts {
    pub(crate) fn new(meter: &Meter) -> Self {
        Self {
            from_replica: meter.counter(&ROUTED, &["replica"]),
            from_primary: meter.counter(&ROUTED, &["primary"]),
            behind: meter.counter(&ROUTED, &["behind"]),
            reached: meter.counter(&GATED, &["reached"]),
            not_reached: meter.counter(&GATED, &["primary"]),
            lost_position: meter.counter(&GATED, &["lost"]),
            refused: meter.counter(&HEALED, &["refused"]),
            conflict: meter.counter(&HEALED, &["conflict"]),
            lost: meter.counter(&HEALED, &["lost"]),
            abandoned: meter.counter(&ABANDONED, &[]),
        }
    }
}

/// What is measured of the sessions of one kind on one server.
pub(crate) struct LaneMeters {
    pub(crate) query: Histogram,
    pub(crate) wait: Histogram,
    pub(crate) all: Gauge,
    pub(crate) idle: Gauge,
    pub(crate) busy: Gauge,
    pub(crate) waiting: Gauge,
    pub(crate) held_long: Counter,
    pub(crate) queue_full: Counter,
    pub(crate) shed: Counter,
    pub(crate) nested: Counter,
}

impl LaneMeters {
    pub(crate) fn new(meter: &Meter, endpoint: &str, kind: &str) -> Self {
        Self {
            query: meter.histogram(&QUERY, &[endpoint, kind]),
            wait: meter.histogram(&WAIT, &[endpoint, kind]),
            all: meter.gauge(&SESSIONS, &[endpoint, kind, "all"]),
            idle: meter.gauge(&SESSIONS, &[endpoint, kind, "idle"]),
            busy: meter.gauge(&SESSIONS, &[endpoint, kind, "busy"]),
            waiting: meter.gauge(&WAITING, &[endpoint, kind]),
            queue_full: meter.counter(&REFUSED, &[endpoint, kind, "queue_full"]),
            shed: meter.counter(&REFUSED, &[endpoint, kind, "overload"]),
            nested: meter.counter(&NESTED, &[endpoint, kind]),
            held_long: meter.counter(&HELD_LONG, &[endpoint, kind]),
        }
    }
}

/// What is measured of one server.
#[derive(Debug)]
pub(crate) struct ServerMeters {
    pub(crate) up: Gauge,
    pub(crate) lag: Gauge,
}

impl ServerMeters {
    pub(crate) fn new(meter: &Meter, endpoint: &str) -> Self {
        Self { up: meter.gauge(&UP, &[endpoint]), lag: meter.gauge(&LAG, &[endpoint]) }
    }
}

/// What the background counts.
pub(crate) struct Chores {
    pub(crate) connects: Counter,
    pub(crate) connect_failures: Counter,
    pub(crate) cleaned: Counter,
    pub(crate) discarded: Counter,
    pub(crate) unheard: Counter,
}

/// What the cluster counts.
pub(crate) fn elections(meter: &Meter) -> Counter {
    meter.counter(&ELECTIONS, &[])
}

impl Chores {
    pub(crate) fn new(meter: &Meter) -> Self {
        Self {
            connects: meter.counter(&CONNECTS, &[]),
            connect_failures: meter.counter(&CONNECT_FAILURES, &[]),
            cleaned: meter.counter(&CLEANED, &[]),
            discarded: meter.counter(&DISCARDED, &[]),
            unheard: meter.counter(&UNHEARD, &[]),
        }
    }
}
