//! What capturing and asking measure.

use forebay_metrics::Metric;

pub(crate) const STATEMENTS: Metric =
    Metric::gauge("forebay_plan_statements", &[], "statements, by fingerprint, whose calls are kept apart");
pub(crate) const NOT_CAPTURED: Metric = Metric::counter(
    "forebay_plan_not_captured_total",
    &["why"],
    "calls that were not kept: full (as many statements as there may be), long (text)",
);
pub(crate) const SLOW: Metric = Metric::counter(
    "forebay_plan_slow_total",
    &[],
    "calls that took at least slow_log.threshold, whether logged or not",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[STATEMENTS, NOT_CAPTURED, SLOW];
