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

pub(crate) const EXPLAINS: Metric = Metric::counter(
    "forebay_plan_explains_total",
    &["result"],
    "calls the planner was asked about: planned, refused, timeout (of its own or of a lock), unreachable",
);
pub(crate) const EXPLAIN_SKIPPED: Metric = Metric::counter(
    "forebay_plan_explains_skipped_total",
    &["why"],
    "calls the planner was not asked about: not_one statement, unproven to only read, type that runs code, writes",
);
pub(crate) const EXPLAIN_SECONDS: Metric = Metric::seconds(
    "forebay_plan_explain_seconds",
    &[],
    "time spent on the questions about one call, with connecting",
);

pub(crate) const REQUESTS: Metric = Metric::counter(
    "forebay_plan_requests_total",
    &[],
    "requests whose statements were watched to their end for repetitions",
);
pub(crate) const REQUEST_STATEMENTS: Metric = Metric::counter(
    "forebay_plan_request_statements_total",
    &["how"],
    "statements by whether they were watched: seen, of these beyond (statements_max), unwatched (of other requests), \
     unattributed (outside of any scope)",
);
pub(crate) const REPETITIONS: Metric = Metric::counter(
    "forebay_plan_repetitions_total",
    &["pattern"],
    "repetitions in watched requests: n-plus-one, query-chain, repeated-query, write-loop",
);
pub(crate) const REPETITION_SECONDS: Metric = Metric::seconds(
    "forebay_plan_repetition_seconds",
    &[],
    "time that a request would have saved without a repetition, by its shortest round trip",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    STATEMENTS,
    NOT_CAPTURED,
    SLOW,
    EXPLAINS,
    EXPLAIN_SKIPPED,
    EXPLAIN_SECONDS,
    REQUESTS,
    REQUEST_STATEMENTS,
    REPETITIONS,
    REPETITION_SECONDS,
];
