use crate::METRICS;
use forebay_metrics::{Meter, Metric};
use metrics::Counter;

pub(crate) const SPENT: Metric = Metric::counter(
    "forebay_traffic_budget_spent_total",
    &["budget"],
    "Extra calls (hedges, retries) that a budget allowed",
);
pub(crate) const REFUSED: Metric = Metric::counter(
    "forebay_traffic_budget_refused_total",
    &["budget"],
    "Extra calls (hedges, retries) that a budget refused",
);

#[derive(Debug)]
pub(super) struct Measure {
    pub(super) spent: Counter,
    pub(super) refused: Counter,
}

impl Measure {
    pub(super) fn new(meter: &Meter, name: &str) -> Self {
        meter.describe(METRICS);
        Self { spent: meter.counter(&SPENT, &[name]), refused: meter.counter(&REFUSED, &[name]) }
    }
}
