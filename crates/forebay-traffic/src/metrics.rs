use crate::{balancer, breaker, budget};
use forebay_metrics::Metric;

/// What this crate measures.
pub const METRICS: &[Metric] = &[
    breaker::STATE,
    breaker::OPENED,
    breaker::REJECTED,
    balancer::SHARE,
    balancer::LATENCY,
    balancer::EJECTED,
    balancer::PANICS,
    budget::SPENT,
    budget::REFUSED,
];
