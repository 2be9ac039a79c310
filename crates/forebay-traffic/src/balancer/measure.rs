use super::outliers::Trait;
use crate::METRICS;
use forebay_metrics::{Meter, Metric};
use metrics::{Counter, Gauge, Unit};

pub(crate) const SHARE: Metric = Metric::gauge(
    "forebay_traffic_member_share",
    &["balancer", "member"],
    "How much of the traffic that its cost draws a member gets, from 0 (ejected) to 1",
);
pub(crate) const LATENCY: Metric = Metric::gauge(
    "forebay_traffic_member_latency_seconds",
    &["balancer", "member"],
    "Decayed latency of a member's answers, as the balancer saw it when it last compared members",
)
.unit(Unit::Seconds);
pub(crate) const EJECTED: Metric = Metric::counter(
    "forebay_traffic_member_ejected_total",
    &["balancer", "member", "by"],
    "Times a member was ejected, by its errors or its latency",
);
pub(crate) const PANICS: Metric = Metric::counter(
    "forebay_traffic_balancer_panics_total",
    &["balancer"],
    "Picks that ignored ejections because too many of their candidates were ejected",
);

/// Handles of one member.
#[derive(Debug)]
pub(super) struct Measure {
    pub(super) share: Gauge,
    pub(super) latency: Gauge,
    ejected_by_errors: Counter,
    ejected_by_latency: Counter,
}

impl Measure {
    pub(super) fn new(meter: &Meter, balancer: &str, member: &str) -> Self {
        let share = meter.gauge(&SHARE, &[balancer, member]);
        share.set(1.0);
        Self {
            share,
            latency: meter.gauge(&LATENCY, &[balancer, member]),
            ejected_by_errors: meter.counter(&EJECTED, &[balancer, member, "errors"]),
            ejected_by_latency: meter.counter(&EJECTED, &[balancer, member, "latency"]),
        }
    }

    pub(super) fn ejected(&self, by: Trait) {
        match by {
            Trait::Errors => self.ejected_by_errors.increment(1),
            Trait::Latency => self.ejected_by_latency.increment(1),
        }
    }
}

/// The handle of the whole balancer.
pub(super) fn panics(meter: &Meter, balancer: &str) -> Counter {
    meter.describe(METRICS);
    meter.counter(&PANICS, &[balancer])
}
