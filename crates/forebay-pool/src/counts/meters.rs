//! What is measured of the sessions of one kind, of one server, and of the background.

use super::{
    closed::{Closed, ClosedStatus},
    connects::{Connects, ConnectsStatus},
    tally::Tally,
    waits::{Waits, WaitsStatus},
};
use crate::metrics::{
    CLEANED, ELECTIONS, HELD_LONG, IN_FLIGHT, LAG, NESTED, QUERY, REFUSED, SESSIONS, UNHEARD, UP, WAIT,
    WAITING,
};
use forebay_metrics::Meter;
use metrics::{Counter, Gauge, Histogram};
use serde::Serialize;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Callers that were refused a session of one kind on one server at once, since the pool was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RefusedStatus {
    /// `queue_max` waited already.
    pub queue_full: u64,
    /// Waits were above `queue_delay_max`.
    pub overload: u64,
}

/// What happened to the sessions of one kind on one server, since the pool was built.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SessionCounts {
    /// Waits of callers that found none idle.
    pub waits: WaitsStatus,
    /// Callers that were refused at once.
    pub refused: RefusedStatus,
    /// Attempts to open one.
    pub connects: ConnectsStatus,
    /// Those that came back with something on them and were made clean.
    pub cleaned: u64,
    /// Those that were closed.
    pub closed: ClosedStatus,
}

/// What is measured of the sessions of one kind on one server.
#[derive(Debug)]
pub(crate) struct LaneMeters {
    pub(crate) query: Histogram,
    pub(crate) wait: Waits,
    pub(crate) all: Gauge,
    pub(crate) idle: Gauge,
    pub(crate) busy: Gauge,
    pub(crate) waiting: Gauge,
    pub(crate) held_long: Counter,
    pub(crate) queue_full: Tally,
    pub(crate) shed: Tally,
    pub(crate) nested: Counter,
    pub(crate) connects: Connects,
    pub(crate) cleaned: Tally,
    pub(crate) closed: Closed,
    /// Statements under way.
    in_flight: AtomicUsize,
    in_flight_gauge: Gauge,
}

impl LaneMeters {
    pub(crate) fn new(meter: &Meter, endpoint: &str, kind: &'static str) -> Self {
        Self {
            query: meter.histogram(&QUERY, &[endpoint, kind]),
            wait: Waits::new(meter.histogram(&WAIT, &[endpoint, kind])),
            all: meter.gauge(&SESSIONS, &[endpoint, kind, "all"]),
            idle: meter.gauge(&SESSIONS, &[endpoint, kind, "idle"]),
            busy: meter.gauge(&SESSIONS, &[endpoint, kind, "busy"]),
            waiting: meter.gauge(&WAITING, &[endpoint, kind]),
            queue_full: Tally::new(meter.counter(&REFUSED, &[endpoint, kind, "queue_full"])),
            shed: Tally::new(meter.counter(&REFUSED, &[endpoint, kind, "overload"])),
            nested: meter.counter(&NESTED, &[endpoint, kind]),
            held_long: meter.counter(&HELD_LONG, &[endpoint, kind]),
            connects: Connects::new(meter, endpoint, kind),
            cleaned: Tally::new(meter.counter(&CLEANED, &[endpoint, kind])),
            closed: Closed::new(meter, endpoint, kind),
            in_flight: AtomicUsize::new(0),
            in_flight_gauge: meter.gauge(&IN_FLIGHT, &[endpoint, kind]),
        }
    }

    /// A statement is sent.
    pub(crate) fn begins(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// It ended, or nobody waits for it any more.
    pub(crate) fn ends(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Tells the gauge.
    pub(crate) fn report_in_flight(&self) {
        self.in_flight_gauge.set(self.in_flight() as f64);
    }

    pub(crate) fn status(&self) -> SessionCounts {
        SessionCounts {
            waits: self.wait.status(),
            refused: RefusedStatus { queue_full: self.queue_full.total(), overload: self.shed.total() },
            connects: self.connects.status(),
            cleaned: self.cleaned.total(),
            closed: self.closed.status(),
        }
    }
}

/// What is measured of one server.
#[derive(Debug)]
pub(crate) struct ServerMeters {
    pub(crate) up: Gauge,
    pub(crate) lag: Gauge,
    /// Connections of the probe, and of listeners.
    pub(crate) probes: Connects,
    pub(crate) listens: Connects,
}

impl ServerMeters {
    pub(crate) fn new(meter: &Meter, endpoint: &str) -> Self {
        Self {
            up: meter.gauge(&UP, &[endpoint]),
            lag: meter.gauge(&LAG, &[endpoint]),
            probes: Connects::new(meter, endpoint, "probe"),
            listens: Connects::new(meter, endpoint, "listen"),
        }
    }
}

/// What the background counts.
pub(crate) struct Chores {
    pub(crate) unheard: Arc<Tally>,
}

impl Chores {
    pub(crate) fn new(meter: &Meter) -> Self {
        Self { unheard: Arc::new(Tally::new(meter.counter(&UNHEARD, &[]))) }
    }
}

/// What the cluster counts.
pub(crate) fn elections(meter: &Meter) -> Tally {
    Tally::new(meter.counter(&ELECTIONS, &[]))
}
