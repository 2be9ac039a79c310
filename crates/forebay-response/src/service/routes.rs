use crate::metrics::{PAYLOAD, ROUTE_ANSWERS, ROUTE_SENT};
use ::metrics::{Counter, Histogram};
use forebay_metrics::Meter;
use http::{Extensions, StatusCode};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};
use xxhash_rust::xxh3::xxh3_64;

/// Gives the route of a request from its extensions.
pub(super) type RouteOf = Box<dyn Fn(&Extensions) -> Option<&str> + Send + Sync>;

/// What is measured by route, for so many of them.
pub(crate) struct Routes {
    route_of: Option<RouteOf>,
    meter: Meter,
    max: usize,
    known: RwLock<HashMap<Box<str>, Arc<RouteWatch>>>,
    unmatched: Arc<RouteWatch>,
    other: Arc<RouteWatch>,
}

/// The handles of one route.
pub(crate) struct RouteWatch {
    /// What a route by itself is called where something is learnt of it.
    pub(super) kind: Option<u64>,
    payload: Histogram,
    sent: Counter,
    answers: [Counter; ANSWERS.len()],
}

/// In what form a response was sent.
const ANSWERS: [&str; 3] = ["whole", "stream", "not_modified"];

impl Routes {
    pub(super) fn new(route_of: Option<RouteOf>, meter: &Meter, max: usize) -> Self {
        let watch = |route| Arc::new(RouteWatch { kind: None, ..RouteWatch::new(meter, route) });
        Self {
            route_of,
            meter: meter.clone(),
            max,
            known: RwLock::default(),
            unmatched: watch("unmatched"),
            other: watch("other"),
        }
    }

    pub(super) fn of(&self, extensions: &Extensions) -> Arc<RouteWatch> {
        let Some(route) = self.route_of.as_ref().and_then(|route_of| route_of(extensions)) else {
            return self.unmatched.clone();
        };
        // Every change is one insertion, so a panic leaves a whole table.
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(route) {
            return known.clone();
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= self.max && !known.contains_key(route) {
            return self.other.clone();
        }
        known.entry(route.into()).or_insert_with(|| Arc::new(RouteWatch::new(&self.meter, route))).clone()
    }
}

impl RouteWatch {
    fn new(meter: &Meter, route: &str) -> Self {
        Self {
            kind: Some(xxh3_64(route.as_bytes())),
            payload: meter.histogram(&PAYLOAD, &[route]),
            sent: meter.counter(&ROUTE_SENT, &[route]),
            answers: ANSWERS.map(|answer| meter.counter(&ROUTE_ANSWERS, &[route, answer])),
        }
    }

    /// A response whose body has this length in plain, and that on its way.
    pub(super) fn whole(&self, status: StatusCode, plain: u64, sent: u64) {
        if status == StatusCode::NOT_MODIFIED {
            return self.answers[2].increment(1);
        }
        // Lengths are far below 2^52.
        self.payload.record(plain as f64);
        self.sent.increment(sent);
        self.answers[0].increment(1);
    }

    /// A response of which not all was there when it began, or nothing is sent.
    pub(super) fn begun(&self, status: StatusCode) {
        self.answers[if status == StatusCode::NOT_MODIFIED { 2 } else { 1 }].increment(1);
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").field("max", &self.max).finish_non_exhaustive()
    }
}
